#include "engine/graph/device_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "engine/base/quoted_list.h"
#include "engine/yaml/nearest_word.h"
#include "engine/yaml/scalar.h"

namespace penstock {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kMakesScales = "penstock models pack --calibrate";

std::string number_text(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') {
    text.pop_back();
  }
  return text;
}

/// One check of one graph. A class only to hold what every step needs.
class DeviceCheck {
 public:
  DeviceCheck(DeviceProbe& probe,
              const GraphDraft& draft,
              const std::vector<ActorSpec>& actors,
              Diagnostics& diagnostics)
      : probe_(probe),
        draft_(draft),
        actors_(actors),
        diagnostics_(diagnostics) {}

  void check() {
    for (const DeviceDraft& device : draft_.devices) {
      if (device.sound && runs_something(device.spec.name)) {
        find(device.spec);
      }
    }
    report_missing();
    for (const auto& [device, facts] : found_) {
      if (!check_sub_devices(*device, facts)) {
        wrong_claims_.insert(device->name);
      }
      for (const PropertySetting& setting : device->properties) {
        check_property(*device, facts, setting);
      }
    }
    check_models();
  }

 private:
  /// A device that is not there.
  struct Missing {
    const DeviceSpec* device = nullptr;
    SourcePlace place;
    std::string reason;
    std::string hint;
  };

  [[nodiscard]] bool runs_something(const std::string& device) const {
    return std::any_of(actors_.begin(), actors_.end(), [&](const ActorSpec& actor) {
      return std::find(actor.devices.begin(), actor.devices.end(), device) != actor.devices.end();
    });
  }

  void find(const DeviceSpec& device) {
    const Words drivers = probe_.drivers();
    if (!device.driver.empty() && !drivers.empty() &&
        std::find(drivers.begin(), drivers.end(), device.driver) == drivers.end()) {
      const std::string near = did_you_mean(device.driver, drivers);
      missing_.push_back({&device,
                          device.options.place("driver"),
                          "no driver '" + device.driver + "'; there are " + quoted_list(drivers),
                          near.empty() ? "a plug-in is loaded with --driver FILE" : near});
      return;
    }
    auto facts = probe_.find(device);
    if (facts.has_value()) {
      found_.emplace_back(&device, *std::move(facts));
    } else {
      missing_.push_back({&device,
                          place_of(device),
                          facts.error().message,
                          "'penstock devices' lists what is there"});
    }
  }

  [[nodiscard]] bool is_found(const std::string& name) const {
    return std::any_of(
        found_.begin(), found_.end(), [&](const auto& pair) { return pair.first->name == name; });
  }

  [[nodiscard]] bool can_be_spared(const std::string& device) const {
    return std::all_of(actors_.begin(), actors_.end(), [&](const ActorSpec& actor) {
      const Words& list = actor.devices;
      return std::find(list.begin(), list.end(), device) == list.end() ||
             std::any_of(
                 list.begin(), list.end(), [&](const auto& name) { return is_found(name); });
    });
  }

  void report_missing() {
    for (const Missing& missing : missing_) {
      const std::string& name = missing.device->name;
      const std::string message = "device '" + name + "': " + missing.reason;
      if (can_be_spared(name)) {
        diagnostics_.warning(
            "E060", missing.place, message, "the other devices of the list are used");
      } else {
        diagnostics_.error("E060", missing.place, message, missing.hint);
      }
    }
  }

  /// The word of the entry that says most about which device is meant.
  static SourcePlace place_of(const DeviceSpec& device) {
    for (const char* word : {"id", "profile", "type"}) {
      if (device.options.is_written(word)) {
        return device.options.place(word);
      }
    }
    return device.place;
  }

  /// False where the entry claims what the device does not have.
  bool check_sub_devices(const DeviceSpec& device, const DeviceFacts& facts) {
    const auto beyond = std::find_if(
        device.sub_devices.begin(), device.sub_devices.end(), [&](std::uint32_t index) {
          return index >= facts.sub_devices;
        });
    if (beyond != device.sub_devices.end()) {
      diagnostics_.error("E013",
                         device.options.place("sub_devices"),
                         "'sub_devices' names " + std::to_string(*beyond) + "; " + called(facts) +
                             " has " + std::to_string(facts.sub_devices) + ", counted from 0");
    }
    return beyond == device.sub_devices.end();
  }

