#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/device/device_port.h"
#include "engine/device/device_runner.h"
#include "engine/run/inference_backend.h"
#include "engine/run/runnable.h"
#include "engine/schedule/knobs.h"
#include "engine/schedule/schedule_ids.h"
#include "engine/schedule/scheduler_event.h"
#include "engine/telemetry/pool_status.h"
#include "engine/tensor/shape_bucket.h"

namespace penstock {

/// The devices of a process, the packages on them, and the scheduler that shares them out: whoever
/// wants inferences (a station now, a session of another process later) gets a backend.
///
/// Made in three steps: devices, packages and clients are declared; `runnables()` are handed to
/// whoever drives them (actors, or the virtual runner); backends may come and go at any time. A
/// request of a backend gets exactly one end, whatever happens to device, client or package: the
/// scheduler's rules (engine/schedule) say which.
///
/// Ownership: owns the devices' ports. Backends may outlive it; their requests end as
/// `kUnavailable`. Whoever drives the runnables stops before it is destroyed; destruction closes
/// the devices, which may block.
/// Thread-safety: declarations by one thread before the runnables are driven; `make_backend` and
/// `status` from any thread.
class DevicePool {
 public:
  /// What a person should know: one line of the log.
  struct Note {
    bool is_warning = false;
    std::string text;
  };

  struct Options {
    const Clock* clock = nullptr;
    SchedulerKnobs knobs;
    std::function<void(const Note&)> on_note;  ///< By the runnables' threads, one at a time.
  };

  struct DeviceWords {
    std::string name;      ///< What the graph calls it.
    std::string identity;  ///< What its driver calls it.
    bool simulated = false;
    DeviceCapacity capacity;
    std::vector<std::string> sub_devices;  ///< Names; at least one.
    std::unique_ptr<DevicePort> port;
  };

  struct PackageWords {
    std::string name;
    std::string hash;
    std::string mode;
    std::vector<std::shared_ptr<const TensorSpec>> inputs;
    std::vector<std::shared_ptr<const TensorSpec>> outputs;
    std::vector<ShapeBucket> buckets = {};
    std::vector<std::string> names = {};  ///< Of those that know it by names of their own.
  };

  struct ClientWords {
    std::string name;
    ClientKnobs knobs;
  };

  /// What differs from stream to stream.
  struct StreamWords {
    std::string name = {};  ///< For status.
    double weight = 1;      ///< Share within the client.
    std::optional<PriorityClass> priority;
  };

  /// One user of one package: its streams become flows by themselves.
  struct BackendWords {
    ClientNumber client;
    PackageNumber package;
    std::vector<DeviceNumber> devices;  ///< In order of preference.
    FlowPlacement placement = FlowPlacement::kPinned;
    bool failover = false;
    FlowKnobs knobs;
    std::map<StreamId, StreamWords> streams;  ///< Those that differ from `knobs`.
    std::uint32_t slots = 1;                  ///< Requests it may have with the pool at once.
  };

  explicit DevicePool(Options options);
  ~DevicePool();
  DevicePool(const DevicePool&) = delete;
  DevicePool& operator=(const DevicePool&) = delete;

  DeviceNumber add_device(DeviceWords words);
  PackageNumber add_package(PackageWords words);
  /// Says what a package takes and gives, as its first load told.
  void describe(PackageNumber package,
                std::vector<std::shared_ptr<const TensorSpec>> inputs,
                std::vector<std::shared_ptr<const TensorSpec>> outputs,
                std::vector<ShapeBucket> buckets = {});
  /// Says, for status, in what mode a package runs and where its simulated service time is from.
  void tell_terms(PackageNumber package, std::string mode, std::string service_time);
  /// Declares where a package can be on a device. Always resident ones have one placement.
  void place(PlacePackage facts);
  ClientNumber add_client(ClientWords words);

  /// The scheduler, each device, each of its sub-devices: valid as long as the pool.
  [[nodiscard]] std::vector<Runnable*> runnables();

  [[nodiscard]] std::unique_ptr<InferenceBackend> make_backend(BackendWords words, Doorbell bell);

  [[nodiscard]] PoolStatus status() const;

  /// Closes the devices, which may block; each is named before. The destructor does it else. Pre:
  /// nobody drives the runnables any more.
  void close(const std::function<void(const std::string& device)>& before_each);

 private:
  class Core;
  class Backend;
  std::shared_ptr<Core> core_;
};

}  // namespace penstock
