#include "engine/graph/graph_spec.h"

#include <algorithm>

namespace penstock {
namespace {

template <class T>
const T* find_named(const std::vector<T>& list, std::string_view name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const T& item) { return item.name == name; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

const char* to_string(DropPolicy policy) noexcept {
  switch (policy) {
    case DropPolicy::kNone:
      return "none";
    case DropPolicy::kOldest:
      return "oldest";
    case DropPolicy::kNewest:
      return "newest";
  }
  return "unknown";
}

const ActorSpec* GraphSpec::find_actor(std::string_view actor) const {
  return find_named(actors, actor);
}

const ModelSpec* GraphSpec::find_model(std::string_view model) const {
  return find_named(models, model);
}

const DeviceSpec* GraphSpec::find_device(std::string_view device) const {
  return find_named(devices, device);
}

}  // namespace penstock
