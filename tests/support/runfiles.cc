#include "tests/support/runfiles.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/base/check.h"

namespace penstock::testing {
namespace {

std::string environment(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no test changes its environment.
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::filesystem::path existing(const std::filesystem::path& path) {
  PENSTOCK_CHECK(std::filesystem::exists(path))
      << "no file " << path.string()
      << ": it belongs into the test's data, and tools/setup fetches it";
  return path;
}

}  // namespace

std::filesystem::path asset(std::string_view place) {
  const std::string runfiles = environment("TEST_SRCDIR");
  // Outside of Bazel a test starts in the checkout, where tools/setup leaves models/ and clips/.
  return existing(runfiles.empty() ? std::filesystem::path(place)
                                   : std::filesystem::path(runfiles) / "assets" / place);
}

std::filesystem::path checkout_file(std::string_view path) {
  const std::string runfiles = environment("TEST_SRCDIR");
  return existing(runfiles.empty()
                      ? std::filesystem::path(path)
                      : std::filesystem::path(runfiles) / environment("TEST_WORKSPACE") / path);
}

std::filesystem::path scratch_folder() {
  const std::string folder = environment("TEST_TMPDIR");
  return folder.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(folder);
}

}  // namespace penstock::testing
