#include <array>
#include <optional>
#include <sstream>
#include <utility>

#include "drivers/sim/device/fault_plan.h"
#include "drivers/sim/profiles/profile_reader.h"
#include "drivers/sim/profiles/yaml_fields.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"
#include "engine/yaml/yaml_node.h"
#include "engine/yaml/yaml_reader.h"

namespace penstock::sim {
namespace {

constexpr std::array<FaultKind, 8> kKinds = {FaultKind::kLost,
                                             FaultKind::kHang,
                                             FaultKind::kSlow,
                                             FaultKind::kProbeWrong,
                                             FaultKind::kFailedLoad,
                                             FaultKind::kClaimRace,
                                             FaultKind::kThrottle,
                                             FaultKind::kLinkErrors};

std::optional<FaultKind> kind_of(const std::string& word) {
  for (const FaultKind kind : kKinds) {
    if (word == to_string(kind)) {
      return kind;
    }
  }
  return std::nullopt;
}

/// A word that is not for every kind of fault.
struct OwnWord {
  const char* name;
  std::array<FaultKind, 2> kinds;
};

constexpr std::array<OwnWord, 4> kOwnWords = {
    {{"factor", {FaultKind::kSlow, FaultKind::kSlow}},
     {"count", {FaultKind::kFailedLoad, FaultKind::kClaimRace}},
     {"mhz", {FaultKind::kThrottle, FaultKind::kThrottle}},
     {"fails", {FaultKind::kLinkErrors, FaultKind::kLinkErrors}}}};

/// Refuses words that the kind does not take: nothing would come of them.
void check_own_words(FaultKind kind, YamlFields& fields) {
  for (const OwnWord& word : kOwnWords) {
    if (kind == word.kinds[0] || kind == word.kinds[1] || !fields.has(word.name)) {
      continue;
    }
    std::string takers = to_string(word.kinds[0]);
    if (word.kinds[1] != word.kinds[0]) {
      takers += std::string(" and ") + to_string(word.kinds[1]);
    }
    fields.reject(word.name, "is for " + takers + ", and this fault is " + to_string(kind), "E015");
  }
}

void check_times(const FaultRule& rule, YamlFields& fields) {
  if (fields.has("at") + fields.has("after") + fields.has("probability") > 1) {
    fields.reject(
        "kind",
        "starts at a time, after a number of frames or with a probability, not two of them",
        "E015");
  }
  if (fields.has("for") && fields.has("until")) {
    fields.reject("until", "ends after `for` or at `until`, not both", "E015");
  }
  if (rule.until.has_value() && *rule.until <= rule.at.value_or(Duration(0))) {
    fields.reject("until", "must be later than `at`");
  }
  if (rule.lasts == Duration(0)) {
    fields.reject("for", "must be above 0; without it the fault has no end");
  }
}

FaultRule read_rule(const YamlNode& item, Diagnostics& diagnostics) {
  YamlFields fields(item, "faults", diagnostics);
  FaultRule rule;
  fields.require("kind").word("kind",
                              {"lost",
                               "hang",
                               "slow",
                               "probe_wrong",
                               "failed_load",
                               "claim_race",
                               "throttle",
                               "link_errors"});
  const YamlNode* written = item.find("kind");
  const auto kind = kind_of(written != nullptr && written->is_scalar() ? written->text() : "");
  rule.kind = kind.value_or(FaultKind::kLost);
  const Duration at = fields.duration("at");
  const std::int64_t after = fields.integer("after", 0, 0, 1'000'000'000'000);
  const double probability = fields.number("probability", 0, 0, 1);
  const Duration lasts = fields.duration("for");
  const Duration until = fields.duration("until");
  rule.factor = fields.number("factor", 2, 0.01, 1e6);
  const std::int64_t count = fields.integer("count", 1, 1, 1'000'000'000);
  rule.mhz = fields.number("mhz", 0, 1, 1e6);
  rule.fails = fields.flag("fails", false);
  if (fields.has("at")) {
    rule.at = at;
  }
  if (fields.has("after")) {
    rule.after = after;
  }
  if (fields.has("probability")) {
    rule.probability = probability;
  }
  if (fields.has("for")) {
    rule.lasts = lasts;
  }
  if (fields.has("until")) {
    rule.until = until;
  }
  if (fields.has("count")) {
    rule.count = count;
  }
  check_times(rule, fields);
  if (kind.has_value()) {
    check_own_words(*kind, fields);
  }
  fields.finish();
  return rule;
}

}  // namespace

Result<std::vector<FaultRule>> parse_faults(const std::string& text, const std::string& name) {
  Diagnostics diagnostics;
  std::vector<FaultRule> rules;
  const SourceText source(name, text);
  const std::optional<YamlNode> root = read_yaml(source, diagnostics);
  if (root.has_value() && !root->is_null()) {
    if (!root->is_sequence()) {
      diagnostics.error("E012", root->place(), "faults want a list, not " + root->describe());
    }
    for (const YamlNode& item : root->items()) {
      rules.push_back(read_rule(item, diagnostics));
    }
  }
  if (diagnostics.has_errors()) {
    return Error{Errc::kInvalidArgument, one_line(diagnostics)};
  }
  return rules;
}

Status check_faults(const std::vector<FaultRule>& rules, const ClockSetting& clock) {
  for (const FaultRule& rule : rules) {
    if (rule.kind != FaultKind::kThrottle || rule.mhz == 0) {
      continue;
    }
    std::ostringstream what;
    what << "fault throttle, mhz " << rule.mhz << ": ";
    if (clock.steps.empty()) {
      what << "the device has no clock to hold; without mhz its health alone is degraded";
      return Error{Errc::kInvalidArgument, what.str()};
    }
    if (rule.mhz < clock.steps.front() || rule.mhz > clock.steps.back()) {
      what << "must be within the device's clocks, " << clock.steps.front() << " to "
           << clock.steps.back() << " MHz";
      return Error{Errc::kInvalidArgument, what.str()};
    }
  }
  return {};
}

}  // namespace penstock::sim
