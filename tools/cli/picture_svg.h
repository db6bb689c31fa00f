#pragma once

#include <string>

#include "tools/cli/graph_picture.h"

namespace penstock {

/// Returns `picture` as an SVG document that needs nothing else: a box a node, coloured by what it
/// does, a frame round each segment, arrows with their queues. Text from graph files is escaped.
std::string picture_svg(const GraphPicture& picture);

}  // namespace penstock
