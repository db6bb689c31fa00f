#include "engine/nodes/testing/type_options.h"

#include "engine/base/check.h"
#include "engine/graph/option_checker.h"
#include "engine/yaml/source_text.h"
#include "engine/yaml/yaml_reader.h"

namespace penstock::testing {

OptionValues options_of(const ActorType& type, const std::string& yaml) {
  Diagnostics diagnostics;
  const auto tree = read_yaml(SourceText("options.yaml", yaml), diagnostics);
  PENSTOCK_CHECK(tree.has_value()) << yaml << " is not YAML";
  OptionChecker checker(nullptr, diagnostics);
  OptionValues values = checker.check(type.options(), *tree, {type.name(), {}, {}});
  PENSTOCK_CHECK(!diagnostics.has_errors()) << yaml << ": " << diagnostics.sorted().front().message;
  return values;
}

OptionValues options_of(const TypeRegistry& registry,
                        const std::string& type,
                        const std::string& yaml) {
  const ActorType* found = registry.find(type);
  PENSTOCK_CHECK(found != nullptr) << "no type '" << type << "'";
  return options_of(*found, yaml);
}

}  // namespace penstock::testing
