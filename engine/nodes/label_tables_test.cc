#include "engine/nodes/label_tables.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(LabelTables, AreOneForEqualLabelsAndStay) {
  const LabelTable* table = intern_labels({"a", "b"});
  EXPECT_EQ(intern_labels({"a", "b"}), table);
  EXPECT_NE(intern_labels({"a"}), table);
  EXPECT_EQ(table->name_of(1), "b");
  EXPECT_EQ(intern_labels({}), nullptr);
}

}  // namespace
}  // namespace penstock