  static std::string called(const DeviceFacts& facts) { return "device '" + facts.identity + "'"; }

  static const PropertyFacts* find_property(const DeviceFacts& facts,
                                            const PropertySetting& setting) {
    const PropertyFacts* any = nullptr;
    for (const PropertyFacts& property : facts.properties) {
      if (property.name == setting.name) {
        if (property.sub_device == setting.sub_device) {
          return &property;
        }
        any = any == nullptr ? &property : any;
      }
    }
    return any;
  }

  void check_property(const DeviceSpec& device,
                      const DeviceFacts& facts,
                      const PropertySetting& setting) {
    const PropertyFacts* property = find_property(facts, setting);
    if (property == nullptr || !property->is_writable) {
      report_no_property(facts, setting, property != nullptr);
      return;
    }
    if (setting.sub_device >= 0 && property->sub_device < 0) {
      diagnostics_.error("E012",
                         setting.place,
                         "'" + setting.name + "' of device '" + device.name +
                             "' holds for all sub-devices together",
                         "write " + setting.name + ": VALUE");
      return;
    }
    if (setting.sub_device >= static_cast<std::int64_t>(facts.sub_devices)) {
      diagnostics_.error("E013",
                         setting.place,
                         "'" + setting.name + "' names sub-device " +
                             std::to_string(setting.sub_device) + "; " + called(facts) + " has " +
                             std::to_string(facts.sub_devices) + ", counted from 0");
      return;
    }
    check_value(*property, setting);
  }

  void report_no_property(const DeviceFacts& facts, const PropertySetting& setting, bool is_there) {
    Words known;
    for (const PropertyFacts& property : facts.properties) {
      if (property.is_writable &&
          std::find(known.begin(), known.end(), property.name) == known.end()) {
        known.push_back(property.name);
      }
    }
    const std::string near = is_there ? "" : did_you_mean(setting.name, known);
    diagnostics_.error(
        "E010",
        setting.name_place,
        is_there ? "property '" + setting.name + "' of " + called(facts) + " can only be read"
                 : called(facts) + " has no property '" + setting.name + "'",
        !near.empty()   ? near
        : known.empty() ? "it has none that can be set"
                        : one_of(known));
  }

  void check_value(const PropertyFacts& property, const PropertySetting& setting) {
    const std::string named = "'" + setting.name + "'";
    switch (property.type) {
      case PropertyFacts::Type::kText:
        return;
      case PropertyFacts::Type::kBoolean:
        if (!parse_bool(setting.value).has_value()) {
          wrong_type(setting, "true or false");
        }
        return;
      case PropertyFacts::Type::kChoice:
        if (std::find(property.choices.begin(), property.choices.end(), setting.value) ==
            property.choices.end()) {
          diagnostics_.error(
              "E014",
              setting.place,
              named + " cannot be '" + setting.value + "'; it wants " + one_of(property.choices),
              did_you_mean(setting.value, property.choices));
        }
        return;
      case PropertyFacts::Type::kInteger:
        if (!parse_int(setting.value).has_value()) {
          wrong_type(setting, "a whole number");
          return;
        }
        break;
      case PropertyFacts::Type::kReal:
        break;
    }
    const auto number = parse_number(setting.value);
    if (!number.has_value()) {
      wrong_type(setting, "a number");
    } else if (*number < property.minimum || *number > property.maximum) {
      diagnostics_.error("E013",
                         setting.place,
                         named + " is '" + setting.value + "'; it wants " +
                             number_text(property.minimum) + " to " +
                             number_text(property.maximum) +
                             (property.unit.empty() ? "" : " " + property.unit));
    }
  }

