#include "tools/compose/model_files.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/runfiles.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

class ModelFilesTest : public ::testing::Test {
 protected:
  ModelFilesTest()
      : folder_(testing::scratch_folder() /
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::create_directories(folder_);
  }

  std::string write(const std::string& file, const std::string& text) const {
    const fs::path path = folder_ / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }

  const fs::path folder_;
  ModelFiles files_;
};

TEST_F(ModelFilesTest, TakesAPlainFileAsItIs) {
  const std::string path = write("model.onnx", "bytes");
  const auto file = files_.find(path);
  ASSERT_TRUE(file.has_value()) << file.error().message;
  EXPECT_EQ(file->path, path);
  EXPECT_EQ(file->hash.size(), 64U);
  EXPECT_TRUE(file->integer_options.empty());
  EXPECT_FALSE(file->has_host_graphs());
}

TEST_F(ModelFilesTest, NamesTheGraphsThatTheHostRuns) {
  write("package/model.onnx", "bytes");
  write("package/host/post.onnx", "other bytes");
  write("package/manifest.yaml", R"(penstock_package: 1
name: detector
networks:
  - name: detector
    variants:
      - {name: default, model: model.onnx, postprocess: host/post.onnx}
)");
  const auto file = files_.find((folder_ / "package").string());
  ASSERT_TRUE(file.has_value()) << file.error().message;
  EXPECT_EQ(file->package, "detector");
  EXPECT_EQ(file->name, "model.onnx");
  EXPECT_TRUE(file->has_host_graphs());
  EXPECT_EQ(file->before.path, "");
  EXPECT_EQ(file->after.name, "host/post.onnx");
  EXPECT_EQ(file->after.path, (folder_ / "package/host/post.onnx").string());
}

TEST_F(ModelFilesTest, GivesTheScalesOfAPackageInTheOrderOfItsPorts) {
  write("package/model.onnx", "bytes");
  write("package/manifest.yaml", R"(penstock_package: 1
name: detector
networks:
  - name: detector
    variants:
      - name: default
        model: model.onnx
        inputs:
          - {name: image, type: f32, shape: [1, 3, 8, 8], scale: 0.5, zero_point: -3}
        outputs:
          - {name: scores, type: f32, shape: [1, 4], scale: 0.25}
          - {name: boxes, type: f32, shape: [1, 4], scale: 2, zero_point: 1}
)");
  const auto file = files_.find((folder_ / "package").string());
  ASSERT_TRUE(file.has_value()) << file.error().message;
  EXPECT_EQ(file->path, (folder_ / "package/model.onnx").string());
  EXPECT_EQ(file->integer_options,
            (DriverOptions{{"input_scale", "0.5"},
                           {"input_zero_point", "-3"},
                           {"output_scale", "0.25,2"},
                           {"output_zero_point", "0,1"}}));
}

TEST_F(ModelFilesTest, SaysWhatIsNotThere) {
  const auto file = files_.find((folder_ / "none.onnx").string());
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace penstock
