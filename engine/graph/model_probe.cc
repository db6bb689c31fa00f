#include "engine/graph/model_probe.h"

namespace penstock {

std::string shape_text(const std::vector<std::int64_t>& dims) {
  std::string text;
  for (const std::int64_t dim : dims) {
    text += (text.empty() ? "" : "x") + (dim < 0 ? std::string("?") : std::to_string(dim));
  }
  return text;
}

}  // namespace penstock
