#include "tools/cli/bench_folder.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/runfiles.h"

namespace penstock {
namespace {

/// A folder with a program `hop` and a file `infer` that is none.
std::filesystem::path folder() {
  const auto path = testing::scratch_folder() / "bench";
  std::filesystem::create_directories(path);
  std::ofstream(path / "hop") << "#!/bin/sh\n";
  std::filesystem::permissions(path / "hop", std::filesystem::perms::owner_all);
  std::ofstream(path / "infer") << "";
  return path;
}

TEST(BenchFolder, ListsWhatIsBuilt) {
  const auto built = built_benches(folder());
  ASSERT_EQ(built.size(), 1U);
  EXPECT_STREQ(built[0].name, "hop");
}

TEST(BenchFolder, FindsAProgram) {
  const auto path = folder();
  const auto found = find_bench(path, "hop");
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(*found, path / "hop");
}

TEST(BenchFolder, TellsUnbuiltFromUnknown) {
  const auto path = folder();
  const auto unbuilt = find_bench(path, "infer");
  ASSERT_FALSE(unbuilt.has_value());
  EXPECT_EQ(unbuilt.error().code, Errc::kNotFound);
  const auto unknown = find_bench(path, "ifner");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error(),
            (Error{Errc::kInvalidArgument, "no benchmark 'ifner'; did you mean 'infer'?"}));
}

}  // namespace
}  // namespace penstock
