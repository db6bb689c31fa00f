// What `penstock models pack`, `verify` and `inspect` do with real models.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/package/package.h"
#include "engine/package/package_info.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/runfiles.h"
#include "tools/cli/captured_output.h"
#include "tools/cli/command.h"
#include "tools/cli/models_command.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;
using testing::Answer;
using testing::answer_of;
using testing::contains;

class ModelsPack : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = testing::scratch_folder() / test->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    ASSERT_EQ(setenv("PENSTOCK_CACHE", (folder_ / "cache").c_str(), 1), 0);
  }

  static Answer models(const std::vector<std::string>& words) {
    return answer_of([&] { return models_command().run(words); });
  }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

  /// pre.onnx, network.onnx and post.onnx: a picture, halved and moved; doubled; halved again.
  void write_cut_model(const testing::OnnxWriter::Ints& after = {1, 3, 8, 8}) const {
    const testing::OnnxWriter::Ints picture = {1, 3, 8, 8};
    testing::OnnxWriter pre;
    pre.input("picture", picture).constant("s", {1}, {1.0F / 256}).constant("h", {1}, {0.5F});
    pre.node("Mul", {"picture", "s"}, {"small"}).node("Sub", {"small", "h"}, {"scaled"});
    pre.output("scaled", picture).write(folder_ / "pre.onnx");
    testing::OnnxWriter network;
    network.input("scaled", picture).node("Add", {"scaled", "scaled"}, {"sums"});
    network.output("sums", picture).write(folder_ / "network.onnx");
    testing::OnnxWriter post;
    post.input("sums", after).constant("h", {1}, {0.5F}).node("Mul", {"sums", "h"}, {"halves"});
    post.output("halves", after).write(folder_ / "post.onnx");
  }

  static std::string onnx() { return testing::asset("models/blazeface_128.onnx"); }

  fs::path folder_;
};

TEST_F(ModelsPack, MakesAPackageOfAModel) {
  std::ofstream(folder_ / "labels.txt") << "face\n";
  const Answer answer = models({"pack",
                                onnx(),
                                "--labels",
                                path("labels.txt"),
                                "--mode",
                                "single",
                                "--notes",
                                "near faces",
                                "-o",
                                path("faces.zip")});
  ASSERT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out, "wrote " + path("faces.zip") + ": package 'blazeface_128'"));
  const auto package = open_package(path("faces.zip"));
  ASSERT_TRUE(package.has_value()) << package.error().message;
  EXPECT_EQ(package->info().notes, "near faces");
  const PackageNetwork& network = package->info().networks.at(0);
  EXPECT_EQ(network.labels, "labels.txt");
  const PackageVariant& variant = network.variants.at(0);
  EXPECT_EQ(variant.model, "blazeface_128.onnx");
  EXPECT_EQ(variant.modes, std::vector<std::string>{"single"});
  EXPECT_EQ(variant.inputs.at(0).shape.element_count(), 128 * 128 * 3);
  EXPECT_FALSE(tensors_without_scale(variant).empty());
  EXPECT_EQ(package->info().files.size(), 2U);
  EXPECT_EQ(models({"verify", path("faces.zip")}).code, kExitDone);
}

TEST_F(ModelsPack, WorksOutScalesFromAClip) {
  const Answer answer = models({"pack",
                                onnx(),
                                "--calibrate",
                                testing::asset("clips/person.jpg"),
                                "--mean",
                                "127.5",
                                "--std",
                                "127.5",
                                "-o",
                                path("faces.zip"),
                                "--json"});
  ASSERT_EQ(answer.code, kExitDone) << answer.err;
  const auto json = nlohmann::json::parse(answer.out);
  EXPECT_EQ(json.at("notes"), "int8 scales from 1 picture of person.jpg");
  const auto& variant = json.at("networks").at(0).at("variants").at(0);
  // All that (pixel - 127.5) / 127.5 can be.
  EXPECT_DOUBLE_EQ(variant.at("inputs").at(0).at("scale").get<double>(), 2.0 / 255);
  EXPECT_EQ(variant.at("inputs").at(0).at("zero_point"), 0);
  for (const auto& output : variant.at("outputs")) {
    EXPECT_GT(output.at("scale").get<double>(), 0) << output;
    EXPECT_EQ(output.at("zero_point"), 0);
  }
  const auto package = open_package(path("faces.zip"));
  EXPECT_TRUE(tensors_without_scale(package->info().networks[0].variants[0]).empty());
}

