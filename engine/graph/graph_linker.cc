#include "engine/graph/graph_linker.h"

#include <algorithm>
#include <queue>
#include <set>
#include <tuple>
#include <utility>

#include "engine/yaml/nearest_word.h"

namespace penstock {
namespace {

bool is_part(const std::string& word) {
  return word == "pre" || word == "infer" || word == "post";
}

std::size_t count_ports(const std::vector<LinkedEdge>& edges) {
  std::set<std::string> ports;
  for (const LinkedEdge& edge : edges) {
    ports.insert(edge.port);
  }
  return ports.size();
}

template <class Port>
std::string port_list(const std::vector<Port>& ports) {
  std::string text = "its ports:";
  for (const Port& port : ports) {
    text += (text.back() == ':' ? " " : ", ") + port.name;
  }
  return text;
}

}  // namespace

GraphLinker::GraphLinker(const GraphDraft& draft, Diagnostics& diagnostics)
    : draft_(draft),
      diagnostics_(diagnostics) {
  for (std::size_t index = 0; index < draft.actors.size(); ++index) {
    actors_.emplace(draft.actors[index].spec.name, index);
  }
}

LinkedGraph GraphLinker::link() {
  const std::size_t errors_before = diagnostics_.error_count();
  linked_.inputs.resize(draft_.actors.size());
  linked_.complete.resize(draft_.actors.size(), true);
  for (std::size_t consumer = 0; consumer < draft_.actors.size(); ++consumer) {
    link_actor(consumer);
  }
  sort_actors();
  linked_.sound = diagnostics_.error_count() == errors_before;
  return std::move(linked_);
}

void GraphLinker::link_actor(std::size_t consumer) {
  const ActorDraft& actor = draft_.actors[consumer];
  const ActorType* type = actor.spec.type;
  if (type != nullptr && type->is_source()) {
    if (actor.has_in) {
      diagnostics_.error("E032",
                         actor.in_place,
                         "actor '" + actor.spec.name + "' (" + type->name() +
                             ") is a source: it has no input port",
                         "remove 'in'");
    }
    return;
  }
  bool complete = actor.edges_sound;
  for (const EdgeDraft& edge : actor.edges) {
    LinkedEdge linked;
    linked.draft = &edge;
    const bool has_target = link_target(edge, linked);
    const bool has_port = link_input(actor, edge, linked);
    complete = complete && has_target && has_port;
    if (has_target && has_port) {
      linked_.inputs[consumer].push_back(std::move(linked));
    }
  }
  if (type != nullptr && complete) {
    complete = check_ports(consumer);
  }
  linked_.complete[consumer] = complete;
  check_twice(consumer);
}

bool GraphLinker::link_target(const EdgeDraft& edge, LinkedEdge& linked) {
  std::string port;
  auto found = actors_.find(edge.target);
  if (found == actors_.end()) {
    const std::size_t dot = edge.target.rfind('.');
    if (dot != std::string::npos) {
      found = actors_.find(std::string_view(edge.target).substr(0, dot));
      port = edge.target.substr(dot + 1);
      if (found != actors_.end() && port.empty()) {
        diagnostics_.error("E032",
                           edge.place,
                           "'" + edge.target + "' names no port after the dot",
                           "write '" + edge.target.substr(0, dot) + "', or a port's name");
        return false;
      }
    }
  }
  if (found == actors_.end()) {
    report_unknown_actor(edge);
    return false;
  }
  linked.producer = found->second;
  return link_output(edge, port, linked);
}

bool GraphLinker::link_output(const EdgeDraft& edge, const std::string& port, LinkedEdge& linked) {
  const ActorSpec& producer = draft_.actors[linked.producer].spec;
  const ActorType* type = producer.type;
  if (type == nullptr) {
    return true;  // its type is already reported; what it gives out is not known
  }
  if (type->outputs().empty()) {
    diagnostics_.error(
        "E032",
        edge.place,
        "actor '" + producer.name + "' (" + type->name() + ") is a sink: it has no output port");
    return false;
  }
  if (port.empty()) {
    return true;
  }
  if (type->does_run_model() && is_part(port)) {
    linked.part = port;
    return true;
  }
  if (type->find_output(port) == nullptr) {
    diagnostics_.error(
        "E032",
        edge.place,
        "actor '" + producer.name + "' (" + type->name() + ") has no output port '" + port + "'",
        port_list(type->outputs()));
    return false;
  }
  linked.from_port = port;
  return true;
}

void GraphLinker::report_unknown_actor(const EdgeDraft& edge) {
  std::string hint;
  if (!diagnostics_.is_full()) {
    std::vector<std::string> known;
    for (const auto& [name, index] : actors_) {
      known.push_back(name);
    }
    const std::string near = nearest_word(edge.target, known);
    if (!near.empty()) {
      const int line = draft_.actors[actors_.find(near)->second].spec.place.line;
      hint = "did you mean '" + near + "' (line " + std::to_string(line) + ")?";
    }
  }
  diagnostics_.error("E031", edge.place, "no actor '" + edge.target + "'", hint);
}

bool GraphLinker::link_input(const ActorDraft& actor, const EdgeDraft& edge, LinkedEdge& linked) {
  const ActorType* type = actor.spec.type;
  if (type == nullptr) {
    linked.port = edge.port;
    return true;
  }
  if (edge.port.empty()) {
    linked.port = type->inputs().empty() ? "in" : type->inputs().front().name;
    return true;
  }
  if (type->find_input(edge.port) == nullptr) {
    diagnostics_.error("E032",
                       edge.port_place,
                       "actor '" + actor.spec.name + "' (" + type->name() +
                           ") has no input port '" + edge.port + "'",
                       port_list(type->inputs()));
    return false;
  }
  linked.port = edge.port;
  return true;
}

bool GraphLinker::check_ports(std::size_t consumer) {
  const ActorDraft& actor = draft_.actors[consumer];
  const SourcePlace& place = actor.has_in ? actor.in_place : actor.spec.place;
  const std::vector<LinkedEdge>& edges = linked_.inputs[consumer];
  const std::size_t errors_before = diagnostics_.error_count();
  if (actor.spec.type->takes_any_input() && edges.empty()) {
    diagnostics_.error("E035",
                       place,
                       "actor '" + actor.spec.name + "' has no input",
                       "add in: {name: ACTOR, ...}");
  } else if (actor.spec.type->is_join() && count_ports(edges) < 2) {
    diagnostics_.error("E035",
                       place,
                       "actor '" + actor.spec.name + "' (" + actor.spec.type->name() +
                           ") has one input; it wants two or more, each with a name",
                       "write in: {frames: ACTOR, results: ACTOR}");
  }
  for (const InPort& port : actor.spec.type->inputs()) {
    const bool connected = std::any_of(
        edges.begin(), edges.end(), [&](const LinkedEdge& edge) { return edge.port == port.name; });
    if (!connected && !port.optional) {
      const bool only_one = actor.spec.type->inputs().size() == 1;
      diagnostics_.error(
          "E035",
          place,
          "input port '" + port.name + "' of actor '" + actor.spec.name + "' is not connected",
          only_one ? "add in: ACTOR" : "add in: {" + port.name + ": ACTOR}");
    }
  }
  return diagnostics_.error_count() == errors_before;
}

void GraphLinker::check_twice(std::size_t consumer) {
  std::set<std::tuple<std::size_t, std::string, std::string, std::string>> seen;
  for (const LinkedEdge& edge : linked_.inputs[consumer]) {
    if (!seen.emplace(edge.producer, edge.part, edge.from_port, edge.port).second) {
      diagnostics_.error("E035",
                         edge.draft->place,
                         "'" + edge.draft->target + "' is connected twice to input port '" +
                             edge.port + "' of actor '" + draft_.actors[consumer].spec.name + "'",
                         "name it once");
    }
  }
}

void GraphLinker::sort_actors() {
  const std::size_t count = draft_.actors.size();
  std::vector<std::size_t> waiting_for(count, 0);
  std::vector<std::vector<std::size_t>> consumers(count);
  for (std::size_t consumer = 0; consumer < count; ++consumer) {
    for (const LinkedEdge& edge : linked_.inputs[consumer]) {
      consumers[edge.producer].push_back(consumer);
      ++waiting_for[consumer];
    }
  }
  // The first of the file goes first, so that the order is the user's where it may be.
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t index = 0; index < count; ++index) {
    if (waiting_for[index] == 0) {
      ready.push(index);
    }
  }
  while (!ready.empty()) {
    const std::size_t next = ready.top();
    ready.pop();
    linked_.order.push_back(next);
    for (const std::size_t consumer : consumers[next]) {
      if (--waiting_for[consumer] == 0) {
        ready.push(consumer);
      }
    }
  }
  if (linked_.order.size() < count) {
    report_circles(waiting_for);
  }
}

