#include "tools/cli/graph_command.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

#include "engine/base/system_reason.h"
#include "engine/plan/plan.h"
#include "engine/yaml/nearest_word.h"
#include "tools/cli/arguments.h"
#include "tools/cli/console.h"
#include "tools/cli/graph_loader.h"
#include "tools/cli/graph_picture.h"
#include "tools/cli/known_drivers.h"
#include "tools/cli/known_types.h"
#include "tools/cli/picture_svg.h"
#include "tools/cli/picture_text.h"
#include "tools/compose/topology_builder.h"

namespace penstock {
namespace {

constexpr const char* kHelp =
    R"(usage: penstock graph FILE [--format svg|mermaid|dot|text] [-o FILE] [--set NAME=VALUE]...
                            [--driver FILE]... [--driver-option DRIVER.KEY=VALUE]...

Draws a graph as it will run: its nodes, round them a frame for each segment (nodes in one frame
hand frames on without a queue), and the queues between.
  --format WORD     text (default), svg, mermaid (for Markdown), dot (for Graphviz); with -o the
                    default is told by the name: .svg, .mmd, .dot, .gv, .txt
  -o FILE           writes to FILE instead of stdout
  --set NAME=VALUE  gives a parameter of the graph its value
  --driver FILE     loads a plug-in, as PENSTOCK_DRIVERS does, whose driver may read model files of
                    its own kind
  --driver-option DRIVER.KEY=VALUE
                    starts the driver with an option of its own, as PENSTOCK_DRIVER_OPTIONS does,
                    with ';' between

example: penstock graph graphs/people.yaml -o people.svg
)";

struct Format {
  const char* name;
  std::string (*draw)(const GraphPicture& picture);
};

constexpr Format kFormats[] = {{"svg", picture_svg},
                               {"mermaid", picture_mermaid},
                               {"dot", picture_dot},
                               {"text", picture_text}};

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

Result<Format> find_format(const std::string& name) {
  std::vector<std::string> known;
  for (const Format& format : kFormats) {
    if (name == format.name) {
      return format;
    }
    known.emplace_back(format.name);
  }
  const std::string near = did_you_mean(name, known);
  return Error{
      Errc::kInvalidArgument,
      "unknown format '" + name + "'; " + (near.empty() ? "wants " + one_of(known) : near)};
}

/// Errors: kInvalidArgument for a name such as a.png: text in such a file would open nowhere.
Result<std::string> format_told_by(const std::optional<std::string>& file) {
  if (!file.has_value() || ends_with(*file, ".txt") ||
      std::filesystem::path(*file).extension().empty()) {
    return std::string("text");
  }
  if (ends_with(*file, ".svg")) {
    return std::string("svg");
  }
  if (ends_with(*file, ".mmd") || ends_with(*file, ".mermaid")) {
    return std::string("mermaid");
  }
  if (ends_with(*file, ".dot") || ends_with(*file, ".gv")) {
    return std::string("dot");
  }
  return Error{Errc::kInvalidArgument,
               "the name '" + *file +
                   "' tells no format; name it .svg, .mmd, .dot, .gv or .txt, or "
                   "add --format"};
}

Result<Format> wanted_format(const Arguments& words) {
  const auto named = words.value("--format");
  if (named.has_value()) {
    return find_format(*named);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::string told, format_told_by(words.value("-o")));
  return find_format(told);
}

/// The picture shows nothing that depends on the number of requests, which only a device knows.
RequestsOfModel any_requests(const GraphSpec& spec) {
  RequestsOfModel requests;
  for (const ModelSpec& model : spec.models) {
    requests[model.name] = 1;
  }
  return requests;
}

Result<GraphPicture> picture_of(const GraphSpec& spec) {
  PENSTOCK_ASSIGN_OR_RETURN(const Topology topology, build_topology(spec, any_requests(spec)));
  PENSTOCK_ASSIGN_OR_RETURN(const Plan planned, plan(topology));
  return make_picture(spec, topology, planned);
}

Status write_file(const std::string& path, const std::string& text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file.good()) {
    return Error{Errc::kUnavailable, "cannot write '" + path + "'" + system_reason(errno)};
  }
  return {};
}

int run(std::span<const std::string> args) {
  const auto parsed = Arguments::parse(
      args, {{}, {"--format", "-o", "--set", kDriverOption, kDriverSetting}, "FILE", 1, 1});
  if (!parsed.has_value()) {
    return report_usage("graph", parsed.error());
  }
  const auto output = parsed->value("-o");
  const auto format = wanted_format(*parsed);
  if (!format.has_value()) {
    return report_usage("graph", format.error());
  }
  const auto drivers =
      find_drivers({parsed->values(kDriverOption), parsed->values(kDriverSetting)});
  if (!drivers.has_value()) {
    return report_error(drivers.error(), kExitUsage);
  }
  const TypeRegistry registry = make_registry();
  const auto checked = load_graph(parsed->plain().front(), *parsed, {&registry, &*drivers, false});
  if (!checked.has_value()) {
    return report_usage("graph", checked.error());
  }
  show_diagnostics(*checked);
  if (!checked->spec.has_value()) {
    return kExitUsage;
  }
  const auto picture = picture_of(*checked->spec);
  if (!picture.has_value()) {
    return report_error(picture.error(), kExitUsage);
  }
  const std::string text = format->draw(*picture);
  if (!output.has_value()) {
    std::cout << text;
    return kExitDone;
  }
  const Status written = write_file(*output, text);
  return written.has_value() ? kExitDone : report_error(written.error(), kExitFailed);
}

}  // namespace

Command graph_command() {
  return {"graph", "draw a graph with its segments", kHelp, run};
}

}  // namespace penstock
