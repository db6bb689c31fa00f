#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"

namespace penstock {

/// What the devices of a graph and the scheduler above them look like at one moment: a plain value
/// that whoever owns them fills and `penstock status` shows.
///
/// Units: times in nanoseconds; `utilisation` is the share of time in which a sub-device computes,
/// 0 to 1; counters count since the start. Texts are for people: no program takes decisions from
/// them.
struct PoolStatus {
  struct SubDevice {
    std::uint32_t index = 0;
    std::vector<std::string> resident;  ///< Names of packages that can run here.
    std::uint32_t in_flight = 0;
    std::optional<double> utilisation;        ///< Nothing where its driver does not measure it.
    std::uint64_t swap_ns = 0;                ///< Time that swaps kept it from working.
    std::vector<std::string> coming_in = {};  ///< As `resident`: those that are on their way.
  };

  struct Device {
    std::string name;      ///< What the graph calls it.
    std::string identity;  ///< What its driver calls it: "mx3-0".
    bool simulated = false;
    bool host_limited = false;  ///< Simulated, and the host cannot keep its rate.
    double device_fps = 0;      ///< Of a simulated device that is never idle; 0: not known.
    double host_fps = 0;        ///< Of the host that computes for it; 0: it does not.
    std::string state;          ///< Of the scheduler: "loaded", "empty", "swapping", "fault".
    std::string health;         ///< Of the driver: "ok", "degraded", "fault", "resetting".
    std::string reason;         ///< Why it is not ok; else empty.
    std::uint64_t resets = 0;
    /// Time that it took to make packages resident, those beside one another added up.
    std::uint64_t swap_ns = 0;
    std::vector<SubDevice> sub_devices;
  };

  struct Package {
    std::string name;                      ///< "cars", or of one with several names "cars, vans".
    std::vector<std::string> names;        ///< Each of them; at least one.
    std::string hash;                      ///< SHA-256 in hexadecimal; may be empty.
    std::string mode;                      ///< Execution mode; may be empty.
    std::string service_time;              ///< Where that of a simulated device is from; or empty.
    std::vector<std::string> resident_on;  ///< "npu:0", "npu:1": device and sub-device.
    std::vector<std::string> coming_in_on = {};  ///< As above: where it cannot run yet.
    std::uint64_t runs = 0;                      ///< Inferences; a batch is one.
    std::uint64_t frames = 0;
    std::uint64_t swaps = 0;    ///< How often it was made resident.
    std::uint64_t swap_ns = 0;  ///< Device time that this took in all.
  };

  /// One flow: a network of a client's, of one stream. What is counted is frames, those in a batch
  /// with other streams' too; the times are of these frames alone.
  struct Client {
    std::string name;
    std::string priority;  ///< "low", "normal", "high".
    double weight = 1;
    std::uint32_t queued = 0;
    std::uint32_t in_flight = 0;
    std::uint64_t done = 0;
    std::uint64_t failed = 0;  ///< At the device, again and again, or for want of one.
    std::vector<std::pair<std::string, std::uint64_t>> dropped;  ///< By reason; only those > 0.
    double fps = 0;               ///< Done in the last 3 s; 0 where nobody measured.
    std::uint64_t oldest_ns = 0;  ///< Age of the oldest frame that is queued.
    std::uint64_t wait_p50_ns = 0;
    std::uint64_t wait_p99_ns = 0;
    std::uint64_t run_p50_ns = 0;
    std::uint64_t run_p99_ns = 0;
  };

  struct Decision {
    TimePoint time;
    std::string text;         ///< "npu: cars comes in for plates (turn over)".
    std::string kind = {};    ///< "run", "swap_done", "device_fault".
    std::uint32_t times = 1;  ///< How many decisions it stands for: batches, for "run".
  };

  std::vector<Device> devices;
  std::vector<Package> packages;
  std::vector<Client> clients;
  std::vector<Decision> decisions;   ///< By their last times, oldest first.
  std::uint64_t decision_count = 0;  ///< All that were ever taken.
};

}  // namespace penstock
