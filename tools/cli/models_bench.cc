#include "tools/cli/models_bench.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "actors/workers.h"
#include "drivers/claims/claim_folder.h"
#include "engine/base/printable.h"
#include "engine/run/run_status.h"
#include "tools/bench/device_graph.h"
#include "tools/cli/arguments.h"
#include "tools/cli/command.h"
#include "tools/cli/console.h"
#include "tools/cli/device_access.h"
#include "tools/cli/known_drivers.h"
#include "tools/compose/model_files.h"
#include "tools/compose/model_probe_adapter.h"

namespace penstock {

const char* const kModelsBenchHelp =
    R"(       penstock models bench MODEL [--device DEVICE] [--seconds N] [options] [--json]

bench runs a model on one device as fast as it goes, through the devices' scheduler and a graph of a
source, the model and a sink; the inputs are random and the same every time. It prints three rates:
Device, what the device alone would do (frames over the time in which it worked; simulated devices
say so); CPU, what the processors would do (frames over CPU time, times cores); System, what came
out. And the latency, of a frame at the device and through the whole graph.
  --device DEVICE   cpu, gpu, npu, auto, noop, sim:PROFILE (mx3, metis, aries or a file), or an
                    identity that `penstock devices` lists (auto), with its driver before it where
                    two drivers have the same: noop/noop:0
  --driver FILE     loads a plug-in with a driver, after the linked-in drivers and before those that
                    PENSTOCK_DRIVERS names, with ':' between
  --driver-option DRIVER.KEY=VALUE
                    starts the driver with an option of its own, as PENSTOCK_DRIVER_OPTIONS does,
                    with ';' between
  --network NAME, --variant NAME
                    of a package, instead of its first network and of that its first variant
  --seconds N       how long it measures, after a warm-up (10)
  --mode NAME       execution mode, of devices that have modes
  --cores N         sub-devices that it may use, the first N (all)
  --batch N         frames a request (1)
  --compute WORD    of simulated devices: reference runs the model on the host, none does not
  --scales dynamic  of simulated int8 devices: runs a float model without scales
)";

namespace {

constexpr Duration kTick = std::chrono::milliseconds(100);
constexpr Duration kStartLimit = std::chrono::seconds(60);
constexpr double kMostSeconds = 86'400;

/// What the words ask for.
struct Wish {
  std::string model;  ///< A path.
  std::string network;
  std::string variant;
  std::string device;
  double seconds = 10;
  std::int64_t cores = 0;  ///< 0: all.
  std::int64_t batch = 1;
};

/// What was measured.
struct Figures {
  double seconds = 0;
  std::uint64_t frames = 0;
  std::uint64_t failed = 0;
  double device_fps = 0;
  double cpu_fps = 0;  ///< Of all of this machine's processors, if they did nothing else.
  double system_fps = 0;
  double utilisation = 0;
  double cpu_ms = 0;  ///< A frame, of all threads.
  RunStatus run;
  PoolStatus pool;

  [[nodiscard]] const PoolStatus::Device& device() const { return pool.devices.front(); }

  /// A simulated device says how fast the one would be that it plays; noop plays none.
  [[nodiscard]] bool is_modelled() const { return device().simulated && device().device_fps > 0; }

