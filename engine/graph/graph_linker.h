#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "engine/graph/graph_draft.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// An edge whose two ends are known. Actors are indices into `GraphDraft::actors`.
struct LinkedEdge {
  std::size_t producer = 0;
  std::string part;       ///< "pre", "infer" or "post" of an actor that runs a model; else empty.
  std::string from_port;  ///< The producer's port; empty = of its last part, the first one.
  std::string port;       ///< The consumer's port.
  const EdgeDraft* draft = nullptr;
};

/// The edges of a graph, by consumer, and an order in which producers come before consumers.
struct LinkedGraph {
  std::vector<std::vector<LinkedEdge>> inputs;  ///< One list per actor of the draft.
  std::vector<bool> complete;                   ///< Whether all edges of the actor are in `inputs`.
  std::vector<std::size_t> order;               ///< Without the actors in or behind a circle.
  bool sound = true;                            ///< Nothing was reported.
};

/// Finds out who feeds whom.
///
/// Reports E031 (unknown actor), E032 (unknown port), E035 (port unconnected, connected twice),
/// E050 (actors that feed each other in a circle). Thread-safety: none. Cost: O((actors + edges)
/// log actors), whatever the file says.
class GraphLinker {
 public:
  /// Both must outlive the linker; the result points into `draft`.
  GraphLinker(const GraphDraft& draft, Diagnostics& diagnostics);

  LinkedGraph link();

 private:
  void link_actor(std::size_t consumer);
  bool link_target(const EdgeDraft& edge, LinkedEdge& linked);
  bool link_output(const EdgeDraft& edge, const std::string& port, LinkedEdge& linked);
  bool link_input(const ActorDraft& actor, const EdgeDraft& edge, LinkedEdge& linked);
  void report_unknown_actor(const EdgeDraft& edge);
  bool check_ports(std::size_t consumer);
  void check_twice(std::size_t consumer);
  void sort_actors();
  void report_circles(const std::vector<std::size_t>& waiting_for);
  void report_circle(const std::vector<std::size_t>& path, std::size_t start);
  [[nodiscard]] const LinkedEdge* edge_between(std::size_t producer, std::size_t consumer) const;

  const GraphDraft& draft_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::size_t, std::less<>> actors_;
  LinkedGraph linked_;
};

}  // namespace penstock
