#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "drivers/api/driver.h"
#include "drivers/api/model_info.h"
#include "engine/base/result.h"
#include "tools/compose/model_files.h"
#include "tools/compose/model_reader.h"

namespace penstock {

/// A network and the graphs that the host runs before and after it, as their files say, and how
/// their tensors meet.
struct ModelChain {
  ModelInfo before;  ///< Empty where there is no such graph; so is `after`.
  ModelInfo network;
  ModelInfo after;
  std::vector<std::size_t> network_takes;  ///< Outputs of `before`, one an input of the network.
  std::vector<std::size_t> after_takes;    ///< Outputs of the network, one an input of `after`.
};

/// Reads the files of a model, and joins them: the graphs with the driver of the host, which is to
/// run them, the network with whichever driver of `reader` can. Blocks.
/// Errors: of `ModelReader`, naming the graph; `kCorrupt` where tensors do not meet, naming
/// package, graph and tensor (see `match_tensors`).
Result<ModelChain> read_chain(ModelReader& reader, const ModelFile& file);

/// Returns what whoever runs `chain` as one model sees of it: the inputs of its first graph, the
/// outputs of its last.
ModelInfo outside_of(const ModelChain& chain, const ModelFile& file);

/// Returns "package 'faces', graph 'post.onnx'", for messages.
std::string graph_text(const ModelFile& file, const HostGraphFile& graph);

/// Returns "package 'faces', network 'core.onnx'".
std::string network_text(const ModelFile& file);

}  // namespace penstock
