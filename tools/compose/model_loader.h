#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/driver_device_port.h"
#include "drivers/api/driver.h"
#include "drivers/api/driver_set.h"
#include "drivers/claims/claim_folder.h"
#include "engine/base/result.h"
#include "engine/device/device_pool.h"
#include "engine/graph/graph_spec.h"
#include "engine/plan/plan.h"
#include "engine/run/inference_backend.h"
#include "engine/run/station_intake.h"
#include "engine/tensor/feature_map.h"
#include "engine/tensor/shape_bucket.h"
#include "tools/compose/model_files.h"

namespace penstock {

/// Opens the devices of one graph and loads its models on each device where they may run: once a
/// package and device, shared by all actors, and by all names of `models:` that mean the same
/// (`group_packages`). The graphs that a package has for before and after its
/// network are loaded on the processor, as packages of their own on a device of the pool, and a
/// backend of the model is a chain of the three.
///
/// Ownership: adds to a pool that outlives it; the pool owns what was opened.
/// Thread-safety: one thread, before the pool is driven; `backend_of` afterwards too.
class ModelLoader {
 public:
  struct Loaded {
    std::string model;
    std::string device;       ///< "cpu:0", the first where it may run.
    bool simulated = false;   ///< One of its devices is.
    bool calibrated = false;  ///< Its service time on one of them is pinned by its hash.
    bool from_cache = false;
    std::string mode;                               ///< Of that device; "" where it has no modes.
    std::map<std::string, std::string> properties;  ///< What is really in force there.
    /// Where its service time is from: "cost model", "calibrated: NAME (SOURCE)"; with the device
    /// behind each where they differ; "": no device is simulated.
    std::string service_time;
    std::uint32_t depth = 1;  ///< That many at the devices keep them busy.
    std::uint32_t requests =
        1;               ///< That many with the pool at once: those, and what waits its turn.
    std::string before;  ///< The graph of its package that the host runs before it; "": none.
    std::string after;   ///< Likewise, after it.
    /// With those graphs: of the first of them, and of the last.
    std::vector<std::shared_ptr<const TensorSpec>> inputs;
    std::vector<std::shared_ptr<const TensorSpec>> outputs;
    std::vector<ShapeBucket> buckets;
  };

  /// Finds the device that an entry of `devices:` means.
  using Select = std::function<Result<DeviceChoice>(const DeviceSpec&)>;

  struct Parts {
    Select select;
    std::shared_ptr<const ClaimFolder> claims;  ///< Null: claims are not shared.
    DevicePool* pool = nullptr;
    /// Told of a device that is not there, where the model has another one. May be empty.
    std::function<void(const Error& error)> on_passed_over = {};
    /// Else packages are loaded without the graphs that the host runs: where nothing is computed.
    bool runs_host_graphs = true;
  };

  explicit ModelLoader(Parts parts) : parts_(std::move(parts)) {}

  /// Loads every model that an actor of `spec` runs; `on_loaded` is called after each. Blocks for
  /// seconds. A device that is not there is passed over where the model has another one.
  /// Errors: of `ModelFiles::find`, `Select`, `DriverDevicePort::connect`, `load` and `read_chain`,
  /// naming model and device; `kInvalidArgument` where a model has other inputs or outputs on its
  /// second device.
  Status load_all(const GraphSpec& spec, const std::function<void(const Loaded&)>& on_loaded);

  /// Returns the model that `actor` runs. Pre: loaded.
  [[nodiscard]] const Loaded& at(const ActorSpec& actor) const;

  /// Returns what makes the backend of the station `actor`, whose streams are those of `plan`.
  [[nodiscard]] BackendFactory backend_of(const ActorSpec& actor, const Plan& plan);

  /// Returns what the streams of `plan` are granted at the station `actor`: of the requests that
  /// the model may have under way each has its share by weight among those of its class and above.
  /// One alone can keep the devices busy.
  [[nodiscard]] std::vector<StationIntake::Share> shares_of(const ActorSpec& actor,
                                                            const Plan& plan) const;

 private:
  struct DeviceEntry {
    DeviceNumber number;
    std::shared_ptr<Driver> driver;
    actors::DriverDevicePort* port = nullptr;  // The pool's.
    bool simulated = false;
  };