TEST_F(ModelsPack, ReplacesTheLineOfAnEarlierCalibration) {
  ASSERT_EQ(models({"pack",
                    onnx(),
                    "--notes",
                    "near faces",
                    "--calibrate",
                    testing::asset("clips/person.jpg"),
                    "-o",
                    path("one.zip")})
                .code,
            kExitDone);
  fs::copy_file(testing::asset("clips/person.jpg"), folder_ / "other.jpg");
  const Answer answer =
      models({"pack", path("one.zip"), "--calibrate", path("other.jpg"), "-o", path("two.zip")});
  ASSERT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_EQ(open_package(path("two.zip"))->info().notes,
            "near faces\nint8 scales from 1 picture of other.jpg");
}

TEST_F(ModelsPack, LeavesNothingBehindForANameThatNoPackageHas) {
  const fs::path below = folder_ / "a" / "b";
  fs::create_directories(below);
  const fs::path before = fs::current_path();
  fs::current_path(below);
  const Answer answer = models({"pack", onnx(), "--name", "../../x"});
  fs::current_path(before);
  EXPECT_EQ(answer.code, kExitUsage) << answer.err;
  EXPECT_TRUE(contains(answer.err, "name '../../x' must be letters")) << answer.err;
  EXPECT_FALSE(fs::exists(folder_ / "x.zip"));
  EXPECT_TRUE(fs::is_empty(below));
}

TEST_F(ModelsPack, RefusesAnEndingThatIsNeitherAZipNorAFolder) {
  const Answer answer = models({"pack", onnx(), "-o", path("x.tar")});
  EXPECT_EQ(answer.code, kExitUsage);
  EXPECT_TRUE(contains(answer.err, "a package is a FILE.zip or a folder")) << answer.err;
  EXPECT_FALSE(fs::exists(path("x.tar")));
  EXPECT_EQ(models({"pack", onnx(), "-o", path("x.tar") + "/"}).code, kExitDone);
  EXPECT_TRUE(fs::is_directory(path("x.tar")));
}

