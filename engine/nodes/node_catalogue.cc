#include "engine/nodes/node_catalogue.h"

#include <utility>

#include "engine/base/check.h"

namespace penstock {

NodeCatalogue& NodeCatalogue::add_node(std::string type, NodeMaker maker) {
  const auto [place, is_new] = nodes_.emplace(std::move(type), std::move(maker));
  PENSTOCK_CHECK(is_new && find_source(place->first) == nullptr)
      << "actor type '" << place->first << "' is registered twice";
  return *this;
}

NodeCatalogue& NodeCatalogue::add_source(std::string type, SourceMaker maker) {
  const auto [place, is_new] = sources_.emplace(std::move(type), std::move(maker));
  PENSTOCK_CHECK(is_new && find_node(place->first) == nullptr)
      << "actor type '" << place->first << "' is registered twice";
  return *this;
}

const NodeMaker* NodeCatalogue::find_node(std::string_view type) const {
  const auto found = nodes_.find(type);
  return found == nodes_.end() ? nullptr : &found->second;
}

const SourceMaker* NodeCatalogue::find_source(std::string_view type) const {
  const auto found = sources_.find(type);
  return found == sources_.end() ? nullptr : &found->second;
}

}  // namespace penstock
