#include "drivers/noop/noop_driver.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/option_reader.h"

// How a driver is made, from the bottom up:
//   NoopRequest  room for one inference: submit() starts it, something completes it later;
//   NoopModel    what was loaded: its description, and the maker of its requests;
//   NoopDevice   an open device: explains and loads models, tells its health and figures;
//   NoopDriver   lists and opens devices.
// The adapter turns the four into the C table and catches what they throw. Nothing here knows the
// engine's threads or queues: a driver sees memory, and says when it is done with it.
namespace penstock {
namespace {

enum class Write { kZeros, kCopy, kNothing };

/// What the load options say.
struct NoopSpec {
  ModelInfo info;
  Duration latency{};
  Write write = Write::kZeros;
  std::int64_t fail_every = 0;
  std::int64_t fault_after = 0;
};

/// Reads one port, "name:type:shape[:layout]".
std::optional<TensorSpec> parse_port(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ':') {
      parts.emplace_back();
    } else if (c != ' ') {
      parts.back().push_back(c);
    }
  }
  if (parts.size() < 3 || parts.size() > 4) {
    return std::nullopt;
  }
  const auto type = element_type_from(parts[1]);
  const auto shape = parse_shape(parts[2]);
  if (parts[0].empty() || !type.has_value() || !shape.has_value()) {
    return std::nullopt;
  }
  TensorSpec spec;
  spec.name = parts[0];
  spec.type = *type;
  spec.shape = *shape;
  spec.layout = parts.size() == 4 ? parts[3] : "";
  return spec;
}

std::vector<TensorSpec> read_ports(OptionReader& reader,
                                   const std::string& name,
                                   const std::string& otherwise) {
  std::vector<TensorSpec> ports;
  std::string rest = reader.text(name, otherwise) + ",";
  for (auto comma = rest.find(','); comma != std::string::npos; comma = rest.find(',')) {
    auto port = parse_port(rest.substr(0, comma));
    if (!port.has_value()) {
      reader.reject(name, "each port must be name:type:shape[:layout], such as image:u8:1x4x4x3");
      return {};
    }
    ports.push_back(std::move(*port));
    rest.erase(0, comma + 1);
  }
  return ports;
}

/// Reads the options of a load. Used by explain() and by load(), so that they cannot disagree.
NoopSpec read_spec(OptionReader& reader) {
  constexpr std::int64_t kMany = 1'000'000'000;
  NoopSpec spec;
  spec.info.inputs = read_ports(reader, "inputs", "input:u8:1x16");
  spec.info.outputs = read_ports(reader, "outputs", "output:u8:1x16");
  const std::int64_t batch = reader.integer("batch", 0, 0, 4096);
  for (auto* ports : {&spec.info.inputs, &spec.info.outputs}) {
    for (TensorSpec& port : *ports) {
      if (batch > 0 && port.shape.rank() > 0) {
        port.shape.set(0, batch);
      }
    }
  }
  spec.info.min_batch = spec.info.max_batch =
      static_cast<std::uint32_t>(std::max<std::int64_t>(batch, 1));
  spec.info.input_memory.resize(spec.info.inputs.size());
  spec.info.output_memory.resize(spec.info.outputs.size());
  spec.info.preferred_requests = static_cast<std::uint32_t>(reader.integer("requests", 4, 1, 4096));
  spec.info.max_requests = static_cast<std::uint32_t>(reader.integer("max_requests", 0, 0, 4096));
  spec.latency = reader.duration("latency", Duration::zero());
  const std::string write = reader.word("write", {"zeros", "copy", "nothing"});
  spec.write = write == "copy"      ? Write::kCopy
               : write == "nothing" ? Write::kNothing
                                    : Write::kZeros;
  spec.fail_every = reader.integer("fail_every", 0, 0, kMany);
  spec.fault_after = reader.integer("fault_after", 0, 0, kMany);
  spec.info.properties["write"] = write;
  spec.info.properties["latency_ns"] = std::to_string(spec.latency.count());
  if (const std::string text = reader.text("fail_load"); !text.empty()) {
    reader.reject("fail_load", text);
  }
  return spec;
}

/// What requests, models and the device share: it outlives them all, because each holds it.
class NoopState {
 public:
  NoopState(DriverHost host, Doorbell health_changed)
      : host_(host),
        health_changed_(health_changed) {}

  [[nodiscard]] const DriverHost& host() const noexcept { return host_; }