TEST_F(ModelsPack, GivesTheSameBytesEachTime) {
  const auto bytes = [&](const std::string& name) {
    EXPECT_EQ(models({"pack", onnx(), "-o", path(name)}).code, kExitDone);
    std::ifstream file(path(name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(bytes("one.zip"), bytes("two.zip"));
}

TEST_F(ModelsPack, TakesSeveralModelsAsVariantsAndMakesFolders) {
  for (const auto& [name, size] : {std::pair("small.onnx", 8), std::pair("large.onnx", 16)}) {
    testing::OnnxWriter network;
    network.input("image", {1, 3, size, size}).node("Neg", {"image"}, {"out"});
    network.output("out", {1, 3, size, size}).write(path(name));
  }
  const Answer packed = models(
      {"pack", path("small.onnx"), path("large.onnx"), "--name", "faces", "-o", path("faces")});
  ASSERT_EQ(packed.code, kExitDone) << packed.err;
  const auto package = open_package(path("faces"));
  ASSERT_TRUE(package.has_value()) << package.error().message;
  EXPECT_EQ(package->form(), Package::Form::kFolder);
  EXPECT_EQ(package->info().networks.at(0).variants.size(), 2U);
  EXPECT_EQ(package->info().networks.at(0).variants[1].name, "large");
  // A package of a package, as a zip, is the same package.
  ASSERT_EQ(models({"pack", path("faces"), "-o", path("faces.zip")}).code, kExitDone);
  EXPECT_EQ(open_package(path("faces.zip"))->identity(), package->identity());
}

TEST_F(ModelsPack, PacksANetworkWithTheGraphsRoundIt) {
  write_cut_model();
  const Answer answer = models({"pack",
                                path("network.onnx"),
                                "--preprocess",
                                path("pre.onnx"),
                                "--postprocess",
                                path("post.onnx"),
                                "--calibrate",
                                testing::asset("clips/person.jpg"),
                                "-o",
                                path("cut.zip")});
  ASSERT_EQ(answer.code, kExitDone) << answer.err;
  const auto package = open_package(path("cut.zip"));
  ASSERT_TRUE(package.has_value()) << package.error().message;
  const PackageVariant& variant = package->info().networks.at(0).variants.at(0);
  EXPECT_EQ(variant.preprocess, "pre.onnx");
  EXPECT_EQ(variant.postprocess, "post.onnx");
  // The network's input lies within -0.5..0.5, behind the graph before it.
  ASSERT_TRUE(variant.inputs.at(0).scale.has_value());
  EXPECT_LE(*variant.inputs[0].scale, 0.5 / 127);
  EXPECT_GT(*variant.inputs[0].scale, 0.25 / 127);
  EXPECT_TRUE(tensors_without_scale(variant).empty());
  EXPECT_EQ(models({"verify", path("cut.zip")}).code, kExitDone);
}

TEST_F(ModelsPack, InspectShowsTheChainOfAFrame) {
  write_cut_model();
  ASSERT_EQ(models({"pack",
                    path("network.onnx"),
                    "--preprocess",
                    path("pre.onnx"),
                    "--postprocess",
                    path("post.onnx"),
                    "-o",
                    path("cut.zip")})
                .code,
            kExitDone);
  const Answer answer = models({"inspect", path("cut.zip")});
  ASSERT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out,
                       "Chain of a frame\n"
                       "  pre.onnx  on the host: picture f32 1x3x8x8 -> scaled f32 1x3x8x8\n"
                       "  network.onnx  on the device: scaled f32 1x3x8x8 -> sums f32 1x3x8x8\n"
                       "  post.onnx  on the host: sums f32 1x3x8x8 -> halves f32 1x3x8x8\n"))
      << answer.out;
  EXPECT_TRUE(contains(answer.out, "\n  picture  f32 1x3x8x8")) << answer.out;
  const auto json = nlohmann::json::parse(models({"inspect", path("cut.zip"), "--json"}).out);
  ASSERT_EQ(json.at("chain").size(), 3U);
  EXPECT_EQ(json["chain"][1].at("runs_on"), "device");
  EXPECT_EQ(json["chain"][2].at("outputs").at(0).at("name"), "halves");
}

TEST_F(ModelsPack, RefusesGraphsThatDoNotMeetTheNetwork) {
  write_cut_model({1, 3, 8, 9});
  const std::string rule =
      "input 'sums' of graph 'post.onnx' is f32 1x3x8x9, output 'sums' of network 'network.onnx' "
      "is f32 1x3x8x8";
  const Answer packed =
      models({"pack", path("network.onnx"), "--postprocess", path("post.onnx"), "-o", path("cut")});
  EXPECT_EQ(packed.code, kExitUnavailable);
  EXPECT_TRUE(contains(packed.err, "package 'network': " + rule)) << packed.err;
  fs::create_directories(folder_ / "cut");
  fs::copy(path("network.onnx"), path("cut/network.onnx"));
  fs::copy(path("post.onnx"), path("cut/post.onnx"));
  std::ofstream(path("cut/manifest.yaml"))
      << "penstock_package: 1\nname: cut\nnetworks:\n- name: n\n  variants:\n"
         "  - {name: v, model: network.onnx, postprocess: post.onnx}\n";
  const Answer verified = models({"verify", path("cut")});
  EXPECT_EQ(verified.code, kExitUnavailable);
  EXPECT_TRUE(contains(verified.err, "cut', network 'n', variant 'v': " + rule)) << verified.err;
  EXPECT_EQ(models({"inspect", path("cut")}).code, kExitUnavailable);
}

TEST_F(ModelsPack, RefusesWhatItCannotDo) {
  const std::string dog = testing::asset("clips/dog.jpg");
  const Answer twice = models({"pack", onnx(), onnx(), "-o", path("a.zip")});
  EXPECT_EQ(twice.code, kExitUsage);
  EXPECT_TRUE(contains(twice.err, "two models have the name 'blazeface_128'")) << twice.err;
  const Answer labels = models({"pack", onnx(), "--labels", path("none"), "-o", path("a.zip")});
  EXPECT_EQ(labels.code, kExitUnavailable);
  EXPECT_TRUE(contains(labels.err, "cannot open '" + path("none") + "'"));
  const Answer clip = models({"pack", onnx(), "--calibrate", path("none"), "-o", path("a.zip")});
  EXPECT_EQ(clip.code, kExitUnavailable);
  EXPECT_TRUE(contains(clip.err, path("none"))) << clip.err;
  EXPECT_EQ(models({"pack", onnx(), "--frames", "3"}).code, kExitUsage);
  const Answer frames = models({"pack", onnx(), "--calibrate", dog, "--frames", "0"});
  EXPECT_TRUE(contains(frames.err, "--frames wants a number 1..1000000, not '0'")) << frames.err;
  EXPECT_EQ(models({"pack", onnx(), "--calibrate", dog, "--resize", "12"}).code, kExitUsage);
  EXPECT_EQ(models({"pack", onnx(), "--calibrate", dog, "--mean", "1,2"}).code, kExitUsage);
  EXPECT_EQ(models({"pack", onnx(), "--calibrate", dog, "--percentile", "0"}).code, kExitUsage);
  EXPECT_FALSE(fs::exists(path("a.zip")));
  std::ofstream(path("a.zip")) << "mine";
  const Answer there = models({"pack", onnx(), "-o", path("a.zip")});
  EXPECT_EQ(there.code, kExitUsage);
  EXPECT_TRUE(contains(there.err, "exists already")) << there.err;
}

TEST_F(ModelsPack, VerifyComparesManifestAndModel) {
  ASSERT_EQ(models({"pack", onnx(), "-o", path("faces")}).code, kExitDone);
  const fs::path manifest = folder_ / "faces/manifest.yaml";
  std::ifstream file(manifest);
  std::string text(std::istreambuf_iterator<char>(file), {});
  text.replace(text.find("128,"), 4, "127,");
  std::ofstream(manifest) << text;
  const Answer answer = models({"verify", path("faces")});
  EXPECT_EQ(answer.code, kExitUnavailable);
  EXPECT_TRUE(contains(answer.err, "in the manifest and")) << answer.err;
  const auto json = nlohmann::json::parse(models({"verify", path("faces"), "--json"}).out);
  EXPECT_EQ(json.at("sound"), false);
}

TEST_F(ModelsPack, VerifyFindsDamage) {
  ASSERT_EQ(models({"pack", onnx(), "-o", path("faces.zip")}).code, kExitDone);
  EXPECT_TRUE(contains(models({"verify", path("faces.zip")}).out, ": sound; 2 files"));
  fs::resize_file(path("faces.zip"), fs::file_size(path("faces.zip")) / 2);
  const Answer answer = models({"verify", path("faces.zip")});
  EXPECT_EQ(answer.code, kExitUnavailable);
  EXPECT_TRUE(contains(answer.err, "not a whole zip archive")) << answer.err;
}

TEST_F(ModelsPack, InspectShowsAPackage) {
  ASSERT_EQ(models({"pack", onnx(), "-o", path("faces.zip")}).code, kExitDone);
  const Answer answer = models({"inspect", path("faces.zip")});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out, "package 'blazeface_128', 1 network"));
  EXPECT_TRUE(contains(answer.out, "no scales for integer devices"));
  EXPECT_TRUE(contains(answer.out, "file: \"" + path("faces.zip") + "\"")) << answer.out;
  const auto json = nlohmann::json::parse(models({"inspect", path("faces.zip"), "--json"}).out);
  EXPECT_EQ(json.at("files").size(), 2U);
}

