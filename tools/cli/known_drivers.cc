#include "tools/cli/known_drivers.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "drivers/api/steady_host.h"
#include "drivers/noop/noop_driver.h"
#include "drivers/openvino/openvino_driver.h"
#include "drivers/sim/sim_driver.h"
#include "engine/base/log.h"
#include "engine/yaml/nearest_word.h"
#include "tools/compose/driver_options.h"

namespace penstock {
namespace {

LogLevel level_of(DriverLogLevel level) {
  switch (level) {
    case DriverLogLevel::kDebug:
      return LogLevel::kDebug;
    case DriverLogLevel::kInfo:
      return LogLevel::kInfo;
    case DriverLogLevel::kWarning:
      return LogLevel::kWarning;
    case DriverLogLevel::kError:
      break;
  }
  return LogLevel::kError;
}

std::shared_ptr<HostServices> make_host() {
  return std::make_shared<SteadyHost>(
      [](DriverLogLevel level, std::string_view text) { log(level_of(level), "driver", text); },
      &openvino_driver_api());
}

std::string without_spaces_around(const std::string& text) {
  constexpr const char* kSpaces = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpaces);
  return first == std::string::npos
             ? std::string()
             : text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

/// Returns what the environment's `variable` names, with `separator` between, and perhaps spaces.
std::vector<std::string> words_of_environment(const char* variable, char separator) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets variables
  const char* const value = std::getenv(variable);
  std::vector<std::string> words;
  std::istringstream all(value == nullptr ? "" : value);
  for (std::string word; std::getline(all, word, separator);) {
    if (const std::string bare = without_spaces_around(word); !bare.empty()) {
      words.push_back(bare);
    }
  }
  return words;
}

/// Loads the plug-in `file` and adds its driver, unless it is there already.
Status add_plugin(const std::string& file, Duration limit, KnownDrivers& drivers) {
  const std::string path = file.find('/') == std::string::npos ? "./" + file : file;
  PENSTOCK_ASSIGN_OR_RETURN(const PenstockDriverApi* const api, load_driver_plugin(path, limit));
  const auto other = std::find_if(drivers.begin(), drivers.end(), [&](const KnownDriver& driver) {
    return std::string_view(driver.api->name) == api->name;
  });
  if (other == drivers.end()) {
    drivers.push_back({api, path, {}});
    return {};
  }
  if (other->api == api) {
    return {};  // The same file.
  }
  return Error{Errc::kInvalidArgument,
               "plug-in '" + path + "': its driver is called '" + api->name + "', as " +
                   (other->file.empty() ? "one that is linked in"
                                        : "that of plug-in '" + other->file + "'") +
                   " is; drivers are told apart by their names"};
}

/// Gives the driver that `setting`, "DRIVER.KEY=VALUE" of `source`, names its option.
Status add_setting(const std::string& setting, const char* source, KnownDrivers& drivers) {
  const std::size_t equals = setting.find('=');
  const std::string name = setting.substr(0, equals);
  const std::size_t dot = name.find('.');
  if (equals == std::string::npos || dot == std::string::npos || dot == 0 || name.back() == '.') {
    return Error{Errc::kInvalidArgument, "wants DRIVER.KEY=VALUE, not '" + setting + "'"};
  }
  const std::string meant = name.substr(0, dot);
  const auto driver = std::find_if(drivers.begin(), drivers.end(), [&](const KnownDriver& known) {
    return meant == known.api->name;
  });
  if (driver == drivers.end()) {
    const std::vector<std::string> names = names_of(drivers);
    const std::string near = did_you_mean(meant, names);
    return Error{Errc::kInvalidArgument,
                 "'" + setting + "': no driver '" + meant + "'; " +
                     (near.empty() ? "wants " + one_of(names) : near) +
                     "; a plug-in is loaded with " + kDriverOption + " FILE"};
  }
  if (driver->api == &sim_driver_api()) {
    return Error{Errc::kInvalidArgument,
                 "'" + setting + "': simulated devices are made as the entries of the graph's " +
                     "'devices' say: profile, seed, faults"};
  }
  driver->options[name.substr(dot + 1)] = setting.substr(equals + 1);
  driver->sources[name.substr(dot + 1)] = source;
  return {};
}

/// Returns where the options of `known` were said that `complaint` names; if it names none, of all.
std::string said_at(const KnownDriver& known, const std::string& complaint) {
  std::string named;
  std::string all;
  for (const auto& [key, source] : known.sources) {
    std::string said = source;
    said.append(": '").append(known.api->name).append(".").append(key);
    said.append("=").append(known.options.at(key)).append("'");
    all.append(all.empty() ? "" : ", ").append(said);
    if (complaint.find("'" + key + "'") != std::string::npos) {
      named.append(named.empty() ? "" : ", ").append(said);
    }
  }
  return named.empty() ? all : named;
}

/// Returns why `known` did not start, in the words of a user of the program.
Error start_failure(const KnownDriver& known, const Error& error) {
  const Error told = known.file.empty() ? error : error.within("plug-in '" + known.file + "'");
  const bool is_about_options = error.code == Errc::kInvalidArgument && !known.sources.empty();
  return is_about_options ? told.within(said_at(known, error.message)) : told;
}

/// Returns the drivers that are linked in, and those of the plug-ins up to the first failure.
DriverSearch search_plugins(const std::vector<std::string>& files, Duration limit) {
  DriverSearch search;
  search.drivers = {
      {&openvino_driver_api(), {}, {}}, {&sim_driver_api(), {}, {}}, {&noop_driver_api(), {}, {}}};
  for (const auto& [source, named] :
       {std::pair(kDriverOption, files),
        std::pair(kDriverVariable, words_of_environment(kDriverVariable, ':'))}) {
    for (const std::string& file : named) {
      if (const Status added = add_plugin(file, limit, search.drivers); !added.has_value()) {
        search.failures.push_back(added.error().within(source));
        return search;
      }
    }
  }
  return search;
}

}  // namespace

