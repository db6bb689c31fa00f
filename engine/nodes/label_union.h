#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/frame/results.h"

namespace penstock {

/// Puts results of several label tables under one: the names of all of them, each once.
///
/// As long as it has seen one table, that is the table, and ids stay as they are. From the second
/// one on ids are translated, for results of the first one too, so that one name has one id
/// whichever branches a frame came by. Tables that are included before the first frame comes are
/// counted from it on. Numbers without a name (results without a table, or ids
/// behind its end) get their text as name, as sinks print it.
///
/// Ownership: tables are those of `intern_labels`. Thread-safety: one thread at a time.
/// Cost: a table that is seen first costs its names; later O(1) an id, without allocation.
class LabelUnion {
 public:
  /// Greatest number without a name that gets one; others keep their id.
  static constexpr std::int32_t kMostNumber = 65535;

  /// Makes results of `table`, which may be null, part of the union.
  void include(const LabelTable* table);

  /// Returns what `id` of `table` is in the union. Pre: `table` is included.
  std::int32_t id_of(const LabelTable* table, std::int32_t id);

  /// Returns the table of all that is included and was asked for so far.
  const LabelTable* table();

 private:
  using Translation = std::vector<std::int32_t>;  // By id of the table.

  std::int32_t id_of_name(const std::string& name);
  void name_numbers(Translation& translation, std::int32_t last);

  std::map<const LabelTable*, Translation> parts_;
  std::vector<std::string> names_;
  std::map<std::string, std::int32_t> ids_;
  const LabelTable* table_ = nullptr;
  bool is_stale_ = true;
};

}  // namespace penstock
