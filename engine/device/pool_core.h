#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/device/device_pool.h"
#include "engine/device/device_runner.h"
#include "engine/device/inbox.h"
#include "engine/device/rate_meter.h"
#include "engine/device/reply_box.h"
#include "engine/run/job_maps.h"
#include "engine/run/runnable.h"
#include "engine/schedule/scheduler.h"
#include "engine/schedule/scheduler_action.h"

namespace penstock {

/// The scheduler as a runnable: carries what happened into the scheduler's core and its decisions
/// to the devices.
///
/// What others leave for it lies in its inbox. Requests have numbers that name their place in a
/// table, so that nothing is searched or allocated for a frame in the steady state.
/// Thread-safety: as `DevicePool`.
class DevicePool::Core final : public Runnable {
 public:
  /// One backend as the pool knows it.
  struct User {
    User(BackendWords user_words, Doorbell bell) : words(std::move(user_words)), box(bell) {}

    BackendWords words;
    ReplyBox box;
    // The rest is the runnable's.
    std::vector<std::pair<StreamId, FlowNumber>> flows;
    std::deque<RequestNumber> outside;  // Found the queue full: in order.
    std::vector<RequestNumber> by_slot;
    std::uint32_t untaken = 0;  // Frames with results that it has not taken.
    bool has_ended_input = false;
    bool closed = false;
  };

  struct Submission {
    std::shared_ptr<User> user;
    std::uint32_t slot = 0;
    std::uint64_t token = 0;
    Ref<JobMaps> maps;
    StreamId stream{};
    TimePoint deadline = TimePoint::max();
  };

  struct CancelSlot {
    std::shared_ptr<User> user;
    std::uint32_t slot = 0;
  };

  struct EndInput {
    std::shared_ptr<User> user;
  };

  struct Close {
    std::shared_ptr<User> user;
  };

  struct Taken {
    std::shared_ptr<User> user;
    std::uint32_t frames = 1;
  };

  /// What a device says, with its number.
  struct Ended {
    DeviceNumber device;
    JobEnd end;
  };

  struct Changed {
    DeviceNumber device;
    ResidenceEnd end;
  };

  struct Health {
    enum class News : std::uint8_t { kReady, kFaulted, kOther };
    DeviceNumber device;
    News news = News::kOther;
    HealthChange change;
  };

  using Message =
      std::variant<Submission, CancelSlot, EndInput, Close, Taken, Ended, Changed, Health>;

  explicit Core(Options options);
  ~Core() override;
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void post(Message message) {
    inbox_.post(std::move(message));
    wake();
  }

  DeviceNumber add_device(DeviceWords words);
  PackageNumber add_package(PackageWords words);
  void describe(PackageNumber package,
                std::vector<std::shared_ptr<const TensorSpec>> inputs,
                std::vector<std::shared_ptr<const TensorSpec>> outputs,
                std::vector<ShapeBucket> buckets);
  void tell_terms(PackageNumber package, std::string mode, std::string service_time);
  void place(PlacePackage facts);
  ClientNumber add_client(ClientWords words);
  [[nodiscard]] std::vector<Runnable*> runnables();
  [[nodiscard]] const PackageWords& package(PackageNumber number) const;
  [[nodiscard]] PoolStatus status() const;
  /// Ends every backend's requests; nothing is driven any more.
  void shut_down(const std::function<void(const std::string& device)>& before_each);

  Step step(TimePoint now) override;

  [[nodiscard]] std::optional<TimePoint> wake_at() const override { return wake_; }

 private:
  /// A request's number is its place in the table and a serial, so that an old one names nobody.
  static constexpr unsigned kPlaceBits = 20;
  static constexpr std::uint64_t kPlaceMask = (1ULL << kPlaceBits) - 1;
  static constexpr std::size_t kFaultsKept = 64;

  class Reporter;

  /// A change of residence under way. A package that only leaves is no swap.
  struct Coming {
    std::uint64_t epoch = 0;
    std::optional<PackageNumber> package;
    SubDeviceMask sub_devices = 0;  // Of all that leave and come; 0: the whole device.
  };

  struct DeviceBook {
    std::string name;
    std::string identity;
    bool simulated = false;
    DeviceCapacity capacity;
    std::vector<PlacePackage> placed;  // Until the device has answered for the first time.
    std::map<PackageNumber, std::vector<PlacementFacts>> placements;
    std::map<PackageNumber, bool> always_resident;
    std::unique_ptr<Reporter> reporter;
    std::unique_ptr<DeviceRunner> runner;
    bool known = false;  // The scheduler has it.
    DeviceHealth health = DeviceHealth::kOk;
    std::string reason;
    std::uint64_t resets = 0;
    Duration swap_time{0};
    std::vector<Duration> sub_device_swap_time;
    std::vector<Coming> coming;  // The changes of residence under way.
    std::string last_failure;    // Of a job.
  };

