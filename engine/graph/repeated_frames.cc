#include "engine/graph/repeated_frames.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace penstock {
namespace {

using Index = std::size_t;
using Indexes = std::vector<Index>;
constexpr Index kNever = std::numeric_limits<Index>::max();

/// Frames of one source: all of them, or some that an actor chose at one of its outputs.
struct Share {
  Index source = 0;  ///< Actor.
  Indexes of;        ///< Shares that hold all its frames between them; none: all of a source.
};

using Edges = std::vector<const LinkedEdge*>;

/// Two edges of one port by which a frame comes.
struct Meeting {
  const LinkedEdge* first = nullptr;
  const LinkedEdge* second = nullptr;
  Index source = 0;
};

/// That an actor gives out frames twice, as two edges bring them to one that it reads.
struct Repeat {
  Index at = 0;  ///< The actor that passes both on.
  Meeting meeting;
};

void add_sorted(const Indexes& more, Indexes& all) {
  Indexes both;
  std::set_union(all.begin(), all.end(), more.begin(), more.end(), std::back_inserter(both));
  all = std::move(both);
}

bool is_same_output(const LinkedEdge& a, const LinkedEdge& b) {
  return a.producer == b.producer && a.part == b.part && a.from_port == b.from_port;
}

class RepeatedFrames {
 public:
  RepeatedFrames(const GraphDraft& draft, const LinkedGraph& linked, Diagnostics& diagnostics)
      : draft_(draft),
        linked_(linked),
        diagnostics_(diagnostics),
        outputs_(draft.actors.size()),
        repeats_(draft.actors.size()) {}

  void check() {
    for (const Index actor : linked_.order) {
      const ActorType* const type = draft_.actors[actor].spec.type;
      if (type == nullptr || !linked_.complete[actor]) {
        continue;  // Reported; nobody knows what it gives out.
      }
      const std::vector<Edges> ports = ports_of(actor);
      if (type->is_join()) {
        for (const Edges& edges : ports) {
          check_port(actor, edges);
        }
      }
      follow(actor, ports);
    }
  }

 private:
  /// Returns the edges of the actor by port, ports in the order in which they are written.
  [[nodiscard]] std::vector<Edges> ports_of(Index actor) const {
    std::vector<Edges> ports;
    std::map<std::string, Index> by_name;
    for (const LinkedEdge& edge : linked_.inputs[actor]) {
      const auto [known, is_new] = by_name.emplace(edge.port, ports.size());
      if (is_new) {
        ports.emplace_back();
      }
      ports[known->second].push_back(&edge);
    }
    return ports;
  }

  [[nodiscard]] const Indexes& shares_of(const LinkedEdge& edge) const {
    static const Indexes unknown;
    const std::vector<Indexes>& outputs = outputs_[edge.producer];
    if (outputs.empty()) {
      return unknown;
    }
    const std::vector<OutPort>& ports = draft_.actors[edge.producer].spec.type->outputs();
    const auto port = std::find_if(
        ports.begin(), ports.end(), [&](const OutPort& out) { return out.name == edge.from_port; });
    return port == ports.end() ? outputs.front()
                               : outputs[static_cast<Index>(port - ports.begin())];
  }

  /// Works out what the actor gives out.
  void follow(Index actor, const std::vector<Edges>& ports) {
    const ActorType& type = *draft_.actors[actor].spec.type;
    std::vector<Indexes>& outputs = outputs_[actor];
    outputs.resize(type.outputs().size());
    if (type.is_source()) {
      for (Indexes& output : outputs) {
        output = {add_share({actor, {}})};
      }
      return;
    }
    Indexes arriving;
    for (const Edges& edges : ports) {
      for (const LinkedEdge* edge : edges) {
        add_sorted(shares_of(*edge), arriving);
      }
      if (type.is_join()) {
        break;  // The frames of its first input go on.
      }
    }
    const bool has_one_way = outputs.size() == 1 && (ports.size() == 1 || type.is_join());
    if (!has_one_way || does_drop(draft_.actors[actor])) {
      for (Indexes& output : outputs) {
        output = choose(arriving);
      }
      return;
    }
    outputs.front() = std::move(arriving);
    if (!type.is_join()) {
      repeats_[actor] = repeat_behind(actor, ports.front());
    }
  }

  [[nodiscard]] bool does_drop(const ActorDraft& actor) const {
    const auto drops = [](const ActorType& type, const OptionValues& options, bool is_sound) {
      return is_sound ? type.does_drop(options) : type.does_drop();
    };
    if (!actor.spec.type->does_run_model()) {
      return drops(*actor.spec.type, actor.spec.options, actor.sound);
    }
    const auto model =
        std::find_if(draft_.models.begin(), draft_.models.end(), [&](const ModelDraft& one) {
          return actor.sound && one.spec.name == actor.spec.options.get_text("model");
        });
    return model != draft_.models.end() && model->decoder != nullptr &&
           drops(*model->decoder, model->postprocess, model->sound);
  }

  Index add_share(Share share) {
    shares_.push_back(std::move(share));
    return shares_.size() - 1;
  }

  /// Returns shares of some of the frames of `arriving`, one a source.
  Indexes choose(const Indexes& arriving) {
    std::map<Index, Indexes> by_source;
    for (const Index share : arriving) {
      by_source[shares_[share].source].push_back(share);
    }
    Indexes chosen;
    for (auto& [source, from] : by_source) {
      chosen.push_back(add_share({source, std::move(from)}));
    }
    return chosen;
  }