  /// A simulated device whose rate the host cannot keep.
  [[nodiscard]] bool is_host_limited() const {
    return is_modelled() && (device().host_limited || cpu_fps < device_fps);
  }
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Result<Wish> wish_of(const Arguments& words) {
  Wish wish;
  wish.model = words.plain().front();
  wish.network = words.value("--network").value_or("");
  wish.variant = words.value("--variant").value_or("");
  wish.device = words.value("--device").value_or("auto");
  const std::string seconds = words.value("--seconds").value_or("10");
  const char* const end = seconds.data() + seconds.size();
  const auto [stop, code] = std::from_chars(seconds.data(), end, wish.seconds);
  if (code != std::errc() || stop != end || !(wish.seconds > 0) || wish.seconds > kMostSeconds) {
    return Error{Errc::kInvalidArgument,
                 "--seconds wants a number above 0, a day at most, not '" + seconds + "'"};
  }
  PENSTOCK_ASSIGN_OR_RETURN(wish.cores, whole_number(words, "--cores", 0));
  PENSTOCK_ASSIGN_OR_RETURN(wish.batch, whole_number(words, "--batch", 1));
  if (words.value("--cores").has_value() && wish.cores < 1) {
    return Error{Errc::kInvalidArgument, "--cores wants at least 1; without it all are used"};
  }
  if (wish.batch < 1) {
    return Error{Errc::kInvalidArgument, "--batch wants at least 1"};
  }
  return wish;
}

/// Returns the entry of `devices:` that the word of `--device` means.
Result<DeviceSpec> device_of(const std::string& word, const DriverSet& drivers) {
  DeviceSpec device;
  device.name = word;
  const std::vector<std::string> kinds = {"auto", "cpu", "gpu", "npu", "noop", "sim"};
  if (std::find(kinds.begin(), kinds.end(), word) != kinds.end()) {
    device.type = word;
    return device;
  }
  PENSTOCK_ASSIGN_OR_RETURN(std::optional<DeviceSpec> simulated, simulated_entry(word));
  if (simulated.has_value()) {
    return *std::move(simulated);
  }
  std::vector<std::string> others = {"sim:PROFILE"};
  others.insert(others.end(), kinds.begin(), kinds.end());
  PENSTOCK_ASSIGN_OR_RETURN(const DeviceChoice choice,
                            find_device(list_devices(drivers, true), word, std::move(others)));
  device.type = to_string(choice.info.kind);
  device.id = choice.info.identity;
  device.driver = choice.driver->name();
  return device;
}

/// Returns ports as noop wants them: it reads no files.
std::string ports_text(const std::vector<TensorFacts>& ports, const char* name) {
  std::string text;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    text += (i == 0 ? "" : ",") + (name + std::to_string(i)) + ":" + ports[i].element + ":" +
            shape_text(ports[i].dims) + (ports[i].layout.empty() ? "" : ":" + ports[i].layout);
  }
  return text;
}

/// Tells noop, which reads no files, what the network takes and gives.
Status describe_ports(const ModelChoice& model, DeviceSpec& device) {
  ModelFiles files;
  PENSTOCK_ASSIGN_OR_RETURN(const ModelFile file, files.find(model));
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<Driver> driver, start_model_reader());
  PENSTOCK_ASSIGN_OR_RETURN(const ModelInfo network, driver->inspect(file.path));
  const ModelFacts facts = facts_of(network);
  device.options.set("inputs", ports_text(facts.inputs, "in"))
      .set("outputs", ports_text(facts.outputs, "out"));
  return {};
}

/// Returns the network's part of `pool`: graphs that the host runs round it are clients too.
const PoolStatus::Client& client_of(const PoolStatus& pool, const std::string& model) {
  const auto found = std::find_if(
      pool.clients.begin(), pool.clients.end(), [&](const auto& one) { return one.name == model; });
  return found == pool.clients.end() ? pool.clients.front() : *found;
}

/// Returns the models that a frame passes, where they are more than one.
std::vector<std::string> chain_of(const ModelLoader::Loaded& model) {
  std::vector<std::string> chain = {"the network"};
  if (!model.before.empty()) {
    chain.insert(chain.begin(), model.before + " on the host");
  }
  if (!model.after.empty()) {
    chain.push_back(model.after + " on the host");
  }
  return chain;
}

