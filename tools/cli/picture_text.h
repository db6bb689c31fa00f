#pragma once

#include <string>

#include "tools/cli/graph_picture.h"

namespace penstock {

/// Each returns `picture` in a language that other programs draw; text from graph files is escaped.

/// Mermaid's flowchart, for Markdown.
std::string picture_mermaid(const GraphPicture& picture);

/// Graphviz's DOT.
std::string picture_dot(const GraphPicture& picture);

/// Plain text for a terminal: a paragraph for each segment.
std::string picture_text(const GraphPicture& picture);

}  // namespace penstock
