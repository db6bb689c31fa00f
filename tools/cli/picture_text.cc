#include "tools/cli/picture_text.h"

#include <algorithm>

namespace penstock {
namespace {

using Kind = Topology::Kind;

/// Mermaid reads HTML's entities, with `#` for `&`.
std::string mermaid_escaped(const std::string& text) {
  std::string escaped;
  for (const char character : text) {
    switch (character) {
      case '"':
        escaped += "#quot;";
        break;
      case '<':
        escaped += "#lt;";
        break;
      case '#':
        escaped += "#35;";
        break;
      default:
        escaped += character;
    }
  }
  return escaped;
}

std::string dot_escaped(const std::string& text) {
  std::string escaped;
  for (const char character : text) {
    escaped += character == '"' || character == '\\' ? std::string{'\\', character}
                                                     : std::string(1, character);
  }
  return escaped;
}

using Escape = std::string (*)(const std::string& text);

std::string box_text(const GraphPicture::Box& box, Escape escape, const std::string& line_end) {
  std::string text = escape(box.name);
  for (const std::string& line : box.lines) {
    text += line_end + escape(line);
  }
  return text;
}

const char* dot_colour(Kind kind) {
  switch (kind) {
    case Kind::kSource:
      return "#d8ecd8";
    case Kind::kStation:
      return "#fde3c0";
    case Kind::kSink:
      return "#e4dcf3";
    case Kind::kStep:
      break;
  }
  return "#dbe8f8";
}

}  // namespace

std::string picture_mermaid(const GraphPicture& picture) {
  std::string text = "---\ntitle: \"" + mermaid_escaped(picture.title) + "\"\n---\nflowchart LR\n";
  for (std::size_t f = 0; f < picture.frames.size(); ++f) {
    const GraphPicture::Frame& frame = picture.frames[f];
    text += "  subgraph s" + std::to_string(f) + " [\"" +
            (frame.title.empty() ? " " : mermaid_escaped(frame.title)) + "\"]\n";
    for (const std::size_t b : frame.boxes) {
      const GraphPicture::Box& box = picture.boxes[b];
      text += "    n" + std::to_string(b) + "[\"" + box_text(box, mermaid_escaped, "<br/>") +
              "\"]:::" + word_of(box.kind) + "\n";
    }
    text += "  end\n";
  }
  for (const GraphPicture::Arrow& arrow : picture.arrows) {
    text += "  n" + std::to_string(arrow.from) + " -->" +
            (arrow.label.empty() ? "" : "|\"" + mermaid_escaped(arrow.label) + "\"|") + " n" +
            std::to_string(arrow.to) + "\n";
  }
  for (const Kind kind : {Kind::kSource, Kind::kStep, Kind::kStation, Kind::kSink}) {
    text += std::string("  classDef ") + word_of(kind) + " fill:" + dot_colour(kind) +
            ",stroke:#555,color:#111\n";
  }
  return text;
}

std::string picture_dot(const GraphPicture& picture) {
  std::string text = "digraph \"" + dot_escaped(picture.title) + "\" {\n" +
                     "  rankdir=LR;\n  node [shape=box, style=\"filled,rounded\", "
                     "fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n" +
                     "  label=\"" + dot_escaped(picture.title) + "\";\n";
  for (std::size_t f = 0; f < picture.frames.size(); ++f) {
    text += "  subgraph cluster_" + std::to_string(f) +
            " {\n    style=\"dashed,rounded\"; label=\"" + dot_escaped(picture.frames[f].title) +
            "\";\n";
    for (const std::size_t b : picture.frames[f].boxes) {
      const GraphPicture::Box& box = picture.boxes[b];
      text += "    n" + std::to_string(b) + " [label=\"" + box_text(box, dot_escaped, "\\n") +
              "\", fillcolor=\"" + dot_colour(box.kind) + "\"];\n";
    }
    text += "  }\n";
  }
  for (const GraphPicture::Arrow& arrow : picture.arrows) {
    text += "  n" + std::to_string(arrow.from) + " -> n" + std::to_string(arrow.to) +
            (arrow.label.empty() ? "" : " [label=\"" + dot_escaped(arrow.label) + "\"]") + ";\n";
  }
  return text + "}\n";
}

std::string picture_text(const GraphPicture& picture) {
  std::string text = picture.title + "\n";
  for (const GraphPicture::Frame& frame : picture.frames) {
    text += "\nsegment" + (frame.title.empty() ? "" : " (" + frame.title + ")") + "\n";
    for (const std::size_t b : frame.boxes) {
      const GraphPicture::Box& box = picture.boxes[b];
      text += "  " + box.name + "  ";
      for (std::size_t i = 0; i < box.lines.size(); ++i) {
        text += (i == 0 ? "" : ", ") + box.lines[i];
      }
      text += "\n";
      for (const GraphPicture::Arrow& arrow : picture.arrows) {
        if (arrow.from == b) {
          text += "    -> " + picture.boxes[arrow.to].name +
                  (arrow.label.empty() ? "  fused" : "  " + arrow.label) + "\n";
        }
      }
    }
  }
  return text;
}

}  // namespace penstock
