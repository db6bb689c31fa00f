#include "engine/run/testing/fake_device.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

#include "engine/base/check.h"

namespace penstock::testing {

class FakeDevice::Backend final : public InferenceBackend {
 public:
  Backend(FakeDevice& device, Doorbell doorbell)
      : device_(device),
        doorbell_(doorbell),
        places_(device.options_.slots),
        life_(std::make_shared<int>(0)) {
    ++device_.alive_;
  }

  ~Backend() override { --device_.alive_; }

  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  [[nodiscard]] std::span<const std::shared_ptr<const TensorSpec>> inputs() const override {
    return device_.specs_;
  }

  [[nodiscard]] std::span<const std::shared_ptr<const TensorSpec>> outputs() const override {
    return device_.specs_;
  }

  [[nodiscard]] std::span<const ShapeBucket> buckets() const override { return device_.buckets_; }

  [[nodiscard]] std::uint32_t slots() const override { return device_.options_.slots; }

  Status submit(const InferenceJob& wanted) override {
    const std::uint32_t slot = wanted.slot;
    PENSTOCK_CHECK(slot < places_.size() && !places_[slot].busy) << "slot " << slot << " is taken";
    Job job;
    job.number = device_.jobs_.size();
    job.opening = device_.openings_;
    job.at = device_.clock_.now();
    const FeatureMap& input = wanted.maps->inputs[0];
    const auto count = static_cast<std::size_t>(input.shape[0]);
    job.values.resize(count);
    std::memcpy(job.values.data(), input.data(), count * sizeof(std::int32_t));
    job.streams = wanted.maps->streams;
    device_.jobs_.push_back(job);
    const Answer answer = device_.options_.answer ? device_.options_.answer(job) : Answer{};
    if (answer.refused_by.has_value()) {
      return *answer.refused_by;
    }
    Place& place = places_[slot];
    place.busy = true;
    place.token = wanted.token;
    place.answer = answer;
    place.maps = wanted.maps;
    if (device_.options_.keeps_maps) {
      device_.kept_maps_.push_back(wanted.maps);
    }
    device_.most_in_flight_ = std::max(device_.most_in_flight_, busy());
    if (!answer.hangs) {
      finish_later(slot, answer.after, answer.code);
    }
    return {};
  }

  [[nodiscard]] std::optional<InferenceDone> pop() override {
    if (done_.empty()) {
      return std::nullopt;
    }
    InferenceDone done = std::move(done_.front());
    done_.pop_front();
    return done;
  }

  void taken(std::uint32_t frames) noexcept override { device_.taken_ += frames; }

  void end_input() noexcept override { ++device_.input_ends_; }

  void cancel(std::uint32_t slot) noexcept override {
    ++device_.cancels_;
    if (places_[slot].answer.obeys_cancel) {
      finish_later(slot, std::chrono::milliseconds(1), Errc::kCancelled);
    }
  }

 private:
  struct Place {
    bool busy = false;
    std::uint64_t token = 0;
    Answer answer = {};
    Ref<JobMaps> maps = {};
  };

  [[nodiscard]] std::uint32_t busy() const {
    return static_cast<std::uint32_t>(
        std::count_if(places_.begin(), places_.end(), [](const Place& one) { return one.busy; }));
  }

  void finish_later(std::uint32_t slot, Duration after, Errc code) {
    const std::uint64_t token = places_[slot].token;
    device_.runner_.at(device_.clock_.now() + after,
                       [this, slot, token, code, life = std::weak_ptr<int>(life_)] {
                         if (life.lock() != nullptr) {
                           finish(slot, token, code);
                         }
                       });
  }

  void finish(std::uint32_t slot, std::uint64_t token, Errc code) {
    Place& place = places_[slot];
    if (!place.busy || place.token != token) {
      return;  // It was cancelled before its time.
    }
    Ref<JobMaps> own_maps;
    const std::optional<Reason> dropped_by = place.answer.dropped_by;
    if (code == Errc::kOk && !dropped_by.has_value()) {
      const FeatureMap& input = place.maps->inputs[0];
      const auto count = static_cast<std::size_t>(input.shape[0]);
      std::vector<std::int32_t> values(count);
      std::memcpy(values.data(), input.data(), count * sizeof(std::int32_t));
      for (std::int32_t& value : values) {
        value += kAdded;
      }
      if (device_.options_.has_own_maps) {
        place.maps = JobMaps::create({}, place.maps->outputs);
        place.maps->outputs[0].buffer = Buffer::allocate(place.maps->outputs[0].buffer.size());
        own_maps = place.maps;
      }
      FeatureMap& output = place.maps->outputs[0];
      std::memcpy(output.mutable_data(), values.data(), count * sizeof(std::int32_t));
    }
    const bool rings = place.answer.rings;
    place.busy = false;
    place.maps.reset();
    done_.push_back({token, code, code == Errc::kOk ? "" : "as the test says", {}, dropped_by});
    done_.back().maps = std::move(own_maps);
    if (rings) {
      doorbell_.ring();
    }
  }

  FakeDevice& device_;
  Doorbell doorbell_;
  std::vector<Place> places_;
  std::deque<InferenceDone> done_;
  std::shared_ptr<int> life_;
};

FakeDevice::FakeDevice(VirtualRunner& runner, const Clock& clock, Options options)
    : runner_(runner),
      clock_(clock),
      options_(std::move(options)) {
  auto spec = std::make_shared<TensorSpec>();
  spec->name = "numbers";
  spec->type = ElementType::kI32;
  spec->shape = Shape{options_.batch, 1};
  for (const std::int64_t batch : options_.smaller_batches) {
    buckets_.push_back({{Shape{batch, 1}}, {Shape{batch, 1}}});
  }
  if (!buckets_.empty()) {
    buckets_.push_back({{spec->shape}, {spec->shape}});
    spec->shape.set(0, Shape::kDynamic);
  }
  specs_.push_back(std::move(spec));
}

FakeDevice::~FakeDevice() = default;

BackendFactory FakeDevice::factory() {
  return [this](Doorbell doorbell) -> Result<std::unique_ptr<InferenceBackend>> {
    ++openings_;
    if (options_.on_open) {
      if (const auto refused = options_.on_open(openings_); refused.has_value()) {
        return *refused;
      }
    }
    return std::unique_ptr<InferenceBackend>(std::make_unique<Backend>(*this, doorbell));
  };
}

}  // namespace penstock::testing
