#include "actors/driver_device_port.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/log.h"

namespace penstock::actors {
namespace {

/// Requests of all lanes that one sub-device leads.
class DriverSlots final : public ExecutionSlots {
 public:
  struct LaneRequests {
    Lane lane;
    std::shared_ptr<LoadedModel> model;
    std::uint32_t count = 1;
  };

  static Result<std::unique_ptr<ExecutionSlots>> create(const std::vector<LaneRequests>& lanes,
                                                        Doorbell bell) {
    std::uint32_t total = 0;
    for (const LaneRequests& lane : lanes) {
      total += lane.count;
    }
    PENSTOCK_ASSIGN_OR_RETURN(CompletionQueue queue, CompletionQueue::create(total, bell));
    std::unique_ptr<DriverSlots> slots(new DriverSlots(std::move(queue)));
    for (const LaneRequests& lane : lanes) {
      Requests made;
      made.lane = lane.lane;
      for (std::uint32_t i = 0; i < lane.count; ++i) {
        PENSTOCK_ASSIGN_OR_RETURN(Request request, lane.model->create_request(slots->queue_));
        made.requests.push_back(std::move(request));
      }
      slots->lanes_.push_back(std::move(made));
    }
    return std::unique_ptr<ExecutionSlots>(std::move(slots));
  }

  [[nodiscard]] std::uint32_t count(const Lane& lane) const override {
    const std::size_t index = index_of(lane);
    return index == lanes_.size() ? 0 : static_cast<std::uint32_t>(lanes_[index].requests.size());
  }

  Status submit(const Lane& lane,
                std::uint32_t slot,
                const JobMaps& maps,
                std::uint64_t token) override {
    return request(lane, slot)
        .submit(maps.inputs, maps.outputs, token, lane.sub_devices, maps.frames);
  }

  void cancel(const Lane& lane, std::uint32_t slot) noexcept override {
    request(lane, slot).cancel();
  }

  [[nodiscard]] std::optional<InferenceDone> pop() override {
    auto done = queue_.pop();
    if (!done.has_value()) {
      return std::nullopt;
    }
    return InferenceDone{done->token, done->code, std::move(done->message), done->device_time};
  }

 private:
  struct Requests {
    Lane lane;
    std::vector<Request> requests;
  };

  /// Returns the place of `lane`, or how many there are.
  [[nodiscard]] std::size_t index_of(const Lane& lane) const noexcept {
    const auto found = std::find_if(
        lanes_.begin(), lanes_.end(), [&](const Requests& one) { return one.lane == lane; });
    return static_cast<std::size_t>(found - lanes_.begin());
  }

  explicit DriverSlots(CompletionQueue queue) : queue_(std::move(queue)) {}

  Request& request(const Lane& lane, std::uint32_t slot) noexcept {
    const std::size_t index = index_of(lane);
    PENSTOCK_CHECK(index < lanes_.size() && slot < lanes_[index].requests.size())
        << "slot " << slot;
    return lanes_[index].requests[slot];
  }