void GraphLinker::report_circles(const std::vector<std::size_t>& waiting_for) {
  constexpr std::size_t kUnseen = static_cast<std::size_t>(-1);
  std::vector<std::size_t> walk_of(draft_.actors.size(), kUnseen);
  for (std::size_t start = 0; start < draft_.actors.size(); ++start) {
    // Whoever still waits has a producer that waits: walk back until an actor comes twice.
    std::vector<std::size_t> path;
    std::size_t at = start;
    while (waiting_for[at] > 0 && walk_of[at] == kUnseen) {
      walk_of[at] = start;
      path.push_back(at);
      const std::vector<LinkedEdge>& edges = linked_.inputs[at];
      const auto next = std::find_if(edges.begin(), edges.end(), [&](const LinkedEdge& edge) {
        return waiting_for[edge.producer] > 0;
      });
      at = next->producer;
    }
    if (!path.empty() && walk_of[at] == start) {
      report_circle(path, at);
    }
  }
}

void GraphLinker::report_circle(const std::vector<std::size_t>& path, std::size_t start) {
  const auto first = std::find(path.begin(), path.end(), start);
  std::vector<std::size_t> circle(first, path.end());
  std::reverse(circle.begin(), circle.end());  // the walk went against the flow
  const auto earliest = std::min_element(circle.begin(), circle.end());
  std::rotate(circle.begin(), earliest, circle.end());
  std::string text;
  for (const std::size_t actor : circle) {
    text += draft_.actors[actor].spec.name + " -> ";
  }
  text += draft_.actors[circle.front()].spec.name;
  const LinkedEdge* closing = edge_between(circle.back(), circle.front());
  diagnostics_.error("E050",
                     closing->draft->place,
                     "actors feed each other in a circle: " + text,
                     "take one of these edges out");
}

const LinkedEdge* GraphLinker::edge_between(std::size_t producer, std::size_t consumer) const {
  const std::vector<LinkedEdge>& edges = linked_.inputs[consumer];
  const auto found = std::find_if(edges.begin(), edges.end(), [&](const LinkedEdge& edge) {
    return edge.producer == producer;
  });
  return &*found;
}

}  // namespace penstock