  /// Returns whether, and from where on, an actor that passes on what `edges` bring repeats frames.
  [[nodiscard]] std::optional<Repeat> repeat_behind(Index actor, const Edges& edges) const {
    const std::vector<Meeting> meetings = meetings_of(edges);
    if (!meetings.empty()) {
      return Repeat{actor, meetings.front()};
    }
    for (const LinkedEdge* edge : edges) {
      if (repeats_[edge->producer].has_value()) {
        return repeats_[edge->producer];
      }
    }
    return std::nullopt;
  }

  /// Returns for each edge by which frames of an earlier one come again the first of these;
  /// likewise where some of its frames are all that the earlier one brings.
  [[nodiscard]] std::vector<Meeting> meetings_of(const Edges& edges) const {
    std::map<const LinkedEdge*, Meeting> found;  // By the second edge.
    if (edges.size() > 1) {
      find_meetings(edges, found);
      find_meetings(Edges(edges.rbegin(), edges.rend()), found);
    }
    std::vector<Meeting> meetings;
    for (const auto& [second, meeting] : found) {
      if (!is_same_output(*meeting.first, *meeting.second)) {  // That is E035.
        meetings.push_back(meeting);
      }
    }
    return meetings;
  }

  /// Finds edges all frames of which, of one share, come by edges before it in `edges`.
  void find_meetings(const Edges& edges, std::map<const LinkedEdge*, Meeting>& found) const {
    // By share: the first edge that brings it, and the one with which all its frames have come.
    Indexes brought(shares_.size(), kNever);
    for (Index i = 0; i < edges.size(); ++i) {
      for (const Index share : shares_of(*edges[i])) {
        brought[share] = std::min(brought[share], i);
      }
    }
    Indexes covered(shares_.size(), kNever);
    Indexes covered_by_others(shares_.size(), kNever);
    for (Index share = 0; share < shares_.size(); ++share) {  // Those it is taken from come first.
      const Indexes& of = shares_[share].of;
      const auto last = std::max_element(
          of.begin(), of.end(), [&](Index a, Index b) { return covered[a] < covered[b]; });
      covered_by_others[share] = last == of.end() ? kNever : covered[*last];
      covered[share] = std::min(brought[share], covered_by_others[share]);
    }
    for (Index i = 0; i < edges.size(); ++i) {
      for (const Index share : shares_of(*edges[i])) {
        const Index other = brought[share] < i ? brought[share] : covered_by_others[share];
        if (other < i) {
          // Edges of an actor lie in one list, in the order in which they are written.
          const LinkedEdge* const first = std::min(edges[other], edges[i]);
          const LinkedEdge* const second = std::max(edges[other], edges[i]);
          found.emplace(second, Meeting{first, second, shares_[share].source});
        }
      }
    }
  }

  void check_port(Index join, const Edges& edges) {
    const std::vector<Meeting> meetings = meetings_of(edges);
    for (const Meeting& meeting : meetings) {
      report_meeting(join, meeting);
    }
    for (const LinkedEdge* edge : edges) {
      const std::optional<Repeat>& repeat = repeats_[edge->producer];
      if (meetings.empty() && repeat.has_value()) {
        report_repeat(join, *edge, *repeat);
      }
    }
  }

  void report_meeting(Index join, const Meeting& meeting) {
    const std::string& first = meeting.first->draft->target;
    const std::string& second = meeting.second->draft->target;
    diagnostics_.error(
        "E047",
        meeting.second->draft->place,
        gets_twice(join, meeting) + ", from '" + first + "' and from '" + second +
            "'; it takes one of a frame and drops the other",
        "give each an input of its own: in: {NAME: " + first + ", NAME: " + second + ", ...}");
  }

  void report_repeat(Index join, const LinkedEdge& edge, const Repeat& repeat) {
    const ActorSpec& at = draft_.actors[repeat.at].spec;
    Meeting meeting = repeat.meeting;
    const std::string& first = meeting.first->draft->target;
    const std::string& second = meeting.second->draft->target;
    meeting.second = &edge;  // The input is the one that it ends at.
    diagnostics_.error("E047",
                       edge.draft->place,
                       gets_twice(join, meeting) + ": '" + at.name + "' (line " +
                           std::to_string(at.place.line) + ") has them from '" + first +
                           "' and from '" + second +
                           "'; the join takes one of a frame and drops the other",
                       "join '" + first + "' and '" + second + "' before '" + at.name + "'");
  }

  /// Begins a message about the input that `meeting.second` ends at.
  [[nodiscard]] std::string gets_twice(Index join, const Meeting& meeting) const {
    return "input '" + meeting.second->port + "' of join '" + draft_.actors[join].spec.name +
           "' gets frames of '" + draft_.actors[meeting.source].spec.name + "' twice";
  }

  const GraphDraft& draft_;
  const LinkedGraph& linked_;
  Diagnostics& diagnostics_;
  std::vector<Share> shares_;                   // Those that one is taken from come before it.
  std::vector<std::vector<Indexes>> outputs_;   // By actor and port, ascending; empty: not known.
  std::vector<std::optional<Repeat>> repeats_;  // By actor.
};

}  // namespace

void check_repeated_frames(const GraphDraft& draft,
                           const LinkedGraph& linked,
                           Diagnostics& diagnostics) {
  RepeatedFrames(draft, linked, diagnostics).check();
}

}  // namespace penstock
