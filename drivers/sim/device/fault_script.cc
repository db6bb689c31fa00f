#include <array>
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

FaultKind kind_of(const std::string& word) {
  for (const FaultKind kind : kKinds) {
    if (word == to_string(kind)) {
      return kind;
    }
  }
  return FaultKind::kLost;
}

FaultRule read_rule(const YamlNode& item, Diagnostics& diagnostics) {
  YamlFields fields(item, "faults", diagnostics);
  FaultRule rule;
  rule.kind = kind_of(fields.require("kind").word("kind",
                                                  {"lost",
                                                   "hang",
                                                   "slow",
                                                   "probe_wrong",
                                                   "failed_load",
                                                   "claim_race",
                                                   "throttle",
                                                   "link_errors"}));
  const Duration at = fields.duration("at");
  const std::int64_t after = fields.integer("after", 0, 0, 1'000'000'000'000);
  const double probability = fields.number("probability", 0, 0, 1);
  const Duration lasts = fields.duration("for");
  const Duration until = fields.duration("until");
  rule.factor = fields.number("factor", 2, 0.01, 1e6);
  rule.count = fields.integer("count", 1, 1, 1'000'000'000);
  rule.mhz = fields.number("mhz", 0, 0, 1e6);
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
  if (fields.has("at") + fields.has("after") + fields.has("probability") > 1) {
    fields.reject(
        "kind",
        "starts at a time, after a number of frames or with a probability, not two of them");
  }
  if (fields.has("for") && fields.has("until")) {
    fields.reject("until", "ends after `for` or at `until`, not both");
  }
  if (fields.has("until") && until <= at) {
    fields.reject("until", "must be later than `at`");
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

}  // namespace penstock::sim
