#include "tools/compose/model_probe_adapter.h"

#include <vector>

#include "engine/tensor/element_type.h"
#include "engine/tensor/feature_map.h"
#include "tools/compose/model_chain.h"

namespace penstock {
namespace {

std::vector<TensorFacts> facts_of(const std::vector<TensorSpec>& specs) {
  std::vector<TensorFacts> facts;
  for (const TensorSpec& spec : specs) {
    const auto extents = spec.shape.extents();
    facts.push_back(
        {spec.name, {extents.begin(), extents.end()}, to_string(spec.type), spec.layout});
  }
  return facts;
}

/// What is wrong with a file is no matter of drivers that are not there, for which `kUnavailable`
/// stands here.
Error about_file(Error error) {
  error.code = error.code == Errc::kUnavailable ? Errc::kCorrupt : error.code;
  return error;
}

}  // namespace

ModelFacts facts_of(const ModelInfo& info) {
  return {facts_of(info.inputs), facts_of(info.outputs)};
}

Result<ModelFacts> DriverModelProbe::probe(const ModelChoice& choice) {
  PENSTOCK_RETURN_IF_ERROR(reader_.host());
  const auto file = files_.find(choice);
  if (!file.has_value()) {
    return about_file(reader_.advised(file.error(), choice.path));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const ModelChain chain, read_chain(reader_, *file));
  return facts_of(outside_of(chain, *file));
}

Result<std::vector<NetworkNames>> DriverModelProbe::networks(const std::string& path) {
  const auto package = files_.open(path);
  if (!package.has_value()) {
    return about_file(package.error());
  }
  return network_names((*package)->info());
}

}  // namespace penstock
