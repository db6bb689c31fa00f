#include "tools/compose/model_chain.h"

#include <memory>
#include <utility>

#include "engine/package/tensor_match.h"

namespace penstock {
namespace {

/// Returns `error`, which drivers gave for the file at `path`, about `text`: a member of a package
/// is named as it is there, not by where it was unpacked.
Error about_member(const Error& error,
                   const std::string& path,
                   const std::string& member,
                   const std::string& text) {
  std::string message = error.message;
  if (const std::string named = "model '" + path + "': "; message.rfind(named, 0) == 0) {
    message.erase(0, named.size());
  }
  for (std::size_t at = message.find(path); at != std::string::npos;
       at = message.find(path, at + member.size())) {
    message.replace(at, path.size(), member);
  }
  return Error{error.code, std::move(message)}.within(text);
}

Result<ModelInfo> read_graph(const Driver& host,
                             const ModelFile& file,
                             const HostGraphFile& graph) {
  if (graph.path.empty()) {
    return ModelInfo();
  }
  auto read = host.inspect(graph.path);
  if (!read.has_value()) {
    return about_member(read.error(), graph.path, graph.name, graph_text(file, graph));
  }
  return read;
}

Result<ModelInfo> read_network(ModelReader& reader, const ModelFile& file) {
  auto read = reader.inspect(file.path);
  if (!read.has_value() && file.is_in_package) {
    return about_member(read.error(), file.path, file.name, network_text(file));
  }
  return read;
}

/// Returns "package 'faces'" and `what` behind it; that alone where the caller names the package.
std::string in_package(const ModelFile& file, const std::string& what) {
  return file.package.empty() ? what : "package '" + file.package + "', " + what;
}

/// Reads the graphs round the network, and joins them with it.
Result<ModelChain> join_graphs(const Driver& host, const ModelFile& file, ModelInfo network_info) {
  ModelChain chain;
  chain.network = std::move(network_info);
  PENSTOCK_ASSIGN_OR_RETURN(chain.before, read_graph(host, file, file.before));
  PENSTOCK_ASSIGN_OR_RETURN(chain.after, read_graph(host, file, file.after));
  const std::string network = "network '" + file.name + "'";
  const auto join = [&](const ModelSide& given,
                        const ModelSide& wanted) -> Result<std::vector<std::size_t>> {
    auto takes = match_tensors(given, wanted);
    if (!takes.has_value() && !file.package.empty()) {
      return takes.error().within("package '" + file.package + "'");
    }
    return takes;
  };
  if (!file.before.path.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(chain.network_takes,
                              join({"graph '" + file.before.name + "'", chain.before.outputs},
                                   {network, chain.network.inputs}));
  }
  if (!file.after.path.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(chain.after_takes,
                              join({network, chain.network.outputs},
                                   {"graph '" + file.after.name + "'", chain.after.inputs}));
  }
  return chain;
}

}  // namespace

std::string graph_text(const ModelFile& file, const HostGraphFile& graph) {
  return in_package(file, "graph '" + graph.name + "'");
}

std::string network_text(const ModelFile& file) {
  return in_package(file, "network '" + file.name + "'");
}

Result<ModelChain> read_chain(ModelReader& reader, const ModelFile& file) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<Driver> host, reader.host());
  PENSTOCK_ASSIGN_OR_RETURN(ModelInfo network, read_network(reader, file));
  return join_graphs(*host, file, std::move(network));
}

ModelInfo outside_of(const ModelChain& chain, const ModelFile& file) {
  ModelInfo info = chain.network;
  if (!file.before.path.empty()) {
    info.inputs = chain.before.inputs;
    info.input_memory = chain.before.input_memory;
  }
  if (!file.after.path.empty()) {
    info.outputs = chain.after.outputs;
    info.output_memory = chain.after.output_memory;
  }
  return info;
}

}  // namespace penstock