Result<KnownDrivers> load_drivers(const std::vector<std::string>& files, Duration limit) {
  DriverSearch search = search_plugins(files, limit);
  if (!search.failures.empty()) {
    return search.failures.front();
  }
  return std::move(search.drivers);
}

DriverSearch search_drivers(const DriverWords& words, Duration limit) {
  DriverSearch search = search_plugins(words.files, limit);
  if (!search.failures.empty()) {
    return search;
  }
  for (const auto& [source, settings] :
       {std::pair(kDriverSettingVariable, words_of_environment(kDriverSettingVariable, ';')),
        std::pair(kDriverSetting, words.settings)}) {
    for (const std::string& setting : settings) {
      if (const Status added = add_setting(setting, source, search.drivers); !added.has_value()) {
        search.failures.push_back(added.error().within(source));
      }
    }
  }
  return search;
}

Result<KnownDrivers> find_drivers(const DriverWords& words, Duration limit) {
  DriverSearch search = search_drivers(words, limit);
  if (!search.failures.empty()) {
    return search.failures.front();
  }
  return std::move(search.drivers);
}

KnownDrivers without_options(KnownDrivers drivers) {
  for (KnownDriver& driver : drivers) {
    driver.options.clear();
    driver.sources.clear();
  }
  return drivers;
}

std::vector<std::string> names_of(const KnownDrivers& drivers) {
  std::vector<std::string> names;
  for (const KnownDriver& driver : drivers) {
    names.emplace_back(driver.api->name);
  }
  return names;
}

Result<DriverSet> start_drivers(const KnownDrivers& drivers) {
  const auto host = make_host();
  DriverSet started;
  for (const KnownDriver& known : drivers) {
    // Drivers that are linked in come back; others' may hang.
    const auto limits = known.file.empty() ? std::nullopt : std::optional(CallLimits());
    auto driver = Driver::create(*known.api, host, known.options, limits);
    if (!driver.has_value()) {
      return start_failure(known, driver.error());
    }
    PENSTOCK_RETURN_IF_ERROR(started.add(std::move(driver).value()));
  }
  return started;
}

ModelReader::Others plugin_readers(const KnownDrivers& known,
                                   std::function<const Result<DriverSet>&()> start) {
  std::vector<std::string> names;
  for (const KnownDriver& driver : known) {
    if (!driver.file.empty()) {
      names.emplace_back(driver.api->name);
    }
  }
  if (names.empty()) {
    return nullptr;
  }
  return [names = std::move(names),
          start = std::move(start)]() -> Result<std::vector<std::shared_ptr<Driver>>> {
    const Result<DriverSet>& started = start();
    if (!started.has_value()) {
      return started.error();
    }
    std::vector<std::shared_ptr<Driver>> plugins;
    for (const std::string& name : names) {
      plugins.push_back(started->find(name));
    }
    return plugins;
  };
}

ModelReader::Others plugin_readers(const KnownDrivers& known) {
  const auto started = std::make_shared<std::optional<Result<DriverSet>>>();
  return plugin_readers(known, [known, started]() -> const Result<DriverSet>& {
    if (!started->has_value()) {
      started->emplace(start_drivers(known));
    }
    return **started;
  });
}

DeviceSelector::DeviceSelector(const DriverSet& drivers)
    : drivers_(drivers),
      simulated_([](const DriverOptions& options) {
        return Driver::create(sim_driver_api(), make_host(), options);
      }) {}

Result<DeviceChoice> DeviceSelector::select(const DeviceSpec& device) {
  return is_made_by_sim(device) ? simulated_.select(device)
                                : drivers_.select(device.type, device.id, device.driver);
}

Result<std::shared_ptr<Driver>> start_model_reader() {
  PENSTOCK_ASSIGN_OR_RETURN(Driver driver, Driver::create(openvino_driver_api(), make_host()));
  return std::make_shared<Driver>(std::move(driver));
}

}  // namespace penstock
