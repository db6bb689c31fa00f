#include "tools/cli/actors_command.h"

#include <iostream>

#include "engine/graph/type_reference.h"
#include "engine/yaml/nearest_word.h"
#include "tools/cli/actor_json.h"
#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/known_types.h"

namespace penstock {
namespace {

constexpr const char* kHelp = R"(usage: penstock actors [NAME] [--json | --markdown]

Lists the types of actors that a graph can use, or shows one: its ports with what they need and
add, its options with type, unit, range and default.
  --json      the same for programs
  --markdown  the whole reference of the language, for documents

example: penstock actors tracker
)";

int run(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(args, {{"--json", "--markdown"}, {}, "NAME", 0, 1});
  if (!parsed.has_value()) {
    return report_usage("actors", parsed.error());
  }
  const TypeRegistry registry = make_registry();
  if (parsed->plain().empty()) {
    std::cout << (parsed->has("--json")       ? actor_list_json(registry) + "\n"
                  : parsed->has("--markdown") ? reference_markdown(registry)
                                              : actor_list_text(registry));
    return kExitDone;
  }
  const std::string& name = parsed->plain().front();
  const ActorType* type = registry.find(name);
  if (type == nullptr) {
    const std::vector<std::string> known = registry.actor_names();
    const std::string near = did_you_mean(name, known);
    return report_error(
        {Errc::kNotFound,
         "no actor type '" + name + "'; " + (near.empty() ? "wants " + one_of(known) : near)},
        kExitUsage);
  }
  std::cout << (parsed->has("--json") ? actor_json(*type) + "\n" : actor_help_text(*type));
  return kExitDone;
}

}  // namespace

Command actors_command() {
  return {"actors", "list the types of actors, or show one", kHelp, run};
}

}  // namespace penstock
