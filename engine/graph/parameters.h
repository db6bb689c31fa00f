#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/yaml/diagnostic.h"
#include "engine/yaml/yaml_node.h"

namespace penstock {

/// Returns the value of an environment variable; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Returns the environment of this process.
Environment process_environment();

/// The parameters of a graph: their declarations under `params:`, the values of `--set`, and the
/// substitution of `$(name)` and `$(env.NAME)` in the rest of the file.
///
/// A scalar that is `$(name)` and nothing else becomes the parameter's value, of whatever kind it
/// is; inside other text the value must be text. The run-time names `$(stream) $(graph) $(seq)`
/// stay as they are. Values are not substituted again, so `--set` cannot smuggle in an expression.
///
/// Reports E010 to E012 and E017 in declarations, E020 (unknown, unset, wrong type), E021, E022.
/// Bounds: what parameters expand to has at most 8 MiB and 128 levels, however they refer to each
/// other.
/// Thread-safety: none.
class Parameters {
 public:
  /// The values given on the command line, by name.
  using Given = std::map<std::string, std::string>;

  Parameters(Given given, Environment environment, Diagnostics& diagnostics);

  /// Reads the declarations (a map, or null) and gives every parameter its value. Once.
  void declare(const YamlNode& section);

  /// Replaces every `$(...)` in `node` and below it.
  void substitute(YamlNode& node);

  /// Returns the values that must not be shown.
  [[nodiscard]] const std::vector<std::string>& secrets() const { return secrets_; }

 private:
  enum class State { kWaiting, kBusy, kDone };

  struct Parameter {
    SourcePlace place;
    YamlNode value;
    bool has_value = false;
    bool secret = false;
    std::string type;
    State state = State::kWaiting;
    std::size_t bytes = 0;
    int depth = 0;
  };

  /// A `$(...)` inside a text.
  struct Use {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string name;
  };

  void declare_one(const YamlNode::Entry& entry);
  void read_words(const YamlNode::Entry& entry, Parameter& parameter);
  void give(const std::string& name, Parameter& parameter);
  void check_given(const std::string& name, const Parameter& parameter, const std::string& text);
  void check_given_names();
  void resolve(const std::string& name, Parameter& parameter);
  void replace(YamlNode& node, int depth);
  void replace_scalar(YamlNode& node, int depth);
  void replace_whole(YamlNode& node, const std::string& name, int depth);
  std::optional<YamlNode> value_of(const std::string& name, const SourcePlace& place);
  Parameter* find_parameter(const std::string& name, const SourcePlace& place);
  std::optional<Use> next_use(YamlNode& node, std::size_t from);
  bool spend(std::size_t bytes, const SourcePlace& place);

  Given given_;
  Environment environment_;
  Diagnostics& diagnostics_;
  std::map<std::string, Parameter> parameters_;
  std::vector<std::string> path_;
  std::vector<std::string> secrets_;
  std::size_t spent_bytes_ = 0;
  bool refused_size_ = false;
};

/// True for a name that has its value only while the graph runs: stream, graph, seq.
bool is_run_time_name(std::string_view name);

}  // namespace penstock