/// Waits until the first frames are out: the device is open then, and the model on it.
Status warm_up(DeviceGraph& graph, const Clock& clock, Duration warm) {
  const TimePoint limit = clock.now() + kStartLimit;
  const auto delivered = [&] {
    return status_of(graph.graph().run()).streams.front().totals.delivered;
  };
  while (delivered() == 0) {
    if (graph.graph().wait_for(kTick) || clock.now() > limit) {
      return Error{Errc::kUnavailable, "no frame came out of the device"};
    }
  }
  if (graph.graph().wait_for(warm)) {
    return Error{Errc::kUnavailable, "the graph ended by itself"};
  }
  return {};
}

/// Works the rates out of what was counted since `before`.
void work_out(const RunStatus& before, double cpu, Figures& figures) {
  const auto& now = figures.run.streams.front().totals;
  const auto& then = before.streams.front().totals;
  figures.frames = now.delivered - then.delivered;
  figures.failed = now.failed - then.failed;
  const auto frames = static_cast<double>(figures.frames);
  if (figures.frames == 0) {
    return;
  }
  figures.system_fps = frames / figures.seconds;
  figures.cpu_ms = cpu * 1e3 / frames;
  figures.cpu_fps = frames / cpu * std::max(1U, std::thread::hardware_concurrency());
  if (figures.is_modelled()) {
    figures.device_fps = figures.device().device_fps;
    figures.utilisation =
        figures.device_fps > 0 ? std::min(figures.system_fps / figures.device_fps, 1.0) : 0;
    return;
  }
  const auto busy =
      static_cast<double>(figures.run.devices.front().busy_ns - before.devices.front().busy_ns);
  figures.utilisation = std::min(busy * 1e-9 / figures.seconds, 1.0);
  figures.device_fps = figures.utilisation > 0 ? figures.system_fps / figures.utilisation : 0;
}

Result<Figures> measure(DeviceGraph& graph, const Clock& clock, double seconds) {
  constexpr std::uint64_t kNoEnd = std::uint64_t{1} << 62U;
  graph.gate().allow(kNoEnd);
  const Duration wanted(static_cast<Duration::rep>(seconds * 1e9));
  PENSTOCK_RETURN_IF_ERROR(
      warm_up(graph, clock, std::min<Duration>(std::chrono::seconds(1), wanted / 4)));
  const RunStatus before = status_of(graph.graph().run());
  const double cpu_before = cpu_seconds();
  const TimePoint start = clock.now();
  do {
    if (graph.graph().wait_for(std::min(kTick, start + wanted - clock.now()))) {
      return Error{Errc::kUnavailable, "the graph ended by itself"};
    }
  } while (clock.now() < start + wanted);
  Figures figures;
  figures.run = status_of(graph.graph().run());
  figures.seconds = seconds_of(clock.now() - start);
  const double cpu = cpu_seconds() - cpu_before;
  figures.pool = graph.pool_status();
  work_out(before, cpu, figures);
  if (figures.frames == 0) {
    return Error{Errc::kUnavailable,
                 "no frame came out in " + std::to_string(seconds) + " s" +
                     (figures.failed > 0 ? "; they failed" : "; measure longer")};
  }
  return figures;
}

double ms(std::uint64_t ns) {
  return static_cast<double>(ns) * 1e-6;
}

std::string property(const DeviceGraph& graph, const char* name) {
  const auto& all = graph.loaded().properties;
  const auto found = all.find(name);
  return found == all.end() ? "" : found->second;
}

/// Returns what of its package was chosen, behind its path.
std::string choice_text(const Wish& wish) {
  return (wish.network.empty() ? "" : ", network " + wish.network) +
         (wish.variant.empty() ? "" : ", variant " + wish.variant);
}