  struct PackageBook {
    PackageWords words;
    std::string service_time;
    std::uint64_t runs = 0;
    std::uint64_t frames = 0;
    std::uint64_t swaps = 0;
    Duration swap_time{0};
  };

  struct Request {
    RequestNumber number;
    std::shared_ptr<User> user;
    std::uint32_t slot = 0;
    std::uint64_t token = 0;
    std::uint32_t frames = 1;
    TimePoint deadline;
    std::vector<FlowPart> parts;  // Whose frames they are; the first leads.
    Ref<JobMaps> maps;
    Errc code = Errc::kOk;  // Of its last run.
    std::string message;
    Duration device_time{0};
    bool waits_outside = false;   // The queue was full.
    bool has_other_maps = false;  // Than it came with, which a device may still use.
  };

  struct Running {
    BatchNumber batch;
    PackageNumber package;
    RequestNumber request;
  };

  /// One stream of a user.
  struct FlowBook {
    std::shared_ptr<User> user;
    StreamId stream{};
    std::array<std::uint64_t, kFinishReasons> finished{};  // Frames, by reason.
    RateMeter rate;
  };

  void obey(Message& message, TimePoint now);
  void submit(Submission& submission, TimePoint now);
  /// Returns whether the request needs to wait outside no longer.
  bool offer(RequestNumber number, TimePoint now);
  void cancel(const CancelSlot& message, TimePoint now);
  void take_outputs(User& user, std::uint32_t frames, TimePoint now);
  void end_input(const EndInput& message, TimePoint now);
  void close(const Close& message, TimePoint now);
  void note_end(Ended& message, TimePoint now);
  void note_change(const Changed& message, TimePoint now);
  void note_health(Health& message, TimePoint now);
  void make_known(DeviceNumber number, DeviceBook& book, TimePoint now);
  void carry_out(const SchedulerActions& actions, TimePoint now);
  void run(const RunBatch& action);
  void change(const ChangeResidence& action);
  void abandon(const AbandonBatch& action);
  void reset(const ResetDevice& action);
  void note_finding(const Finding& finding);
  [[nodiscard]] std::string text_of(const Finding& finding) const;
  void let_in(FlowNumber flow, TimePoint now);
  void finish(RequestNumber number, FinishReason reason);
  [[nodiscard]] static FlowKnobs knobs_of(const User& user, StreamId stream);
  FlowNumber flow_of(const std::shared_ptr<User>& user, StreamId stream, TimePoint now);
  void name_parts(Request& request, StreamId stream, TimePoint now);
  [[nodiscard]] Lane lane_of(const DeviceBook& book,
                             PackageNumber package,
                             std::uint32_t placement) const;
  Request& request(RequestNumber number);
  [[nodiscard]] Request* find(RequestNumber number);
  void add_devices(const SchedulerSnapshot& snapshot, PoolStatus* status) const;
  void add_flows(const SchedulerSnapshot& snapshot, TimePoint now, PoolStatus* status) const;
  [[nodiscard]] std::vector<std::uint32_t> frames_outside() const;
  void tell(bool is_warning, std::string text);
  std::uint32_t keep_fault(const std::string& reason);
  [[nodiscard]] std::string fault_text(std::uint32_t number) const;

  Options options_;
  mutable std::mutex mutex_;  // Status reads while the runnable works.
  Scheduler scheduler_;
  SchedulerActions actions_;
  Inbox<Message> inbox_;
  std::vector<Message> messages_;
  std::vector<Message> held_;  // Until every device has answered for the first time.
  std::size_t silent_devices_ = 0;
  std::vector<DeviceBook> devices_;
  std::vector<PackageBook> packages_;
  std::vector<ClientWords> clients_;
  std::vector<FlowBook> flows_;
  std::vector<std::uint32_t> free_flows_;
  std::vector<Request> requests_;
  std::vector<std::uint32_t> free_requests_;
  std::uint64_t next_serial_ = 1;
  std::vector<Running> running_;
  std::vector<BatchNumber> abandoned_;  // May still end.
  std::optional<TimePoint> wake_;
  std::deque<std::string> faults_;  // Why devices have faulted: the last of them, for status.
  std::uint32_t first_fault_ = 0;   // Number of the first of these.
  TimePoint now_;                   // Of the turn.
};

}  // namespace penstock
