#include "engine/nodes/label_tables.h"

#include <map>
#include <memory>
#include <mutex>

namespace penstock {

const LabelTable* intern_labels(const std::vector<std::string>& names) {
  if (names.empty()) {
    return nullptr;
  }
  static std::mutex mutex;
  // Never destroyed: frames of a static in an application may end after our statics.
  static auto& tables = *new std::map<std::vector<std::string>, std::unique_ptr<LabelTable>>();
  const std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<LabelTable>& table = tables[names];
  if (table == nullptr) {
    table = std::make_unique<LabelTable>();
    table->names = names;
  }
  return table.get();
}

}  // namespace penstock