std::string to_text(const Wish& wish, const DeviceGraph& graph, const Figures& figures) {
  const bool simulated = figures.device().simulated;
  const auto& client = client_of(figures.pool, graph.loaded().model);
  const auto& stream = figures.run.streams.front();
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << wish.model << choice_text(wish) << " on "
       << figures.device().identity << (simulated ? " (simulated)" : "");
  if (!graph.loaded().mode.empty()) {
    text << ", mode " << graph.loaded().mode;
  }
  text << ", " << wish.batch << (wish.batch == 1 ? " frame" : " frames") << " a request\n";
  if (!property(graph, "estimate").empty()) {
    text << "service time: " << property(graph, "estimate")
         << "; compute: " << property(graph, "compute") << "\n";
  }
  if (const auto chain = chain_of(graph.loaded()); chain.size() > 1) {
    text << "a frame passes";
    for (std::size_t i = 0; i < chain.size(); ++i) {
      text << (i == 0 ? " " : ", ") << chain[i];
    }
    text << "\n";
  }
  const auto rate = [&](const char* name, double fps) -> std::ostream& {
    return text << std::left << std::setw(8) << name << std::right << std::setw(10) << fps
                << " fps   ";
  };
  rate("Device", figures.device_fps)
      << (simulated ? "simulated, " : "") << figures.utilisation * 100 << " % busy\n";
  rate("CPU", figures.cpu_fps) << std::setprecision(3) << figures.cpu_ms
                               << " ms of CPU time a frame\n"
                               << std::setprecision(1);
  rate("System", figures.system_fps)
      << figures.frames << " frames in " << figures.seconds << " s\n";
  text << std::setprecision(3) << "Latency  p50 " << ms(client.run_p50_ns) << " ms, p99 "
       << ms(client.run_p99_ns) << " ms at the device; p50 " << ms(stream.latency_p50_ns)
       << " ms, p99 " << ms(stream.latency_p99_ns) << " ms through the graph\n";
  if (figures.failed > 0) {
    text << figures.failed << " frames failed\n";
  }
  if (figures.is_host_limited()) {
    text << "host_limited: this machine cannot keep the simulated rate; the device's is "
         << std::setprecision(1) << figures.device_fps << " fps\n";
  }
  return text.str();
}