  /// Counts an inference and returns how many there were with it.
  std::int64_t count_inference() noexcept { return inferences_.fetch_add(1) + 1; }

  [[nodiscard]] std::int64_t inferences() const noexcept { return inferences_.load(); }

  [[nodiscard]] bool is_faulty() const noexcept { return faulty_.load(); }

  /// Puts the device into fault: first the event is queued, then the bell is rung.
  void fault(const std::string& reason) {
    if (faulty_.exchange(true)) {
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      HealthEvent event;
      event.health = Health::kFault;
      event.reason = reason;
      event.time = TimePoint(Duration(host_.now_ns()));
      events_.push_back(std::move(event));
    }
    health_changed_.ring();
  }

  std::optional<HealthEvent> poll_event() {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) {
      return std::nullopt;
    }
    HealthEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  DriverHost host_;
  Doorbell health_changed_;
  std::atomic<std::int64_t> inferences_{0};
  std::atomic<bool> faulty_{false};
  std::mutex mutex_;
  std::deque<HealthEvent> events_;
};

class NoopRequest final : public RequestBase {
 public:
  NoopRequest(std::shared_ptr<NoopState> device,
              std::shared_ptr<const NoopSpec> spec,
              std::shared_ptr<std::atomic<std::uint32_t>> count)
      : device_(std::move(device)),
        spec_(std::move(spec)),
        count_(std::move(count)) {}

  // Whoever destroys a request may free the memory it works on: after cancel() nothing is in
  // flight, and after cancel_call() nobody is inside finish().
  ~NoopRequest() override {
    cancel();
    if (ticket_ != 0) {
      device_->host().cancel_call(ticket_);
    }
    count_->fetch_sub(1);
  }

  Status submit(Job job) override {
    const std::int64_t number = device_->count_inference();
    if (spec_->fault_after > 0 && number > spec_->fault_after) {
      device_->fault("fault_after: " + std::to_string(spec_->fault_after) + " inferences are done");
    }
    const bool fails = spec_->fail_every > 0 && number % spec_->fail_every == 0;
    const Errc outcome = device_->is_faulty() ? Errc::kDeviceLost
                         : fails              ? Errc::kInternal
                                              : Errc::kOk;
    if (spec_->latency == Duration::zero()) {
      perform(job, outcome);
      return {};
    }
    const std::lock_guard lock(mutex_);
    job_ = job;
    outcome_ = outcome;
    const std::int64_t due = device_->host().now_ns() + spec_->latency.count();
    // The call may come before the ticket is stored; it waits for the lock that is held here.
    ticket_ = device_->host().call_at(
        due, [](void* self) { static_cast<NoopRequest*>(self)->finish(); }, this);
    if (ticket_ == 0) {
      job_.reset();
      return Error{Errc::kUnavailable, "the host takes no more timed calls"};
    }
    return {};
  }

  void cancel() noexcept override {
    std::uint64_t ticket = 0;
    const std::optional<Job> job = take(&ticket);
    if (job.has_value()) {
      // Without the lock: the call may be running and wait for it.
      device_->host().cancel_call(ticket);
      job->complete(Errc::kCancelled, "cancelled");
    }
  }

 private:
  /// Makes the job in flight the caller's: of the timer and a cancel, only one gets it.
  std::optional<Job> take(std::uint64_t* ticket) noexcept {
    const std::lock_guard lock(mutex_);
    *ticket = ticket_;
    return std::exchange(job_, std::nullopt);
  }

  void finish() noexcept {
    std::uint64_t ticket = 0;
    if (const std::optional<Job> job = take(&ticket); job.has_value()) {
      perform(*job, outcome_);
    }
  }

  void perform(const Job& job, Errc outcome) const noexcept {
    if (outcome == Errc::kDeviceLost) {
      job.complete(outcome, "the device is in fault");
    } else if (outcome != Errc::kOk) {
      job.complete(outcome, "failed on demand: fail_every");
    } else {
      for (std::size_t i = 0; i < job.output_count(); ++i) {
        write_output(job, i);
      }
      job.complete(Errc::kOk, {}, spec_->latency.count());
    }
  }

  void write_output(const Job& job, std::size_t index) const noexcept {
    const PenstockTensor& output = job.output(index);
    if (spec_->write == Write::kNothing) {
      return;
    }
    const Shape shape(std::span<const std::int64_t>(output.shape, output.rank));
    const std::size_t bytes =
        shape.dense_bytes(static_cast<ElementType>(output.element_type)).value_or(0);
    std::size_t copied = 0;
    if (spec_->write == Write::kCopy && index < job.input_count()) {
      const PenstockTensor& input = job.input(index);
      copied = std::min<std::size_t>(bytes, input.byte_length);
      std::memcpy(output.data, input.data, copied);
    }
    std::memset(static_cast<std::byte*>(output.data) + copied, 0, bytes - copied);
  }