  CompletionQueue queue_;
  std::vector<Requests> lanes_;  // Go first: they report to the queue.
};

std::uint32_t lead_of(SubDeviceMask sub_devices) noexcept {
  std::uint32_t lead = 0;
  while (sub_devices != 0 && (sub_devices & 1U) == 0) {
    sub_devices >>= 1U;
    ++lead;
  }
  return lead;
}

/// Returns "sub-devices 0,2,3".
std::string sub_devices_text(SubDeviceMask set) {
  std::string text;
  for (std::uint32_t i = 0; i < kMaxSubDevices; ++i) {
    if ((set >> i & 1U) != 0) {
      text += (text.empty() ? "sub-devices " : ",") + std::to_string(i);
    }
  }
  return text.empty() ? "none" : text;
}

/// Returns why a device could not be closed.
std::string left_text(const DriverDevicePort::Words& words) {
  const double seconds = std::chrono::duration<double>(words.close_limit).count();
  char limit[32];
  std::snprintf(limit, sizeof limit, "%.3g s", seconds);
  return "device '" + words.identity + "' is not closed after " + limit +
         ": it does not end a change of residence, or what else driver '" + words.driver->name() +
         "' waits for";
}

DeviceHealth health_from(Health health) noexcept {
  switch (health) {
    case Health::kOk:
      return DeviceHealth::kOk;
    case Health::kDegraded:
      return DeviceHealth::kDegraded;
    case Health::kFault:
      return DeviceHealth::kFault;
    case Health::kResetting:
      return DeviceHealth::kResetting;
  }
  return DeviceHealth::kFault;
}

}  // namespace

void DriverDevicePort::Bell::set(Doorbell target) {
  const std::lock_guard lock(mutex_);
  target_ = target;
}

void DriverDevicePort::Bell::ring() {
  const std::lock_guard lock(mutex_);
  target_.ring();
}

Result<std::unique_ptr<DriverDevicePort>> DriverDevicePort::connect(Words words) {
  std::unique_ptr<DriverDevicePort> port(new DriverDevicePort(std::move(words)));
  PENSTOCK_RETURN_IF_ERROR(port->open_device());
  return port;
}

DriverDevicePort::~DriverDevicePort() {
  std::shared_ptr<Holdings> last = give_up();
  last->claim = std::move(claim_);
  const bool was_open = last->device != nullptr;
  const Disposal closing(std::move(last));
  if (!closing.wait_for(words_.close_limit) && was_open) {
    log_warning("devices", left_text(words_));
  }
}

/// Takes all that is open out of the port, silent from now on.
std::shared_ptr<DriverDevicePort::Holdings> DriverDevicePort::give_up() {
  bell_->set({});
  changes_.reset();  // What completes from now on is dropped.
  auto all = std::make_shared<Holdings>();
  all->bell = bell_;
  {
    const std::lock_guard lock(mutex_);
    all->device = std::move(device_);
    device_.reset();
  }
  for (auto& [number, package] : packages_) {
    if (package.activation.has_value()) {
      all->activations.push_back(std::move(*package.activation));
      package.activation.reset();
    }
    all->models.push_back(std::move(package.model));
    package.model.reset();
  }
  return all;
}

Status DriverDevicePort::open_device() {
  PENSTOCK_ASSIGN_OR_RETURN(
      Device opened,
      words_.driver->open(words_.identity,
                          {[](void* self) { static_cast<Bell*>(self)->ring(); }, bell_.get()}));
  auto device = std::make_shared<Device>(std::move(opened));
  info_ = device->info();
  SubDeviceMask all = 0;
  for (const SubDeviceInfo& sub_device : info_.sub_devices) {
    all |= SubDeviceMask{1} << sub_device.index;
  }
  if (words_.claim == 0) {
    words_.claim = all;
  }
  if (words_.claim != 0) {
    if (words_.claims != nullptr && !claim_.has_value()) {
      PENSTOCK_ASSIGN_OR_RETURN(
          claim_, words_.claims->claim(words_.driver->name(), words_.identity, words_.claim));
    }
    PENSTOCK_RETURN_IF_ERROR(device->claim(words_.claim));
  }
  for (const Setting& setting : words_.settings) {
    const auto set = device->configure(setting.name, setting.value, setting.sub_device);
    if (!set.has_value()) {
      return set.error().within("property '" + setting.name + "'");
    }
  }
  const std::lock_guard lock(mutex_);
  device_ = std::move(device);
  return {};
}

std::vector<ModelPlacement> DriverDevicePort::placements(PackageNumber package) const {
  const Package& book = packages_.at(package);
  std::vector<ModelPlacement> within;
  for (const ModelPlacement& placement : book.model->info().placements) {
    if ((placement.sub_devices & ~words_.claim) == 0) {
      within.push_back(placement);
    }
  }
  return within;
}

Result<std::vector<LoadObstacle>> DriverDevicePort::explain(const std::string& path,
                                                            const DriverOptions& options) {
  return device_->explain(path, options);
}

Result<std::shared_ptr<LoadedModel>> DriverDevicePort::load(PackageNumber package,
                                                            const std::string& path,
                                                            const DriverOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(LoadedModel loaded, device_->load(path, options));
  Package& book = packages_[package];
  book.path = path;
  book.options = options;
  book.model = std::make_shared<LoadedModel>(std::move(loaded));
  const ModelInfo& info = book.model->info();
  if (!info.placements.empty() && placements(package).empty()) {
    return Error{Errc::kUnavailable,
                 (info.mode.empty() ? "it" : "mode '" + info.mode + "'") + " needs " +
                     sub_devices_text(info.placements.front().sub_devices) +
                     ", and `sub_devices` allows " + sub_devices_text(words_.claim)};
  }
  return book.model;
}

Status DriverDevicePort::load_again() {
  if (!closing_.has_value()) {
    closing_.emplace(give_up());
  }
  if (!closing_->wait_for(words_.close_limit)) {
    return Error{Errc::kDeviceLost, left_text(words_)};  // The next attempt waits for it again.
  }
  closing_.reset();
  PENSTOCK_RETURN_IF_ERROR(open_device());
  for (auto& [number, package] : packages_) {
    auto loaded = device_->load(package.path, package.options);
    if (!loaded.has_value()) {
      return loaded.error().within("'" + package.path + "'");
    }
    package.model = std::make_shared<LoadedModel>(std::move(loaded).value());
  }
  return {};
}

Result<SlotsBySubDevice> DriverDevicePort::open(std::span<const Doorbell> bells, Doorbell bell) {
  if (!std::exchange(fresh_, false)) {
    PENSTOCK_RETURN_IF_ERROR(load_again());
  }
  bell_->set(bell);
  if (!packages_.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        changes_, CompletionQueue::create(static_cast<std::uint32_t>(packages_.size()), bell));
    for (auto& [number, package] : packages_) {
      PENSTOCK_ASSIGN_OR_RETURN(package.activation, package.model->create_activation(*changes_));
    }
  }
  SlotsBySubDevice slots(bells.size());
  for (std::uint32_t i = 0; i < bells.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(slots[i], make_slots(i, bells[i]));
  }
  return slots;
}