TEST_F(ModelsPack, RefusesModelsThatAreNotOneNetwork) {
  const std::string other = testing::asset("models/blazeface_short.tflite");
  const Answer packed = models({"pack", onnx(), other, "-o", path("faces")});
  EXPECT_EQ(packed.code, kExitUnavailable);
  EXPECT_TRUE(contains(packed.err, "are not the same network: ")) << packed.err;
  EXPECT_FALSE(fs::exists(path("faces"))) << "nothing is written";
  fs::create_directories(folder_ / "faces");
  fs::copy(onnx(), path("faces/a.onnx"));
  fs::copy(other, path("faces/b.tflite"));
  std::ofstream(path("faces/manifest.yaml"))
      << "penstock_package: 1\nname: faces\nnetworks:\n- name: n\n  variants:\n"
         "  - {name: a, model: a.onnx}\n  - {name: b, model: b.tflite}\n";
  const Answer verified = models({"verify", path("faces")});
  EXPECT_EQ(verified.code, kExitUnavailable);
  EXPECT_TRUE(contains(verified.err, "network 'n': variants 'a' and 'b' are not the same network"))
      << verified.err;
}

TEST_F(ModelsPack, InspectShowsTheVariantOfAName) {
  fs::create_directories(folder_ / "several");
  for (const int size : {8, 16}) {
    testing::OnnxWriter network;
    network.input("image", {1, 3, size, size}).node("Neg", {"image"}, {"out"});
    network.output("out", {1, 3, size, size})
        .write(folder_ / "several" / (std::to_string(size) + ".onnx"));
  }
  std::ofstream(path("several/manifest.yaml"))
      << "penstock_package: 1\nname: several\nnetworks:\n- name: n\n  variants:\n"
         "  - {name: small, model: 8.onnx}\n  - {name: large, model: 16.onnx}\n";
  const Answer first = models({"inspect", path("several")});
  EXPECT_TRUE(contains(first.out, "small  8.onnx  (default)\n")) << first.out;
  EXPECT_TRUE(contains(first.out, "  large  16.onnx\n")) << first.out;
  EXPECT_TRUE(contains(first.out, "image  f32 1x3x8x8")) << first.out;
  const Answer large = models({"inspect", path("several"), "--variant", "large"});
  EXPECT_EQ(large.code, kExitDone) << large.err;
  EXPECT_TRUE(contains(large.out, "image  f32 1x3x16x16")) << large.out;
  EXPECT_TRUE(contains(large.out, "\n    variant: large\n")) << large.out;
  const Answer none = models({"inspect", path("several"), "--network", "m"});
  EXPECT_EQ(none.code, kExitUnavailable);
  EXPECT_TRUE(contains(none.err, "package 'several' has no network 'm'")) << none.err;
}

}  // namespace
}  // namespace penstock
