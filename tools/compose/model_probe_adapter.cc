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

}  // namespace

ModelFacts facts_of(const ModelInfo& info) {
  return {facts_of(info.inputs), facts_of(info.outputs)};
}

Result<ModelFacts> DriverModelProbe::probe(const ModelChoice& choice) {
  if (!driver_.has_value()) {
    driver_ = start_();
  }
  if (!driver_->has_value()) {
    return driver_->error();
  }
  PENSTOCK_ASSIGN_OR_RETURN(const ModelFile file, files_.find(choice));
  if (!file.has_host_graphs()) {
    PENSTOCK_ASSIGN_OR_RETURN(const ModelInfo info, inspect(file.path));
    return facts_of(info);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const ModelChain chain, read_chain(***driver_, file));
  return facts_of(outside_of(chain, file));
}

Result<ModelInfo> DriverModelProbe::inspect(const std::string& path) {
  auto info = (**driver_)->inspect(path);
  if (info.has_value() || !others_) {
    return info;
  }
  for (const std::shared_ptr<Driver>& other : others_()) {
    if (auto read = other->inspect(path); read.has_value()) {
      return read;
    }
  }
  return info;
}

Result<std::vector<NetworkNames>> DriverModelProbe::networks(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const Package* const package, files_.open(path));
  return network_names(package->info());
}

}  // namespace penstock