Result<std::unique_ptr<ExecutionSlots>> DriverDevicePort::make_slots(std::uint32_t lead,
                                                                     Doorbell bell) {
  std::vector<DriverSlots::LaneRequests> lanes;
  for (const auto& [number, package] : packages_) {
    const ModelInfo& info = package.model->info();
    if (info.placements.empty() && lead == 0) {
      lanes.push_back({{number, 0}, package.model, std::max(1U, info.preferred_requests)});
    }
    for (const ModelPlacement& placement : placements(number)) {
      if (lead_of(placement.sub_devices) == lead) {
        lanes.push_back(
            {{number, placement.sub_devices}, package.model, std::max(1U, placement.depth)});
      }
    }
  }
  if (lanes.empty()) {
    return std::unique_ptr<ExecutionSlots>();
  }
  return DriverSlots::create(lanes, bell);
}

Status DriverDevicePort::change(const Lane& lane, bool resident, std::uint64_t token) {
  const auto package = packages_.find(lane.package);
  PENSTOCK_CHECK(package != packages_.end() && package->second.activation.has_value())
      << "package is not loaded on " << words_.identity;
  Activation& activation = *package->second.activation;
  return resident ? activation.activate(lane.sub_devices, token)
                  : activation.deactivate(lane.sub_devices, token);
}

std::optional<InferenceDone> DriverDevicePort::pop_change() {
  if (!changes_.has_value()) {
    return std::nullopt;
  }
  auto done = changes_->pop();
  if (!done.has_value()) {
    return std::nullopt;
  }
  return InferenceDone{done->token, done->code, std::move(done->message), done->device_time};
}

Status DriverDevicePort::reset() {
  return device_->reset();
}

std::optional<HealthChange> DriverDevicePort::poll_health() {
  if (device_ == nullptr) {
    return std::nullopt;
  }
  const auto event = device_->poll_event();
  if (!event.has_value()) {
    return std::nullopt;
  }
  return HealthChange{health_from(event->health), event->reason};
}

std::vector<DeviceFigure> DriverDevicePort::figures() const {
  std::shared_ptr<Device> device;
  {
    const std::lock_guard lock(mutex_);
    device = device_;
  }
  std::vector<DeviceFigure> figures;
  if (device != nullptr) {
    for (const DeviceMetric& metric : device->metrics()) {
      figures.push_back({metric.name, metric.unit, metric.value, metric.sub_device});
    }
  }
  return figures;
}

std::optional<SelfTest> DriverDevicePort::self_test() {
  const auto properties = device_->properties();
  if (!properties.has_value()) {
    return properties.error().code == Errc::kUnsupported
               ? std::nullopt
               : std::optional(SelfTest{false, properties.error().message});
  }
  const auto found = std::find_if(properties->begin(), properties->end(), [](const auto& property) {
    return property.name == "self_test";
  });
  if (found == properties->end()) {
    return std::nullopt;
  }
  return SelfTest{found->value == "passed", found->value};
}

}  // namespace penstock::actors
