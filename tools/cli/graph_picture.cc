#include "tools/cli/graph_picture.h"

#include <algorithm>
#include <map>

#include "engine/base/check.h"
#include "engine/graph/type_registry.h"

namespace penstock {
namespace {

constexpr std::size_t kNamedStreams = 3;

std::string count_text(std::size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

std::string streams_text(const std::vector<std::string>& names) {
  std::string text = names.size() == 1 ? "stream " : "streams ";
  for (std::size_t i = 0; i < std::min(names.size(), kNamedStreams); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  return names.size() <= kNamedStreams
             ? text
             : text + " and " + std::to_string(names.size() - kNamedStreams) + " more";
}

class Painter {
 public:
  Painter(const GraphSpec& spec, const Topology& topology, const Plan& plan)
      : spec_(spec),
        topology_(topology),
        plan_(plan) {}

  GraphPicture paint() {
    picture_.title = spec_.name + ": " + count_text(plan_.streams.size(), "stream") + ", " +
                     count_text(plan_.segments.size(), "segment");
    for (std::size_t n = 0; n < topology_.nodes.size(); ++n) {
      picture_.boxes.push_back({topology_.nodes[n].name, lines_of(n), topology_.nodes[n].kind, 0});
    }
    add_frames();
    add_arrows();
    return std::move(picture_);
  }

 private:
  [[nodiscard]] std::vector<std::string> lines_of(std::size_t n) const {
    const ActorSpec& actor = spec_.actors[n];
    std::vector<std::string> lines = {actor.type->name()};
    if (!actor.model.empty()) {
      const ModelSpec* model = spec_.find_model(actor.model);
      PENSTOCK_CHECK(model != nullptr) << actor.model;
      lines.push_back("model " + actor.model + " on " + actor.device);
      if (model->batch_size > 1) {
        lines.push_back("batch " + std::to_string(model->batch_size));
      }
    }
    if (topology_.nodes[n].kind == Topology::Kind::kSource) {
      lines.push_back(streams_text(topology_.nodes[n].streams));
      lines.push_back(topology_.nodes[n].live ? "live, window " + window_of(n) : "lossless");
    }
    return lines;
  }

  [[nodiscard]] std::string window_of(std::size_t source) const {
    const auto stream = std::find_if(plan_.streams.begin(),
                                     plan_.streams.end(),
                                     [&](const Plan::Stream& s) { return s.source == source; });
    return stream == plan_.streams.end() ? "0" : std::to_string(stream->window);
  }

  void add_frames() {
    std::map<std::vector<std::size_t>, std::size_t> copies;
    for (const Plan::Segment& segment : plan_.segments) {
      ++copies[segment.nodes];
    }
    for (const Plan::Segment& segment : plan_.segments) {
      const auto copied = copies.find(segment.nodes);
      if (copied == copies.end()) {
        continue;  // A copy of one that was drawn.
      }
      for (const std::size_t n : segment.nodes) {
        picture_.boxes[n].frame = picture_.frames.size();
      }
      picture_.frames.push_back({frame_title(segment, copied->second), segment.nodes});
      copies.erase(copied);
    }
  }

  [[nodiscard]] std::string frame_title(const Plan::Segment& segment, std::size_t copies) const {
    if (plan_.streams.size() == 1) {
      return {};
    }
    if (segment.stream.has_value()) {
      return "per stream, x" + std::to_string(copies);
    }
    return "shared by " + std::to_string(segment.streams.size());
  }

  void add_arrows() {
    for (std::size_t n = 0; n < topology_.nodes.size(); ++n) {
      for (const Topology::Input& input : topology_.nodes[n].inputs) {
        picture_.arrows.push_back({input.from, n, label_of(input, n)});
      }
    }
  }

  [[nodiscard]] std::string label_of(const Topology::Input& input, std::size_t to) const {
    const auto edge =
        std::find_if(plan_.edges.begin(), plan_.edges.end(), [&](const Plan::Edge& one) {
          return plan_.segments[one.from].nodes.back() == input.from &&
                 plan_.segments[one.to].nodes.front() == to && one.from_port == input.from_port &&
                 one.to_port == input.to_port;
        });
    if (edge == plan_.edges.end()) {
      return {};
    }
    std::string text = ports_text(input, to) + "queue " + std::to_string(edge->queue);
    if (edge->overflow == Overflow::kDropOldest) {
      text += ", drop oldest";
    } else if (edge->overflow == Overflow::kDropNewest) {
      text += ", drop newest";
    }
    return text;
  }

  [[nodiscard]] std::string ports_text(const Topology::Input& input, std::size_t to) const {
    const ActorSpec& consumer = spec_.actors[to];
    const ActorType& producer = *spec_.actors[input.from].type;
    std::string text;
    if (producer.outputs().size() > 1) {
      text = producer.outputs().at(input.from_port).name + " ";
    }
    if (consumer.type->inputs().size() > 1 || consumer.type->takes_any_input()) {
      const auto& inputs = topology_.nodes[to].inputs;
      const auto at = static_cast<std::size_t>(&input - inputs.data());
      text += "to " + consumer.inputs.at(at).port;
    }
    return text.empty() ? text : text + ": ";
  }

  const GraphSpec& spec_;
  const Topology& topology_;
  const Plan& plan_;
  GraphPicture picture_;
};

}  // namespace

const char* word_of(Topology::Kind kind) {
  switch (kind) {
    case Topology::Kind::kSource:
      return "source";
    case Topology::Kind::kStation:
      return "station";
    case Topology::Kind::kSink:
      return "sink";
    case Topology::Kind::kStep:
      break;
  }
  return "step";
}

GraphPicture make_picture(const GraphSpec& spec, const Topology& topology, const Plan& plan) {
  return Painter(spec, topology, plan).paint();
}

}  // namespace penstock
