#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/option_values.h"
#include "engine/node/node.h"
#include "engine/node/source.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// What a node is made from: its place in the graph, its options, and its model where it has one.
///
/// Ownership: `options` need to live during the call only; a maker copies what its node keeps.
struct NodeArgs {
  using Specs = std::vector<std::shared_ptr<const TensorSpec>>;

  std::string name;  ///< The actor's name ("detect.post").
  std::string graph;
  std::string stream;  ///< Its stream, where the node exists once per stream; else empty.
  const OptionValues* options = nullptr;
  /// Of the model that the node feeds (`preprocess`) or reads (decoders); else empty.
  Specs model_inputs;
  Specs model_outputs;
  /// The size of the picture that a decoder's model is given, for models whose input leaves it
  /// open: `letterbox` or `resize` of the actor before it. 0 = the model's input says it.
  Size2d model_picture;
  std::size_t inputs = 1;  ///< Ports that something is connected to; for types that name none.
  /// Of a join: by input, the kinds of results that other actors gave than those of the inputs
  /// before it. Empty where nobody knows.
  std::vector<std::set<std::string>> brings;
  /// Of a join, by kind of results: the lists of labels that they have numbers of, as far as they
  /// are known; an empty list where the numbers are all that there is.
  std::map<std::string, std::vector<std::vector<std::string>>> label_tables;
  bool is_live = false;        ///< A stream that passes here comes from a live source.
  bool is_simulated = false;   ///< A model before it runs on a simulated device.
  bool is_calibrated = false;  ///< Likewise, in a time that is pinned instead of estimated.
  std::uint64_t attempt = 0;   ///< 0 at the start; counts restarts: a sink goes on with its files.
};

/// What a source is made from.
struct SourceArgs {
  std::string name;
  std::string graph;
  std::string stream;
  const OptionValues* options = nullptr;  ///< Of the stream, not of the actor; as in `NodeArgs`.
  std::uint64_t attempt = 0;  ///< 0 at the start; counts reconnects, for sources that fail on
                              ///< demand and for those that resume.
};

/// Errors of makers: `kInvalidArgument`, `kUnsupported` for options that can never work together or
/// do not fit the model; the message names actor, option and rule.
using NodeMaker = std::function<Result<std::unique_ptr<Node>>(const NodeArgs& args)>;
using SourceMaker = std::function<Result<std::unique_ptr<Source>>(const SourceArgs& args)>;

/// Says which class stands behind the name of an actor type: the runtime's half of what the
/// `TypeRegistry` is to the language. Filled by explicit calls, like the registry; a name twice is
/// a bug and ends the process.
///
/// Thread-safety: fill from one thread; afterwards any number may read. Makers may be called from
/// any thread, also at once.
///
/// @code
///   NodeCatalogue catalogue;
///   register_builtin_nodes(catalogue);
///   catalogue.add_node("blur", [](const NodeArgs& args) -> Result<std::unique_ptr<Node>> {
///     return std::unique_ptr<Node>(std::make_unique<Blur>(args.options->get_number("strength")));
///   });
/// @endcode
class NodeCatalogue {
 public:
  NodeCatalogue& add_node(std::string type, NodeMaker maker);
  NodeCatalogue& add_source(std::string type, SourceMaker maker);

  /// Return the maker of that type; nullptr if there is none.
  [[nodiscard]] const NodeMaker* find_node(std::string_view type) const;
  [[nodiscard]] const SourceMaker* find_source(std::string_view type) const;

 private:
  std::map<std::string, NodeMaker, std::less<>> nodes_;
  std::map<std::string, SourceMaker, std::less<>> sources_;
};

}  // namespace penstock
