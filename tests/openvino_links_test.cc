// OpenVINO as tools/setup brings it: links, finds its plug-ins, reads and compiles the detector,
// and its TBB is the only one in the process, even though OpenCV wants Debian's.

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <opencv2/core.hpp>
#include <openvino/openvino.hpp>

#include "tests/support/runfiles.h"

namespace penstock {
namespace {

/// Returns the files from which libraries of that name are mapped into this process.
std::set<std::string> mapped_libraries(const std::string& name) {
  std::set<std::string> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const auto slash = line.find('/');
    if (slash == std::string::npos) {
      continue;
    }
    const std::filesystem::path path = line.substr(slash);
    if (path.filename().string().rfind(name, 0) == 0) {
      found.insert(path.string());
    }
  }
  return found;
}

TEST(OpenvinoLinks, ReadsAndCompilesTheDetectorOnTheCpu) {
  ov::Core core;
  auto model = core.read_model(testing::asset("models/ssd_mobilenet_v2_oid.tflite").string());
  auto compiled = core.compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32));
  EXPECT_EQ(compiled.input().get_shape(), (ov::Shape{1, 300, 300, 3}));
  EXPECT_EQ(compiled.outputs().size(), 2U);
}

TEST(OpenvinoLinks, ItsTbbIsTheOnlyOneInTheProcess) {
  const ov::Core core;
  // Keeps OpenCV, and with it its wish for libtbb, among what this program loads.
  ASSERT_FALSE(cv::getBuildInformation().empty());
  const auto openvino = mapped_libraries("libopenvino.so");
  const auto tbb = mapped_libraries("libtbb.so");
  ASSERT_EQ(openvino.size(), 1U);
  ASSERT_EQ(tbb.size(), 1U);
  EXPECT_EQ(std::filesystem::path(*tbb.begin()).parent_path(),
            std::filesystem::path(*openvino.begin()).parent_path());
}

}  // namespace
}  // namespace penstock