  std::shared_ptr<NoopState> device_;
  std::shared_ptr<const NoopSpec> spec_;
  std::shared_ptr<std::atomic<std::uint32_t>> count_;
  std::mutex mutex_;
  std::optional<Job> job_;
  Errc outcome_ = Errc::kOk;
  std::uint64_t ticket_ = 0;
};

class NoopModel final : public ModelBase {
 public:
  NoopModel(std::shared_ptr<NoopState> device, NoopSpec spec)
      : device_(std::move(device)),
        spec_(std::make_shared<const NoopSpec>(std::move(spec))),
        count_(std::make_shared<std::atomic<std::uint32_t>>(0)) {}

  [[nodiscard]] const ModelInfo& info() const noexcept override { return spec_->info; }

  Result<std::unique_ptr<RequestBase>> create_request() override {
    const std::uint32_t most = spec_->info.max_requests;
    if (count_->fetch_add(1) >= most && most != 0) {
      count_->fetch_sub(1);
      return Error{Errc::kUnavailable, "all " + std::to_string(most) + " requests are taken"};
    }
    return std::unique_ptr<RequestBase>(std::make_unique<NoopRequest>(device_, spec_, count_));
  }

 private:
  std::shared_ptr<NoopState> device_;
  std::shared_ptr<const NoopSpec> spec_;
  std::shared_ptr<std::atomic<std::uint32_t>> count_;
};

class NoopDevice final : public DeviceBase {
 public:
  NoopDevice(DriverHost host, Doorbell health_changed)
      : state_(std::make_shared<NoopState>(host, health_changed)) {}

  Result<std::vector<LoadObstacle>> explain(const std::string& /*path*/,
                                            const DriverOptions& options) override {
    OptionReader reader(options);
    read_spec(reader);
    return reader.obstacles();
  }

  Result<std::unique_ptr<ModelBase>> load(const std::string& /*path*/,
                                          const DriverOptions& options) override {
    OptionReader reader(options);
    NoopSpec spec = read_spec(reader);
    PENSTOCK_RETURN_IF_ERROR(reader.finish());
    return std::unique_ptr<ModelBase>(std::make_unique<NoopModel>(state_, std::move(spec)));
  }

  std::optional<HealthEvent> poll_event() override { return state_->poll_event(); }

  std::vector<DeviceMetric> metrics() override {
    DeviceMetric inferences;
    inferences.name = "inferences";
    inferences.unit = "count";
    inferences.value = static_cast<double>(state_->inferences());
    return {inferences};
  }

 private:
  std::shared_ptr<NoopState> state_;
};

class NoopDriver final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> create(DriverHost host, const DriverOptions& options) {
    OptionReader reader(options);
    const std::int64_t devices = reader.integer("devices", 1, 0, 64);
    PENSTOCK_RETURN_IF_ERROR(reader.finish());
    return std::unique_ptr<DriverBase>(std::make_unique<NoopDriver>(host, devices));
  }

  NoopDriver(DriverHost host, std::int64_t devices) : host_(host), devices_(devices) {}

  Result<std::vector<DeviceInfo>> enumerate() override {
    std::vector<DeviceInfo> devices;
    for (std::int64_t i = 0; i < devices_; ++i) {
      DeviceInfo info;
      info.identity = "noop:" + std::to_string(i);
      info.kind = DeviceKind::kNoop;
      info.name = "does nothing";
      devices.push_back(std::move(info));
    }
    return devices;
  }

  Result<ModelInfo> inspect(const std::string& path) override {
    return Error{Errc::kUnsupported,
                 "'" + path +
                     "': noop reads no files; its models are the load options `inputs` and "
                     "`outputs`"};
  }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& /*identity*/,
                                           Doorbell health_changed) override {
    return std::unique_ptr<DeviceBase>(std::make_unique<NoopDevice>(host_, health_changed));
  }

 private:
  DriverHost host_;
  std::int64_t devices_;
};

}  // namespace

const PenstockDriverApi& noop_driver_api() {
  static const PenstockDriverApi kApi = make_driver_api<&NoopDriver::create>("noop", "1");
  return kApi;
}

}  // namespace penstock
