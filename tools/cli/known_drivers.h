#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drivers/api/driver.h"
#include "drivers/api/driver_set.h"
#include "drivers/api/model_info.h"
#include "drivers/loader/plugin_loader.h"
#include "drivers/plugin/penstock_driver.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"
#include "tools/compose/model_reader.h"
#include "tools/compose/simulated_devices.h"

namespace penstock {

/// The option by which a word of the program takes plug-ins, and the variable that names more of
/// them, with ':' between.
inline constexpr const char* kDriverOption = "--driver";
inline constexpr const char* kDriverVariable = "PENSTOCK_DRIVERS";

/// What a user can do about a model file that no driver reads.
inline constexpr const char* kReaderAdvice =
    "a plug-in whose driver reads such files is loaded with --driver FILE";

/// The option by which a word of the program takes what drivers are started with, as
/// `DRIVER.KEY=VALUE`, and the variable that has more of it, with ';' between.
inline constexpr const char* kDriverSetting = "--driver-option";
inline constexpr const char* kDriverSettingVariable = "PENSTOCK_DRIVER_OPTIONS";

/// What the command line says about drivers.
struct DriverWords {
  std::vector<std::string> files;     ///< Of `--driver`.
  std::vector<std::string> settings;  ///< Of `--driver-option`.
};

/// A driver that this program can use, not started.
struct KnownDriver {
  const PenstockDriverApi* api = nullptr;
  std::string file;            ///< Of a plug-in; empty: linked in.
  DriverOptions options = {};  ///< That it is started with; only the driver knows its keys.
  std::map<std::string, std::string> sources = {};  ///< By key, where it was said.
};

/// Those of one run of the program, in order of preference: devices of the first are tried first.
using KnownDrivers = std::vector<KnownDriver>;

/// Returns the drivers that are linked in, then the plug-ins `files`, then those of
/// `PENSTOCK_DRIVERS`; what is named again is loaded once. A file without a folder is one of the
/// working directory.
///
/// Call it before the program starts a thread that does more than wait for signals: plug-ins are
/// probed in a
/// child process (`load_driver_plugin`), and may start threads of their own. Blocks up to `limit`
/// for each. Errors, which begin with the option or the variable and name the file: of
/// `load_driver_plugin`; `kInvalidArgument` for a driver with the name of another.
Result<KnownDrivers> load_drivers(const std::vector<std::string>& files,
                                  Duration limit = kPluginLimit);

/// Likewise, with what they are started with. Options of `words` win over those of
/// `PENSTOCK_DRIVER_OPTIONS`, later ones over earlier ones.
///
/// Errors: likewise; `kInvalidArgument` for an option in another form, of a driver that there is
/// not, or of `sim`, whose devices are made as graphs say.
Result<KnownDrivers> find_drivers(const DriverWords& words, Duration limit = kPluginLimit);

/// What was found, and all that was wrong with the rest.
struct DriverSearch {
  KnownDrivers drivers;         ///< With the options that are right.
  std::vector<Error> failures;  ///< As the errors of `find_drivers`.
};

/// As `find_drivers`, but goes on behind an option that is wrong. A plug-in that cannot be loaded
/// ends the search: options may be for its driver.
DriverSearch search_drivers(const DriverWords& words, Duration limit = kPluginLimit);

/// Returns the same drivers, without options.
KnownDrivers without_options(KnownDrivers drivers);

/// Returns their names.
std::vector<std::string> names_of(const KnownDrivers& drivers);

/// Starts all of them with their options; what they log goes to the log of this process. Calls of
/// plug-ins have `CallLimits`. May block.
/// Errors: of the first driver that does not start, naming it and the file of a plug-in;
/// `kInvalidArgument` for an option that it does not take, with where that was said.
Result<DriverSet> start_drivers(const KnownDrivers& drivers);

/// Returns what asks the plug-ins among `known` to read model files, of the drivers that `start`
/// starts; null where there are none.
ModelReader::Others plugin_readers(const KnownDrivers& known,
                                   std::function<const Result<DriverSet>&()> start);

/// Likewise; they are started when they are asked for, and if one does not start the log says why.
ModelReader::Others plugin_readers(const KnownDrivers& known);

/// Finds the device that an entry of `devices:` means. Simulated ones are made as their entries
/// say, and kept: an entry means the same device every time.
///
/// Thread-safety: one thread at a time.
class DeviceSelector {
 public:
  /// `drivers` outlives it.
  explicit DeviceSelector(const DriverSet& drivers);

  /// May block. Errors: of `DriverSet::select` and `SimulatedDevices::select`.
  Result<DeviceChoice> select(const DeviceSpec& device);

 private:
  const DriverSet& drivers_;
  SimulatedDevices simulated_;
};

/// Starts the one that reads model files. May block.
Result<std::shared_ptr<Driver>> start_model_reader();

}  // namespace penstock