  /// A graph of a package that is loaded on the host.
  struct HostGraph {
    PackageNumber package;
    DeviceNumber device;
    std::string text;  // For messages.
    std::string word;  // "preprocess", as the manifest calls it.
    std::vector<std::shared_ptr<const TensorSpec>> inputs;
    std::vector<std::shared_ptr<const TensorSpec>> outputs;
    std::uint32_t depth = 1;
  };

  /// What a package's network and graphs take of each other.
  struct Joints {
    std::vector<std::size_t> network_takes;
    std::vector<std::size_t> after_takes;
  };

  /// What the pool knows as one package, whatever the names that the graph has for it.
  struct Package {
    PackageNumber number;
    std::vector<std::string> names;
    std::map<std::string, std::weak_ptr<LoadedModel>> on;  // By the graph's name of the device.
    std::vector<std::pair<std::string, std::string>> service_times;  // By identity of the device.
    bool has_graphs = false;  // The graphs that the host runs are loaded.
    std::optional<HostGraph> before;
    std::optional<HostGraph> after;
    Joints joints;
  };

  struct Entry {
    ModelSpec spec;
    ModelFile file;
    std::shared_ptr<Package> package;
    Loaded loaded;
    std::map<std::string, std::uint32_t> depth;  // By the graph's name of the device.
    bool needs_activation = false;
    std::vector<std::pair<std::string, std::string>> service_times;  // By identity of the device.
  };

  [[nodiscard]] const Entry& entry_of(const ActorSpec& actor) const;

  Status load_model(const GraphSpec& spec, const ActorSpec& actor, Entry& entry);
  Status load_first(const GraphSpec& spec, const ActorSpec& actor, Entry& entry);
  Status load_on_named(const GraphSpec& spec, const std::string& device, Entry& entry);
  Status load_on(const DeviceSpec& device, Entry& entry);
  /// Makes the entries of all models that are used: their files and their packages.
  Status find_packages(const GraphSpec& spec);
  Status find_file(const ModelSpec& model, Entry& entry);
  PackageNumber add_package(const Package& package,
                            const std::string& word,
                            const std::string& hash,
                            const std::string& mode);
  /// Returns the model of `entry` on a device, where another name of it may have loaded it already.
  Result<std::shared_ptr<LoadedModel>> load_once(DeviceEntry& on,
                                                 const DeviceSpec& device,
                                                 Entry& entry);
  /// A frame may run on any of a model's devices: they have to take the same.
  static Status check_equal(const Loaded& book, const ModelInfo& info, const std::string& identity);
  /// Notes in what mode a model is on a device, and where its service time there is from.
  void note_terms(const ModelInfo& info, const std::string& identity, Entry& entry);
  /// Notes what the first device that loaded a model says of it.
  static void describe(const LoadedModel& model, const std::string& identity, Entry& entry);
  /// Counts the requests of a model anew, whose depth has changed.
  static void settle_requests(Entry& entry);
  Result<DeviceEntry*> device_of(const DeviceSpec& device);
  /// The options of a load, in a mode that the package allows.
  static Result<DriverOptions> options_on(actors::DriverDevicePort& port,
                                          const DeviceSpec& device,
                                          const Entry& entry);
  /// Loads the graphs of the entry's package, where no other name of it has.
  Status load_host_graphs(const GraphSpec& spec, Entry& entry);
  Status load_graphs_of(const GraphSpec& spec, Entry& entry);
  static void describe_graphs(Entry& entry);
  Result<DeviceEntry*> host_of(const GraphSpec& spec);
  Result<HostGraph> load_host_graph(DeviceEntry& host,
                                    const Entry& entry,
                                    const HostGraphFile& file,
                                    const std::string& word);
  [[nodiscard]] DevicePool::BackendWords words_of(const ActorSpec& actor, const Entry& entry);
  [[nodiscard]] DevicePool::BackendWords words_of(const ActorSpec& actor,
                                                  const Entry& entry,
                                                  const HostGraph& graph);

  Parts parts_;
  ModelFiles files_{ModelFiles::Kinds::kAny};   // What is none, its driver says.
  std::map<std::string, Entry> entries_;        // By the name of the model; of all that are used.
  std::map<std::string, DeviceEntry> devices_;  // By the graph's name.
};

}  // namespace penstock