std::string to_json(const Wish& wish, const DeviceGraph& graph, const Figures& figures) {
  const auto& client = client_of(figures.pool, graph.loaded().model);
  const auto& stream = figures.run.streams.front();
  nlohmann::ordered_json json{{"model", wish.model},
                              {"network", wish.network},
                              {"variant", wish.variant},
                              {"device", figures.device().identity},
                              {"simulated", figures.device().simulated},
                              {"host_limited", figures.is_host_limited()},
                              {"mode", graph.loaded().mode},
                              {"batch", wish.batch},
                              {"seconds", figures.seconds},
                              {"frames", figures.frames},
                              {"failed", figures.failed},
                              {"device_fps", figures.device_fps},
                              {"cpu_fps", figures.cpu_fps},
                              {"system_fps", figures.system_fps},
                              {"utilisation", figures.utilisation},
                              {"cpu_ms", figures.cpu_ms}};
  json["device_latency_ms"] = {{"p50", ms(client.run_p50_ns)}, {"p99", ms(client.run_p99_ns)}};
  json["before"] = graph.loaded().before;
  json["after"] = graph.loaded().after;
  json["latency_ms"] = {{"p50", ms(stream.latency_p50_ns)}, {"p99", ms(stream.latency_p99_ns)}};
  if (!property(graph, "estimate").empty()) {
    json["estimate"] = property(graph, "estimate");
    json["calibrated"] = graph.loaded().calibrated;
    json["compute"] = property(graph, "compute");
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// Refuses more cores than the device has: it would run on fewer than the user believes.
Status check_cores(std::int64_t cores, const DeviceInfo& device) {
  const auto there = static_cast<std::int64_t>(std::max<std::size_t>(1, device.sub_devices.size()));
  if (cores <= there) {
    return {};
  }
  return Error{Errc::kInvalidArgument,
               "--cores " + std::to_string(cores) + ": device '" + device.identity + "' has " +
                   (there == 1 ? "no sub-devices to choose from"
                               : std::to_string(there) + " sub-devices, so 1 to " +
                                     std::to_string(there) + " are allowed")};
}

/// Returns the graph of `wish`, on its way.
Result<std::unique_ptr<DeviceGraph>> start(const Wish& wish,
                                           const Arguments& arguments,
                                           const DriverSet& drivers,
                                           actors::Workers& workers,
                                           const Clock& clock) {
  DeviceSelector selector(drivers);
  DeviceGraph::Words words;
  PENSTOCK_ASSIGN_OR_RETURN(words.device, device_of(wish.device, drivers));
  for (const char* name : {"compute", "scales"}) {
    const auto value = arguments.value(std::string("--") + name);
    if (value.has_value() && words.device.type != "sim") {
      return Error{Errc::kInvalidArgument,
                   std::string("--") + name + " is for simulated devices: --device sim:PROFILE"};
    }
    if (value.has_value()) {
      words.device.options.set(name, *value);
    }
  }
  words.model.name = "model";
  words.model.file = wish.model;
  words.model.network = wish.network;
  words.model.variant = wish.variant;
  if (words.device.type == "noop") {
    PENSTOCK_RETURN_IF_ERROR(describe_ports(choice_of(words.model), words.device));
  }
  words.model.mode = arguments.value("--mode").value_or("auto");
  words.model.cores = wish.cores;
  words.model.batch_size = wish.batch;
  PENSTOCK_ASSIGN_OR_RETURN(const DeviceChoice choice, selector.select(words.device));
  PENSTOCK_RETURN_IF_ERROR(check_cores(wish.cores, choice.info));
  words.select = [&](const DeviceSpec& device) -> Result<DeviceChoice> {
    if (device.name == wish.device) {
      return choice;
    }
    return selector.select(device);  // The host, for graphs that it runs.
  };
  PENSTOCK_ASSIGN_OR_RETURN(ClaimFolder claims, ClaimFolder::open());
  words.claims = std::make_shared<const ClaimFolder>(std::move(claims));
  return DeviceGraph::start(std::move(words), workers, clock);
}

int exit_code_of(const Error& error) {
  return error.code == Errc::kInvalidArgument ? kExitUsage : kExitUnavailable;
}

}  // namespace

int models_bench(std::span<const std::string> args) {
  const auto words = Arguments::parse(args,
                                      {{"--json"},
                                       {"--device",
                                        kDriverOption,
                                        kDriverSetting,
                                        "--network",
                                        "--variant",
                                        "--seconds",
                                        "--mode",
                                        "--cores",
                                        "--batch",
                                        "--compute",
                                        "--scales"},
                                       "MODEL",
                                       1,
                                       1});
  if (!words.has_value()) {
    return report_usage("models", words.error());
  }
  const auto wish = wish_of(*words);
  if (!wish.has_value()) {
    return report_usage("models", wish.error());
  }
  const auto known = find_drivers({words->values(kDriverOption), words->values(kDriverSetting)});
  if (!known.has_value()) {
    return report_error(known.error(), kExitUsage);
  }
  const auto drivers = start_drivers(*known);
  if (!drivers.has_value()) {
    return report_error(drivers.error(), exit_code_of(drivers.error()));
  }
  auto workers = actors::Workers::start(0);
  if (!workers.has_value()) {
    return report_error(workers.error(), kExitFailed);
  }
  const SteadyClock clock;
  const auto graph = start(*wish, *words, *drivers, *workers, clock);
  if (!graph.has_value()) {
    return report_error(graph.error(), exit_code_of(graph.error()));
  }
  const auto figures = measure(**graph, clock, wish->seconds);
  if (!figures.has_value()) {
    return report_error(figures.error(), kExitFailed);
  }
  std::cout << (words->has("--json") ? to_json(*wish, **graph, *figures)
                                     : printable_lines(to_text(*wish, **graph, *figures)));
  return figures->failed == 0 ? kExitDone : kExitFailed;
}

}  // namespace penstock
