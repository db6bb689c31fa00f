#include "engine/nodes/label_union.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/nodes/label_tables.h"

namespace penstock {
namespace {

using Names = std::vector<std::string>;

std::string name_in(LabelUnion& labels, const LabelTable* table, std::int32_t id) {
  const std::int32_t own = labels.id_of(table, id);
  return labels.table()->name_of(own);
}

TEST(LabelUnion, IsTheTableItselfWhileThereIsOne) {
  const LabelTable* const people = intern_labels({"background", "person"});
  LabelUnion labels;
  labels.include(people);
  EXPECT_EQ(labels.table(), people);
  EXPECT_EQ(labels.id_of(people, 1), 1);
  EXPECT_EQ(labels.id_of(people, 7), 7);
}

TEST(LabelUnion, IsNoTableWhileThereIsNone) {
  LabelUnion labels;
  labels.include(nullptr);
  EXPECT_EQ(labels.table(), nullptr);
  EXPECT_EQ(labels.id_of(nullptr, 3), 3);
}

TEST(LabelUnion, KeepsTheNamesOfAllTables) {
  const LabelTable* const people = intern_labels({"background", "person"});
  const LabelTable* const faces = intern_labels({"face", "person"});
  LabelUnion labels;
  labels.include(people);
  labels.include(faces);
  EXPECT_EQ(labels.table()->names, Names({"background", "person", "face"}));
  EXPECT_EQ(labels.id_of(people, 1), labels.id_of(faces, 1)) << "one name, one id";
  EXPECT_EQ(name_in(labels, faces, 0), "face");
  EXPECT_EQ(labels.table(), labels.table());
}

TEST(LabelUnion, NamesNumbersByTheirText) {
  const LabelTable* const faces = intern_labels({"face"});
  LabelUnion labels;
  labels.include(nullptr);
  labels.include(faces);
  EXPECT_EQ(name_in(labels, nullptr, 0), "0");
  EXPECT_EQ(name_in(labels, nullptr, 90), "90");
  EXPECT_EQ(name_in(labels, faces, 0), "face");
  EXPECT_EQ(name_in(labels, faces, 5), "5") << "behind the end of its table";
  EXPECT_EQ(labels.id_of(faces, 5), labels.id_of(nullptr, 5));
}

TEST(LabelUnion, LeavesNumbersAsTheyAreThatNoTableCanHave) {
  LabelUnion labels;
  labels.include(intern_labels({"face"}));
  labels.include(nullptr);
  EXPECT_EQ(name_in(labels, nullptr, -1), "-1");
  EXPECT_EQ(labels.id_of(nullptr, LabelUnion::kMostNumber + 1), LabelUnion::kMostNumber + 1);
}

TEST(LabelUnion, SeldomMakesAnotherTableForNumbers) {
  LabelUnion labels;
  labels.include(intern_labels({"face"}));
  labels.include(nullptr);
  labels.id_of(nullptr, 20);
  const LabelTable* const table = labels.table();
  for (std::int32_t id = 0; id < 32; ++id) {
    EXPECT_EQ(name_in(labels, nullptr, id), std::to_string(id));
  }
  EXPECT_EQ(labels.table(), table);
}

}  // namespace
}  // namespace penstock
