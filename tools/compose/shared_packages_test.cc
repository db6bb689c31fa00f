#include "tools/compose/shared_packages.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

using Groups = std::vector<std::size_t>;

ModelFile file_with(const std::string& hash) {
  ModelFile file;
  file.path = hash + ".onnx";
  file.hash = hash;
  return file;
}

std::string terms_with(void (*change)(ModelSpec& model)) {
  ModelSpec model;
  change(model);
  return load_terms(model, file_with("ab"));
}

TEST(SharedPackages, OfOneContentAndDeviceAreOne) {
  EXPECT_EQ(group_packages({{"x", {"npu"}}, {"y", {"npu"}}, {"x", {"npu"}}}), (Groups{0, 1, 0}));
}

TEST(SharedPackages, ThatNeverMeetStayApart) {
  EXPECT_EQ(group_packages({{"x", {"npu"}}, {"x", {"other"}}}), (Groups{0, 1}));
}

TEST(SharedPackages, MeetByWayOfAThird) {
  EXPECT_EQ(group_packages({{"x", {"a"}}, {"x", {"b"}}, {"x", {"a", "b"}}, {"x", {"c"}}}),
            (Groups{0, 0, 0, 3}));
}

TEST(SharedPackages, WithoutAFileAreNobodyElses) {
  EXPECT_EQ(load_terms({}, {}), "");
  EXPECT_EQ(group_packages({{"", {"npu"}}, {"", {"npu"}}}), (Groups{0, 1}));
}

TEST(SharedPackages, AreToldApartByWhatTheyAreLoadedWith) {
  const std::string plain = terms_with([](ModelSpec&) {});
  EXPECT_NE(plain, load_terms({}, file_with("cd")));
  EXPECT_NE(plain, terms_with([](ModelSpec& model) { model.mode = "batch4"; }));
  EXPECT_NE(plain, terms_with([](ModelSpec& model) { model.cores = 2; }));
  EXPECT_NE(plain, terms_with([](ModelSpec& model) { model.batch_size = 4; }));
  EXPECT_NE(plain,
            terms_with([](ModelSpec& model) { model.driver_options.set("precision", "f32"); }));
}

TEST(SharedPackages, KeepTheirUsersWordsApart) {
  const std::string plain = terms_with([](ModelSpec&) {});
  EXPECT_EQ(plain, terms_with([](ModelSpec& model) {
              model.name = "vans";
              model.knobs.weight = 3;
              model.knobs.priority = Priority::kHigh;
              model.knobs.ifmap_queue_size = 4;
            }));
}

TEST(SharedPackages, OfOneFileDifferByNetworkAndVariant) {
  ModelFile small = file_with("ab");
  small.is_in_package = true;
  small.network.name = "net";
  small.network.variants.resize(1);
  small.network.variants[0].name = "small";
  ModelFile large = small;
  large.network.variants[0].name = "large";
  EXPECT_NE(load_terms({}, small), load_terms({}, large));
  EXPECT_EQ(load_terms({}, small), load_terms({}, small));
}

}  // namespace
}  // namespace penstock