  void wrong_type(const PropertySetting& setting, const std::string& wanted) {
    diagnostics_.error("E012",
                       setting.place,
                       "'" + setting.name + "' wants " + wanted + ", not '" + setting.value + "'");
  }

  void check_models() {
    std::set<std::pair<std::string, std::string>> done;
    for (const ActorSpec& actor : actors_) {
      if (!actor.type->does_run_model()) {
        continue;
      }
      const ModelDraft* model = model_of(actor);
      for (const auto& [device, facts] : found_) {
        const bool is_listed =
            std::find(actor.devices.begin(), actor.devices.end(), device->name) !=
            actor.devices.end();
        if (model != nullptr && is_listed && !wrong_claims_.contains(device->name) &&
            done.emplace(actor.model, device->name).second) {
          check_model(*model, *device, facts, actor);
          note_kept(*model, *device, facts, actor);
        }
      }
    }
    for (const auto& [device, facts] : found_) {
      check_together(*device, facts);
    }
  }

  /// A model that keeps memory of a device for as long as the graph runs.
  struct Keeper {
    const ModelDraft* model = nullptr;
    const ActorSpec* actor = nullptr;
    std::uint64_t bytes = 0;
  };

  void note_kept(const ModelDraft& model,
                 const DeviceSpec& device,
                 const DeviceFacts& facts,
                 const ActorSpec& actor) {
    if (facts.memory_bytes == 0) {
      return;
    }
    const auto bytes = probe_.kept_bytes(model.spec, device);
    if (bytes.has_value() && *bytes > 0) {
      kept_[device.name].push_back({&model, &actor, *bytes});
    }
  }

  /// Whether two models are loaded once, as far as their words tell without reading files.
  static bool is_one_package(const ModelSpec& first, const ModelSpec& second) {
    const auto words = [](const ModelSpec& model) {
      return std::tie(model.file,
                      model.network,
                      model.variant,
                      model.mode,
                      model.cores,
                      model.batch_size,
                      model.batch_buckets);
    };
    const bool is_plain = first.driver_options.names().empty() &&
                          second.driver_options.names().empty() && first.shapes.empty() &&
                          second.shapes.empty();
    return is_plain && !first.file.empty() && words(first) == words(second);
  }

  /// Reports models that fit on a device one by one, but not all at once, where they have to.
  void check_together(const DeviceSpec& device, const DeviceFacts& facts) {
    const std::vector<Keeper>& keepers = kept_[device.name];
    std::uint64_t sum = 0;
    std::string names;
    for (auto at = keepers.begin(); at != keepers.end(); ++at) {
      const Keeper& keeper = *at;
      if (keeper.bytes > facts.memory_bytes) {
        return;  // Reported for itself.
      }
      const bool is_there = std::any_of(keepers.begin(), at, [&](const Keeper& other) {
        return is_one_package(other.model->spec, keeper.model->spec);
      });
      if (is_there) {
        continue;
      }
      sum += keeper.bytes;
      names += (names.empty() ? "" : ", ") + ("'" + keeper.model->spec.name + "' ") +
               mebibytes(keeper.bytes);
    }
    if (sum <= facts.memory_bytes) {
      return;
    }
    for (const Keeper& keeper : keepers) {
      diagnostics_.error("E061",
                         place_in(*keeper.model, device, "", *keeper.actor),
                         "models on " + called(facts) + " stay there together: " + names + " are " +
                             mebibytes(sum) + ", it has " + mebibytes(facts.memory_bytes) + ", " +
                             mebibytes(sum - facts.memory_bytes) + " too little",
                         "let one of them run on another device");
    }
  }

  static std::string mebibytes(std::uint64_t bytes) {
    constexpr std::uint64_t kMebi = 1U << 20U;
    return std::to_string(bytes / kMebi + (bytes % kMebi == 0 ? 0 : 1)) + " MiB";
  }

  /// The actor's model; nullptr if something about it is wrong already.
  [[nodiscard]] const ModelDraft* model_of(const ActorSpec& actor) const {
    const auto found = std::find_if(draft_.models.begin(), draft_.models.end(), [&](const auto& m) {
      return m.spec.name == actor.model;
    });
    return found == draft_.models.end() || !found->sound || found->is_unreadable ? nullptr
                                                                                 : &*found;
  }

