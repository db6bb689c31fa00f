#include "engine/device/device_pool.h"

#include <utility>

#include "engine/device/pool_core.h"

namespace penstock {

/// A user's end of the pool.
class DevicePool::Backend final : public InferenceBackend {
 public:
  Backend(std::shared_ptr<Core> core, BackendWords words, Doorbell bell)
      : core_(std::move(core)),
        user_(std::make_shared<Core::User>(std::move(words), bell)),
        package_(core_->package(user_->words.package)) {}

  /// What is at the devices goes on there; nobody hears of it any more.
  ~Backend() override {
    user_->box.close();
    core_->post(Core::Close{user_});
  }

  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  [[nodiscard]] std::span<const std::shared_ptr<const TensorSpec>> inputs() const override {
    return package_.inputs;
  }

  [[nodiscard]] std::span<const std::shared_ptr<const TensorSpec>> outputs() const override {
    return package_.outputs;
  }

  [[nodiscard]] std::span<const ShapeBucket> buckets() const override { return package_.buckets; }

  [[nodiscard]] std::uint32_t slots() const override { return user_->words.slots; }

  Status submit(const InferenceJob& job) override {
    Core::Submission submission;
    submission.user = user_;
    submission.slot = job.slot;
    submission.token = job.token;
    submission.maps = job.maps;
    submission.stream = job.stream;
    submission.deadline = job.deadline;
    core_->post(std::move(submission));
    return {};
  }

  [[nodiscard]] std::optional<InferenceDone> pop() override {
    if (next_ == ended_.size()) {
      next_ = 0;
      user_->box.take(ended_);
      if (ended_.empty()) {
        return std::nullopt;
      }
    }
    return std::move(ended_[next_++]);
  }

  void taken(std::uint32_t frames) noexcept override { core_->post(Core::Taken{user_, frames}); }

  void end_input() noexcept override { core_->post(Core::EndInput{user_}); }

  void cancel(std::uint32_t slot) noexcept override { core_->post(Core::CancelSlot{user_, slot}); }

 private:
  std::shared_ptr<Core> core_;
  std::shared_ptr<Core::User> user_;
  const PackageWords package_;
  std::vector<InferenceDone> ended_;  // From `next_` on, to be popped.
  std::size_t next_ = 0;
};

DevicePool::DevicePool(Options options) : core_(std::make_shared<Core>(std::move(options))) {}

DevicePool::~DevicePool() {
  close({});
}

void DevicePool::close(const std::function<void(const std::string& device)>& before_each) {
  core_->set_driver({});
  core_->shut_down(before_each);
}

DeviceNumber DevicePool::add_device(DeviceWords words) {
  return core_->add_device(std::move(words));
}

PackageNumber DevicePool::add_package(PackageWords words) {
  return core_->add_package(std::move(words));
}

void DevicePool::describe(PackageNumber package,
                          std::vector<std::shared_ptr<const TensorSpec>> inputs,
                          std::vector<std::shared_ptr<const TensorSpec>> outputs,
                          std::vector<ShapeBucket> buckets) {
  core_->describe(package, std::move(inputs), std::move(outputs), std::move(buckets));
}

void DevicePool::tell_terms(PackageNumber package, std::string mode, std::string service_time) {
  core_->tell_terms(package, std::move(mode), std::move(service_time));
}

void DevicePool::place(PlacePackage facts) {
  core_->place(std::move(facts));
}

ClientNumber DevicePool::add_client(ClientWords words) {
  return core_->add_client(std::move(words));
}

std::vector<Runnable*> DevicePool::runnables() {
  return core_->runnables();
}

std::unique_ptr<InferenceBackend> DevicePool::make_backend(BackendWords words, Doorbell bell) {
  return std::make_unique<Backend>(core_, std::move(words), bell);
}

PoolStatus DevicePool::status() const {
  return core_->status();
}

}  // namespace penstock
