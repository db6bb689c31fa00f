#include "engine/device/testing/fake_port.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

#include "engine/base/check.h"

namespace penstock::testing {
namespace {

std::string text_of(const Lane& lane) {
  return std::to_string(lane.package.value) + ":" + std::to_string(lane.sub_devices);
}

}  // namespace

class FakeMachine::Slots final : public ExecutionSlots {
 public:
  Slots(FakeMachine& machine, Doorbell bell)
      : machine_(machine),
        bell_(bell),
        life_(std::make_shared<int>(0)) {
    machine_.slots_.push_back(this);
  }

  ~Slots() override {
    machine_.in_flight -= static_cast<std::uint32_t>(flights_.size());
    auto& all = machine_.slots_;
    all.erase(std::remove(all.begin(), all.end(), this), all.end());
  }

  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  [[nodiscard]] std::uint32_t count(const Lane& /*lane*/) const override {
    return machine_.options_.depth;
  }

  Status submit(const Lane& lane,
                std::uint32_t /*slot*/,
                const JobMaps& maps,
                std::uint64_t token) override {
    if (machine_.lost_) {
      return Error{Errc::kDeviceLost, "the machine is lost"};
    }
    Job job;
    job.number = machine_.jobs.size();
    job.lane = lane;
    job.at = machine_.clock_.now();
    job.frames = maps.frames;
    std::memcpy(&job.value, maps.inputs[0].data(), sizeof(job.value));
    machine_.jobs.push_back(job);
    const Answer answer = machine_.options_.answer ? machine_.options_.answer(job) : Answer{};
    ++machine_.in_flight;
    machine_.most_in_flight = std::max(machine_.most_in_flight, machine_.in_flight);
    flights_.push_back({token, maps.outputs[0], job.value, answer.never_ends});
    if (!answer.hangs && !answer.never_ends) {
      machine_.runner_.at(machine_.clock_.now() + answer.after,
                          [this, life = std::weak_ptr<int>(life_), token, code = answer.code] {
                            if (!life.expired()) {
                              finish(token, code);
                            }
                          });
    }
    return {};
  }

  void cancel(const Lane& /*lane*/, std::uint32_t /*slot*/) noexcept override {
    ++machine_.cancels;
  }

  [[nodiscard]] std::optional<InferenceDone> pop() override {
    if (done_.empty()) {
      return std::nullopt;
    }
    InferenceDone done = std::move(done_.front());
    done_.pop_front();
    return done;
  }

  void end_left() {
    end_all([](const Flight& flight) { return flight.never_ends; }, Errc::kOk);
  }

  void lose_all() {
    end_all([](const Flight& flight) { return !flight.never_ends; }, Errc::kDeviceLost);
  }

 private:
  struct Flight {
    std::uint64_t token = 0;
    FeatureMap output;
    std::int32_t value = 0;
    bool never_ends = false;
  };

  void finish(std::uint64_t token, Errc code) {
    const auto flight = std::find_if(
        flights_.begin(), flights_.end(), [&](const Flight& one) { return one.token == token; });
    if (flight == flights_.end()) {
      return;  // It was lost before its time.
    }
    if (code == Errc::kOk) {
      const std::int32_t value = flight->value + kAdded;
      std::memcpy(flight->output.mutable_data(), &value, sizeof(value));
    }
    flights_.erase(flight);
    --machine_.in_flight;
    InferenceDone done;
    done.token = token;
    done.code = code;
    done.message = code == Errc::kOk ? "" : "by the test";
    done_.push_back(std::move(done));
    bell_.ring();
  }

  template <class Which>
  void end_all(Which which, Errc code) {
    const std::vector<Flight> all = flights_;
    for (const Flight& flight : all) {
      if (which(flight)) {
        finish(flight.token, code);
      }
    }
  }

  FakeMachine& machine_;
  Doorbell bell_;
  std::shared_ptr<int> life_;
  std::vector<Flight> flights_;
  std::deque<InferenceDone> done_;
};

class FakeMachine::Port final : public DevicePort {
 public:
  explicit Port(FakeMachine& machine) : machine_(machine), life_(std::make_shared<int>(0)) {
    machine_.live_ = this;
  }

