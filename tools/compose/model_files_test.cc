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
  const auto file = files_.find({path});
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
  const auto file = files_.find({(folder_ / "package").string()});
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
          - {name: anchors, type: f32, shape: [1, 4]}
          - {name: boxes, type: f32, shape: [1, 4], scale: 2, zero_point: 1}
)");
  const auto file = files_.find({(folder_ / "package").string()});
  ASSERT_TRUE(file.has_value()) << file.error().message;
  EXPECT_EQ(file->path, (folder_ / "package/model.onnx").string());
  EXPECT_EQ(file->integer_options,
            (DriverOptions{{"input_scale", "0.5"},
                           {"input_zero_point", "-3"},
                           {"output_scale", "0.25,none,2"},
                           {"output_zero_point", "0,0,1"}}));
}

TEST_F(ModelFilesTest, TakesTheNetworkAndVariantOfTheirNames) {
  for (const char* name : {"small", "large", "whole", "other"}) {
    write(std::string("package/") + name + ".onnx", name);
  }
  write("package/manifest.yaml", R"(penstock_package: 1
name: plates
networks:
  - name: detector
    variants:
      - {name: small, model: small.onnx, modes: [single]}
      - {name: large, model: large.onnx, modes: [multi]}
      - {name: whole, model: whole.onnx}
  - name: reader
    variants:
      - {name: default, model: other.onnx}
)");
  const std::string path = (folder_ / "package").string();
  const auto path_of = [&](const ModelChoice& choice) { return files_.find(choice).value().name; };
  EXPECT_EQ(path_of({path}), "small.onnx");
  EXPECT_EQ(path_of({path, "detector", ""}), "small.onnx");
  EXPECT_EQ(path_of({path, "", "whole"}), "whole.onnx");
  EXPECT_EQ(path_of({path, "reader", ""}), "other.onnx");
  EXPECT_TRUE(files_.find({path, "detector", "small"}).value().is_default);
  EXPECT_FALSE(files_.find({path, "reader", ""}).value().is_default);
  const ModelFile large = files_.find({path, "detector", "large"}).value();
  EXPECT_FALSE(large.is_default);
  ASSERT_EQ(large.network.variants.size(), 3U);
  EXPECT_EQ(large.network.variants[0].name, "large") << "the one that is used comes first";
  EXPECT_EQ(large.network.variants[1].name, "small");
  EXPECT_EQ(large.network.variants[2].name, "whole");
  const auto network = files_.find({path, "readr", ""});
  ASSERT_FALSE(network.has_value());
  EXPECT_EQ(network.error().code, Errc::kNotFound);
  EXPECT_EQ(network.error().message,
            "package 'plates' has no network 'readr'; name one of detector, reader; did you mean "
            "'reader'?");
  EXPECT_EQ(files_.find({path, "", "huge"}).error().message,
            "network 'detector' of package 'plates' has no variant 'huge'; name one of small, "
            "large, whole");
}

TEST_F(ModelFilesTest, SaysWhatIsNotThere) {
  const auto file = files_.find({(folder_ / "none.onnx").string()});
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace penstock