  void check_model(const ModelDraft& model,
                   const DeviceSpec& device,
                   const DeviceFacts& facts,
                   const ActorSpec& actor) {
    check_cores(model, device, facts, actor);
    const auto reasons = probe_.explain(model.spec, device);
    if (!reasons.has_value()) {
      diagnostics_.error(
          "E060",
          place_in(model, device, "", actor),
          "model '" + model.spec.name + "' on " + called(facts) + ": " + reasons.error().message);
      return;
    }
    for (const LoadReason& reason : *reasons) {
      // A driver that knows how scales are made says so itself.
      const bool wants_hint = reason.kind == LoadReason::Kind::kNoScales &&
                              reason.text.find(kMakesScales) == std::string::npos;
      diagnostics_.error(
          reason.kind == LoadReason::Kind::kNotBuilt ? "E060" : "E061",
          place_in(model, device, reason.subject, actor),
          "model '" + model.spec.name + "' on " + called(facts) + ": " + reason.text,
          wants_hint ? "make scales with '" + (kMakesScales + (" CLIP " + model.spec.file)) + "'"
                     : "");
    }
  }

  /// Reports a model that is to take more than the entry of the device claims.
  void check_cores(const ModelDraft& model,
                   const DeviceSpec& device,
                   const DeviceFacts& facts,
                   const ActorSpec& actor) {
    const bool is_part = !device.sub_devices.empty();
    const auto there =
        static_cast<std::int64_t>(is_part ? device.sub_devices.size() : facts.sub_devices);
    if (model.spec.cores <= there) {
      return;
    }
    diagnostics_.error("E061",
                       place_in(model, device, "cores", actor),
                       "model '" + model.spec.name + "' takes " + std::to_string(model.spec.cores) +
                           " cores; " + (is_part ? "'sub_devices' of " : "") + called(facts) +
                           (is_part ? " allows " : " has ") + std::to_string(there));
  }

  /// The word that `subject` is about, else the word that puts the model on the device.
  static SourcePlace place_in(const ModelDraft& model,
                              const DeviceSpec& device,
                              const std::string& subject,
                              const ActorSpec& actor) {
    const OptionValues& options = model.spec.options;
    if (subject.rfind("batch", 0) == 0 && options.is_written("batch") &&
        options.get_object("batch").is_written("size")) {
      return options.get_object("batch").place("size");
    }
    if (!subject.empty() && options.is_written(subject)) {
      return options.place(subject);
    }
    if (subject == "sub_devices" && device.options.is_written(subject)) {
      return device.options.place(subject);
    }
    for (const OptionValues* owner : {&options, &device.options}) {
      if (owner->has("options") && owner->get_object("options").has(subject)) {
        return owner->get_object("options").place(subject);
      }
    }
    if (subject.rfind("shape.", 0) == 0 && options.is_written("shapes")) {
      return options.place("shapes");
    }
    if (actor.devices == model.spec.devices) {
      const Words& names = model.spec.devices;
      const auto at = std::find(names.begin(), names.end(), device.name) - names.begin();
      return model.device_places[static_cast<std::size_t>(at)];
    }
    return options.place("file");
  }

  DeviceProbe& probe_;
  const GraphDraft& draft_;
  const std::vector<ActorSpec>& actors_;
  Diagnostics& diagnostics_;
  std::vector<std::pair<const DeviceSpec*, DeviceFacts>> found_;
  std::vector<Missing> missing_;
  std::set<std::string> wrong_claims_;  // Devices by the graph's name; what runs there is open.
  std::map<std::string, std::vector<Keeper>> kept_;  // By the graph's name of the device.
};

}  // namespace

void check_devices(DeviceProbe& probe,
                   const GraphDraft& draft,
                   const std::vector<ActorSpec>& actors,
                   Diagnostics& diagnostics) {
  DeviceCheck(probe, draft, actors, diagnostics).check();
}

}  // namespace penstock
