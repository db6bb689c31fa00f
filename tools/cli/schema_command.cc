#include "tools/cli/schema_command.h"

#include <iostream>

#include "engine/graph/graph_schema.h"
#include "engine/package/manifest_schema.h"
#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/known_types.h"

namespace penstock {
namespace {

constexpr const char* kHelp = R"(usage: penstock schema [--manifest]

Prints the JSON schema of graph files, for editors that complete and check while one types.
  --manifest   that of the manifest of model packages instead

example: penstock schema > penstock.schema.json
and in the first line of a graph file: # yaml-language-server: $schema=penstock.schema.json
)";

int run(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(args, {{"--manifest"}, {}, "", 0, 0});
  if (!parsed.has_value()) {
    return report_usage("schema", parsed.error());
  }
  std::cout << (parsed->has("--manifest") ? manifest_schema() : graph_schema(make_registry()));
  return kExitDone;
}

}  // namespace

Command schema_command() {
  return {"schema", "print the JSON schema of graph files or manifests, for editors", kHelp, run};
}

}  // namespace penstock
