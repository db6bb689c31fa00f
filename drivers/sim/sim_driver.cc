#include "drivers/sim/sim_driver.h"

#include <charconv>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/option_reader.h"
#include "drivers/sim/profiles/builtin_profiles.h"
#include "drivers/sim/sim_device.h"

namespace penstock::sim {
namespace {

constexpr int kMostDevices = 64;

/// Takes the lines of all devices, each with its identity before it.
class TraceFile {
 public:
  static Result<std::shared_ptr<TraceFile>> open(const std::string& path) {
    auto file = std::make_shared<TraceFile>();
    file->out_.open(path, std::ios::trunc);
    if (!file->out_) {
      return Error{Errc::kInvalidArgument, "option 'trace': cannot write '" + path + "'"};
    }
    return file;
  }

  void write(const std::string& identity, std::string_view line) {
    const std::lock_guard lock(mutex_);
    out_ << identity << ' ' << line << '\n';
  }

 private:
  std::mutex mutex_;
  std::ofstream out_;
};

/// One word of `devices`: "metis", "4*metis", "path/own.yaml".
struct WantedDevices {
  std::string profile;
  int count = 1;
};

std::vector<WantedDevices> read_devices(OptionReader& reader) {
  std::vector<WantedDevices> wanted;
  std::string rest = reader.text("devices", "mx3, metis, aries") + ",";
  int total = 0;
  for (auto comma = rest.find(','); comma != std::string::npos; comma = rest.find(',')) {
    std::string word = rest.substr(0, comma);
    rest.erase(0, comma + 1);
    word.erase(0, word.find_first_not_of(' '));
    word.erase(word.find_last_not_of(' ') + 1);
    if (word.empty()) {
      continue;
    }
    WantedDevices devices;
    if (const auto star = word.find('*'); star != std::string::npos) {
      const auto [end, fault] = std::from_chars(word.data(), word.data() + star, devices.count);
      if (fault != std::errc() || end != word.data() + star || devices.count < 1 ||
          devices.count > kMostDevices) {
        reader.reject("devices", "'" + word + "': a count from 1 to 64 stands before the *");
        devices.count = 1;
      }
      word.erase(0, star + 1);
    }
    devices.profile = word;
    total += devices.count;
    wanted.push_back(std::move(devices));
  }
  if (total > kMostDevices) {
    reader.reject("devices", "more than 64 devices");
  }
  return wanted;
}

Result<std::vector<FaultRule>> read_script(OptionReader& reader, const std::string& name) {
  auto faults = parse_faults(reader.text(name), name);
  return faults.has_value() ? faults : faults.error().within("option '" + name + "'");
}

class SimDriver final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> create(DriverHost host, const DriverOptions& options) {
    auto driver = std::make_unique<SimDriver>(host);
    PENSTOCK_RETURN_IF_ERROR(driver->read(options));
    return std::unique_ptr<DriverBase>(std::move(driver));
  }

  explicit SimDriver(DriverHost host)
      : host_(host),
        references_(std::make_shared<ReferenceSource>(host)) {}

  Result<std::vector<DeviceInfo>> enumerate() override {
    std::vector<DeviceInfo> devices;
    for (const auto& state : states_) {
      devices.push_back(state->info());
    }
    return devices;
  }

  Result<ModelInfo> inspect(const std::string& path) override {
    PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<ReferenceDriver> reference, references_->get());
    PENSTOCK_ASSIGN_OR_RETURN(ModelInfo info, reference->inspect(path));
    info.properties["simulated"] = "true";
    return info;
  }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& identity,
                                           Doorbell health_changed) override {
    for (const auto& state : states_) {
      if (state->info().identity == identity) {
        return std::unique_ptr<DeviceBase>(
            std::make_unique<SimDevice>(state, references_, defaults_, health_changed));
      }
    }
    return Error{Errc::kNotFound, "there is no simulated device '" + identity + "'"};
  }

 private:
  Status read(const DriverOptions& options) {
    OptionReader reader(options);
    const std::vector<WantedDevices> wanted = read_devices(reader);
    defaults_.computes = reader.word("compute", {"reference", "none"}) == "reference";
    defaults_.is_virtual = reader.word("time", {"steady", "virtual"}) == "virtual";
    const auto seed =
        static_cast<std::uint64_t>(reader.integer("seed", 1, 0, 9'000'000'000'000'000'000));
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<FaultRule> faults, read_script(reader, "faults"));
    std::map<std::string, std::vector<FaultRule>> own;
    for (const auto& [identity, script] : reader.group("faults.")) {
      PENSTOCK_ASSIGN_OR_RETURN(own[identity], parse_faults(script, "faults." + identity));
    }
    const std::string trace = reader.text("trace");
    PENSTOCK_RETURN_IF_ERROR(reader.finish());
    std::shared_ptr<TraceFile> file;
    if (!trace.empty()) {
      PENSTOCK_ASSIGN_OR_RETURN(file, TraceFile::open(trace));
    }
    std::map<std::string, int> indexes;  // By pattern of identity.
    for (const WantedDevices& devices : wanted) {
      auto found = find_profile(devices.profile);
      if (!found.has_value()) {
        return found.error().within("option 'devices'");
      }
      const auto profile = std::make_shared<const Profile>(std::move(found).value());
      for (int i = 0; i < devices.count; ++i) {
        const std::string identity = profile->identity_of(indexes[profile->identity]++);
        SimDeviceCore::Options core;
        core.seed = seed + states_.size();
        core.faults = own.count(identity) != 0 ? own[identity] : faults;
        own.erase(identity);
        if (const Status fit = check_faults(core.faults, profile->clock); !fit.has_value()) {
          return fit.error().within("device '" + identity + "'");
        }
        if (file != nullptr) {
          core.trace = [file, identity](std::string_view line) { file->write(identity, line); };
        }
        const Duration patience = defaults_.is_virtual ? Duration(0) : SimState::kPatience;
        states_.push_back(
            std::make_shared<SimState>(host_, profile, identity, std::move(core), patience));
      }
    }
    if (!own.empty()) {
      return Error{Errc::kInvalidArgument,
                   "option 'faults." + own.begin()->first + "': there is no such device"};
    }
    return {};
  }

  DriverHost host_;
  SimDefaults defaults_;
  std::shared_ptr<ReferenceSource> references_;
  std::vector<std::shared_ptr<SimState>> states_;
};

}  // namespace
}  // namespace penstock::sim

namespace penstock {

const PenstockDriverApi& sim_driver_api() {
  static const PenstockDriverApi kApi = make_driver_api<&sim::SimDriver::create>("sim", "1");
  return kApi;
}

}  // namespace penstock