  ~Port() override { machine_.live_ = nullptr; }

  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  Result<SlotsBySubDevice> open(std::span<const Doorbell> bells, Doorbell bell) override {
    const int opening = ++machine_.openings;
    machine_.trace.emplace_back("open");
    PENSTOCK_CHECK(machine_.slots_.empty()) << "slots of the last opening are still there";
    if (machine_.options_.on_open) {
      if (auto error = machine_.options_.on_open(opening); error.has_value()) {
        return std::move(*error);
      }
    }
    bell_ = bell;
    machine_.lost_ = false;
    machine_.resident.clear();
    SlotsBySubDevice slots;
    for (const Doorbell one : bells) {
      slots.push_back(std::make_unique<Slots>(machine_, one));
    }
    return slots;
  }

  Status change(const Lane& lane, bool resident, std::uint64_t token) override {
    const int number = ++machine_.changes;
    machine_.trace.push_back((resident ? "in " : "out ") + text_of(lane));
    const Errc code = machine_.options_.on_change
                          ? machine_.options_.on_change(number, lane, resident)
                          : Errc::kOk;
    if (code != Errc::kDeadlineExceeded) {
      later(machine_.options_.change_time,
            [this, lane, resident, token, code] { end_change(lane, resident, token, code); });
    }
    return {};
  }

  [[nodiscard]] std::optional<InferenceDone> pop_change() override {
    if (changed_.empty()) {
      return std::nullopt;
    }
    InferenceDone done = std::move(changed_.front());
    changed_.pop_front();
    return done;
  }

  Status reset() override {
    machine_.trace.emplace_back("reset");
    if (!machine_.options_.can_reset) {
      return Error{Errc::kUnsupported, "this machine cannot be reset"};
    }
    report({DeviceHealth::kResetting, {}});
    later(machine_.options_.reset_time, [this] {
      for (Slots* slots : machine_.slots_) {
        slots->lose_all();
      }
      machine_.lost_ = false;
      machine_.resident.clear();
      report(machine_.options_.reset_ends);
    });
    return {};
  }

  [[nodiscard]] std::optional<HealthChange> poll_health() override {
    if (health_.empty()) {
      return std::nullopt;
    }
    HealthChange change = std::move(health_.front());
    health_.pop_front();
    return change;
  }

  [[nodiscard]] std::vector<DeviceFigure> figures() const override { return machine_.figures; }

  [[nodiscard]] std::optional<SelfTest> self_test() override {
    return machine_.options_.self_test ? machine_.options_.self_test() : std::nullopt;
  }

  void report(HealthChange change) {
    health_.push_back(std::move(change));
    bell_.ring();
  }

 private:
  void end_change(const Lane& lane, bool resident, std::uint64_t token, Errc code) {
    auto& all = machine_.resident;
    all.erase(std::remove(all.begin(), all.end(), lane), all.end());
    if (resident && code == Errc::kOk) {
      all.push_back(lane);
    }
    InferenceDone done;
    done.token = token;
    done.code = code;
    done.message = code == Errc::kOk ? "" : "by the test";
    changed_.push_back(std::move(done));
    bell_.ring();
  }

  void later(Duration after, std::function<void()> action) {
    machine_.runner_.at(machine_.clock_.now() + after,
                        [life = std::weak_ptr<int>(life_), action = std::move(action)] {
                          if (!life.expired()) {
                            action();
                          }
                        });
  }

  FakeMachine& machine_;
  std::shared_ptr<int> life_;
  Doorbell bell_;
  std::deque<InferenceDone> changed_;
  std::deque<HealthChange> health_;
};

std::unique_ptr<DevicePort> FakeMachine::port() {
  return std::make_unique<Port>(*this);
}

void FakeMachine::end_left() {
  for (Slots* slots : slots_) {
    slots->end_left();
  }
}

void FakeMachine::tell(HealthChange change) {
  if (live_ != nullptr) {
    live_->report(std::move(change));
  }
}

void FakeMachine::lose(const std::string& reason) {
  lost_ = true;
  for (Slots* slots : slots_) {
    slots->lose_all();
  }
  if (live_ != nullptr) {
    live_->report({DeviceHealth::kFault, reason});
  }
}

}  // namespace penstock::testing
