#include "engine/nodes/label_union.h"

#include <cstddef>

#include "engine/base/check.h"
#include "engine/nodes/label_tables.h"

namespace penstock {

std::int32_t LabelUnion::id_of_name(const std::string& name) {
  const auto [known, is_new] = ids_.emplace(name, static_cast<std::int32_t>(names_.size()));
  if (is_new) {
    names_.push_back(name);
    is_stale_ = true;
  }
  return known->second;
}

void LabelUnion::include(const LabelTable* table) {
  const auto [part, is_new] = parts_.try_emplace(table);
  if (!is_new) {
    return;
  }
  if (parts_.size() == 1) {
    table_ = table;
  }
  if (table != nullptr) {
    for (const std::string& name : table->names) {
      part->second.push_back(id_of_name(name));
    }
  }
  is_stale_ = true;
}

/// Names the numbers up to `last` and as many again, so that a new one is rare: each makes another
/// table, and those are kept.
void LabelUnion::name_numbers(Translation& translation, std::int32_t last) {
  std::size_t count = 16;
  while (count <= static_cast<std::size_t>(last)) {
    count *= 2;
  }
  while (translation.size() < count) {
    translation.push_back(id_of_name(std::to_string(translation.size())));
  }
}

std::int32_t LabelUnion::id_of(const LabelTable* table, std::int32_t id) {
  const auto part = parts_.find(table);
  PENSTOCK_CHECK(part != parts_.end()) << "a table that is not included";
  if (parts_.size() == 1 || id < 0 || id > kMostNumber) {
    return id;
  }
  if (static_cast<std::size_t>(id) >= part->second.size()) {
    name_numbers(part->second, id);
  }
  return part->second[static_cast<std::size_t>(id)];
}

const LabelTable* LabelUnion::table() {
  if (parts_.size() > 1 && is_stale_) {
    table_ = intern_labels(names_);
    is_stale_ = false;
  }
  return table_;
}

}  // namespace penstock
