// The part of the loader that loads the graphs of a package for the host.

#include <algorithm>
#include <utility>

#include "engine/package/tensor_match.h"
#include "tools/compose/model_chain.h"
#include "tools/compose/model_loader.h"
#include "tools/compose/model_reader.h"
#include "tools/compose/placement_facts.h"

namespace penstock {
namespace {

/// How the graphs of a package are loaded on the host: in f32, whatever the network's precision,
/// since they often compute places in the picture.
DriverOptions host_options(const ModelSpec& model) {
  DriverOptions options = {{"precision", "f32"}};
  if (model.batch_size > 1) {
    options["batch"] = std::to_string(model.batch_size);
  }
  return options;
}

/// Checks that what `given` gives as loaded, in its batches, can be what `wanted` takes. Where a
/// driver has names of its own (noop), the files' names are used.
Status check_loaded(const std::string& giver,
                    const std::vector<std::shared_ptr<const TensorSpec>>& given,
                    const std::string& taker,
                    const std::vector<std::shared_ptr<const TensorSpec>>& wanted,
                    const std::vector<std::size_t>& takes) {
  if (wanted.size() != takes.size()) {
    return Error{Errc::kCorrupt,
                 taker + " has " + std::to_string(takes.size()) + " inputs in its file and " +
                     std::to_string(wanted.size()) + " on its device"};
  }
  for (std::size_t i = 0; i < takes.size(); ++i) {
    if (takes[i] >= given.size()) {
      std::string text = giver;
      text.append(" has ").append(std::to_string(given.size())).append(" outputs on its device; ");
      text.append(taker).append(" takes output ").append(std::to_string(takes[i]));
      return Error{Errc::kCorrupt, std::move(text)};
    }
    PENSTOCK_RETURN_IF_ERROR(check_joint(giver, *given[takes[i]], taker, *wanted[i]));
  }
  return {};
}

}  // namespace

Result<ModelLoader::DeviceEntry*> ModelLoader::host_of(const GraphSpec& spec) {
  for (auto& [name, device] : devices_) {
    if (device.port->info().kind == DeviceKind::kCpu) {
      return &device;
    }
  }
  DeviceSpec host;
  host.name = "host";
  while (spec.find_device(host.name) != nullptr) {
    host.name += "_";
  }
  host.type = "cpu";
  return device_of(host);
}

Status ModelLoader::load_host_graphs(const GraphSpec& spec, Entry& entry) {
  if (!entry.package->has_graphs) {
    PENSTOCK_RETURN_IF_ERROR(load_graphs_of(spec, entry));
    entry.package->has_graphs = true;
  }
  describe_graphs(entry);
  return {};
}

Status ModelLoader::load_graphs_of(const GraphSpec& spec, Entry& entry) {
  PENSTOCK_ASSIGN_OR_RETURN(DeviceEntry* const host, host_of(spec));
  // The network may be a file of its device's own kind.
  ModelReader reader([host] { return Result<std::shared_ptr<Driver>>(host->driver); },
                     [this, &entry] {
                       std::vector<std::shared_ptr<Driver>> drivers;
                       for (const auto& [device, depth] : entry.depth) {
                         drivers.push_back(devices_.at(device).driver);
                       }
                       return drivers;
                     });
  PENSTOCK_ASSIGN_OR_RETURN(ModelChain chain, read_chain(reader, entry.file));
  Package& package = *entry.package;
  const Loaded& book = entry.loaded;
  const std::string network = network_text(entry.file);
  if (!entry.file.before.path.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(package.before,
                              load_host_graph(*host, entry, entry.file.before, "preprocess"));
    const HostGraph& before = *package.before;
    PENSTOCK_RETURN_IF_ERROR(
        check_loaded(before.text, before.outputs, network, book.inputs, chain.network_takes));
  }
  if (!entry.file.after.path.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(package.after,
                              load_host_graph(*host, entry, entry.file.after, "postprocess"));
    const HostGraph& after = *package.after;
    PENSTOCK_RETURN_IF_ERROR(
        check_loaded(network, book.outputs, after.text, after.inputs, chain.after_takes));
  }
  package.joints = {std::move(chain.network_takes), std::move(chain.after_takes)};
  return {};
}

void ModelLoader::describe_graphs(Entry& entry) {
  Loaded& book = entry.loaded;
  if (const auto& before = entry.package->before; before.has_value()) {
    book.before = entry.file.before.name;
    book.inputs = before->inputs;
    book.depth += before->depth;
  }
  if (const auto& after = entry.package->after; after.has_value()) {
    book.after = entry.file.after.name;
    book.outputs = after->outputs;
    book.depth += after->depth;
  }
  settle_requests(entry);
}

Result<ModelLoader::HostGraph> ModelLoader::load_host_graph(DeviceEntry& host,
                                                            const Entry& entry,
                                                            const HostGraphFile& file,
                                                            const std::string& word) {
  HostGraph graph;
  graph.text = graph_text(entry.file, file);
  graph.word = word;
  graph.device = host.number;
  graph.package = add_package(*entry.package, word, {}, {});
  auto loaded = host.port->load(graph.package, file.path, host_options(entry.spec));
  if (!loaded.has_value()) {
    return loaded.error().within(graph.text + " on the host");
  }
  const LoadedModel& model = **loaded;
  const std::vector<PlacementFacts> placements =
      facts_of(host.port->placements(graph.package), std::max(1U, model.info().preferred_requests));
  graph.depth = depth_of(placements);
  for (std::size_t i = 0; i < model.inputs().size(); ++i) {
    graph.inputs.push_back(model.input_spec(i));
  }
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    graph.outputs.push_back(model.output_spec(i));
  }
  parts_.pool->place({graph.package, host.number, placements, !model.info().needs_activation});
  parts_.pool->describe(graph.package, graph.inputs, graph.outputs);
  return graph;
}

}  // namespace penstock
