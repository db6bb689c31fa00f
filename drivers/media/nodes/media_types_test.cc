#include "drivers/media/nodes/media_types.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "drivers/media/av/media_test_support.h"
#include "engine/base/waiting_bell.h"
#include "engine/graph/option_checker.h"
#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/type_options.h"
#include "engine/yaml/yaml_reader.h"

namespace penstock {
namespace {

using testing::flat_picture;
using testing::NodeBench;
using testing::options_of;
using testing::TempFolder;

TypeRegistry media_registry() {
  TypeRegistry registry;
  register_media_types(registry);
  return registry;
}

NodeCatalogue media_catalogue() {
  NodeCatalogue catalogue;
  register_media_nodes(catalogue);
  return catalogue;
}

std::unique_ptr<Node> make_node(const std::string& type,
                                const std::string& yaml,
                                std::uint64_t attempt = 0,
                                bool is_simulated = false) {
  const OptionValues options = options_of(media_registry(), type, yaml);
  NodeArgs args;
  args.options = &options;
  args.attempt = attempt;
  args.is_simulated = is_simulated;
  const NodeCatalogue catalogue = media_catalogue();
  auto node = (*catalogue.find_node(type))(args);
  EXPECT_TRUE(node.has_value()) << node.error().message;
  return std::move(node).value();
}

std::unique_ptr<Source> make_source(const std::string& yaml) {
  const OptionValues options = options_of(media_registry(), "video_source", yaml);
  SourceArgs args;
  args.options = &options;
  const NodeCatalogue catalogue = media_catalogue();
  auto source = (*catalogue.find_source("video_source"))(args);
  EXPECT_TRUE(source.has_value()) << source.error().message;
  return std::move(source).value();
}

bool is_live(const std::string& yaml) {
  const TypeRegistry registry = media_registry();
  const bool planned =
      registry.find("video_source")->is_live(options_of(registry, "video_source", yaml));
  EXPECT_EQ(make_source(yaml)->is_live(), planned) << "what runs is what was planned: " << yaml;
  return planned;
}

TEST(MediaTypes, HaveAClassForEachTypeAndATypeForEachClass) {
  const TypeRegistry registry = media_registry();
  const NodeCatalogue catalogue = media_catalogue();
  int media = 0;
  for (const std::string name : {"video_source", "overlay", "video_sink", "image_sink"}) {
    ASSERT_NE(registry.find(name), nullptr) << name;
    const bool is_source = registry.find(name)->is_source();
    EXPECT_EQ(catalogue.find_source(name) != nullptr, is_source) << name;
    EXPECT_EQ(catalogue.find_node(name) != nullptr, !is_source) << name;
    ++media;
  }
  EXPECT_EQ(registry.actor_names().size(), TypeRegistry().actor_names().size() + media)
      << "a type that this test does not know";
}

TEST(MediaTypes, KnowBeforeARunWhatTheNodesWouldRefuse) {
  const auto complaints = [](const std::string& type, const std::string& yaml) {
    const TypeRegistry registry = media_registry();
    Diagnostics diagnostics;
    const auto tree = read_yaml(SourceText("a.yaml", yaml), diagnostics);
    OptionChecker(nullptr, diagnostics)
        .check(registry.find(type)->options(), *tree, {type, {}, {}});
    std::string codes;
    for (const Diagnostic& one : diagnostics.sorted()) {
      codes += one.code;
    }
    return codes;
  };
  for (const std::string ending : {".mp4", ".mov", ".mkv", ".webm", ".MP4"}) {
    EXPECT_EQ(complaints("video_sink", "{path: 'a" + ending + "'}"), "") << ending;
  }
  EXPECT_EQ(complaints("video_sink", "{path: a.avi}"), "E014");
  EXPECT_EQ(complaints("video_sink", "{path: a}"), "E014");
  EXPECT_EQ(complaints("video_sink", "{path: a.mp4, codec: h265}"), "");
  EXPECT_EQ(complaints("video_sink", "{path: a.mp4, bitrate: 1bit/s}"), "E013");
  EXPECT_EQ(complaints("video_sink", "{path: a.mp4, bitrate: 900Gbit/s}"), "E013");
  EXPECT_EQ(complaints("image_sink", "{path: '$(seq).jpeg'}"), "");
  EXPECT_EQ(complaints("image_sink", "{path: '$(seq).bmp'}"), "E014");
  EXPECT_EQ(complaints("image_sink", "{path: a.jpg}"), "E065");
}

TEST(MediaTypes, TakeASourceForLiveByItsAddressUnlessToldOtherwise) {
  EXPECT_TRUE(is_live("{uri: 'rtsp://host/a'}"));
  EXPECT_TRUE(is_live("{uri: 'udp://0.0.0.0:5000'}"));
  EXPECT_TRUE(is_live("{uri: /dev/video0}"));
  EXPECT_FALSE(is_live("{uri: clip.mp4}"));
  EXPECT_FALSE(is_live("{uri: 'http://host/clip.mp4'}"));
  EXPECT_FALSE(is_live("{uri: 'rtsp://host/a', live: false}"));
  EXPECT_TRUE(is_live("{uri: 'http://host/mjpeg', live: true}"));
}

TEST(MediaTypes, TakeAPacedFileWithAWindowForACamera) {
  EXPECT_TRUE(is_live("{uri: clip.mp4, realtime: true, max_in_flight: 2}"));
  EXPECT_FALSE(is_live("{uri: clip.mp4, realtime: true}"));
  EXPECT_FALSE(is_live("{uri: clip.mp4, max_in_flight: 2}"));
  EXPECT_FALSE(is_live("{uri: clip.mp4, realtime: true, max_in_flight: 2, live: false}"));
}

TEST(MediaTypes, ReadEveryFrameOfAFileThatPlaysACamera) {
  // Far more packets than a live source's queue holds.
  constexpr int kFrames = 700;
  TempFolder folder;
  const std::string path = folder.path("clip.mp4");
  testing::write_clip({.path = path, .preset = "ultrafast"}, kFrames);
  WaitingBell bell;  // Outlives the source, whose thread rings it.
  const auto source = make_source("{uri: " + path + ", realtime: true, max_in_flight: 2}");
  SourceContext context;
  const ManualClock clock{TimePoint(std::chrono::seconds(1000))};
  context.clock = &clock;
  ASSERT_TRUE(source->start(context, bell.doorbell()).has_value());
  int frames = 0;
  for (bool is_over = false; !is_over;) {
    SourceFrame frame;
    switch (source->pull(frame)) {
      case Source::Pull::kFrame:
        ++frames;
        break;
      case Source::Pull::kNothing:
        bell.wait();
        break;
      case Source::Pull::kEnd:
        is_over = true;
        break;
      case Source::Pull::kFailed:
        FAIL() << source->failure().message;
    }
  }
  EXPECT_EQ(frames, kFrames);
}

class MediaNodes : public ::testing::Test {
 protected:
  void show(Node& node, std::uint64_t seq) {
    Frame frame = bench_.frame(seq, std::chrono::milliseconds(40) * static_cast<int>(seq));
    frame.set_image(flat_picture(64, 48, 90));
    const Status status = node.process(frame, bench_.emit);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    frame.end(Outcome::kDelivered);
  }

  TempFolder folder_;
  NodeBench bench_;
};

TEST_F(MediaNodes, WriteVideoAsTheOptionsSay) {
  const std::string path = folder_.path("$(stream).mkv");
  for (const std::uint64_t attempt : {0U, 1U}) {
    const auto sink = make_node("video_sink", "{path: '" + path + "', codec: mpeg4}", attempt);
    ASSERT_TRUE(bench_.open(*sink).has_value());
    show(*sink, 0);
    show(*sink, 1);
    EXPECT_TRUE(sink->close().has_value());
  }
  for (const std::string name : {"gate.mkv", "gate-1.mkv"}) {
    const auto reading = testing::read_all({.uri = folder_.path(name)});
    ASSERT_TRUE(reading.stream.has_value()) << name;
    EXPECT_EQ(reading.stream->codec, "mpeg4");
    EXPECT_EQ(reading.frames.size(), 2U);
  }
}

TEST_F(MediaNodes, WriteIntoAVideoThatItIsSimulated) {
  const auto says_so = [&](const std::string& name, bool is_simulated) {
    const std::string path = folder_.path(name);
    const auto sink =
        make_node("video_sink", "{path: '" + path + "', codec: mpeg4}", 0, is_simulated);
    EXPECT_TRUE(bench_.open(*sink).has_value());
    show(*sink, 0);
    EXPECT_TRUE(sink->close().has_value());
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    return bytes.find("simulated: ") != std::string::npos;
  };
  for (const std::string name : {"a.mp4", "a.mkv"}) {
    EXPECT_TRUE(says_so("simulated-" + name, true)) << name;
    EXPECT_FALSE(says_so(name, false)) << name;
  }
}

TEST_F(MediaNodes, WriteImagesAsTheOptionsSay) {
  const std::string path = folder_.path("$(seq).png");
  const auto sink = make_node("image_sink", "{path: '" + path + "', every: 2}");
  ASSERT_TRUE(bench_.open(*sink).has_value());
  for (std::uint64_t i = 0; i < 4; ++i) {
    show(*sink, i);
  }
  EXPECT_TRUE(std::filesystem::exists(folder_.path("000000.png")));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("000001.png")));
  EXPECT_TRUE(std::filesystem::exists(folder_.path("000002.png")));
}

TEST_F(MediaNodes, DrawOnlyWhatTheOptionsSay) {
  const auto picture_with = [&](const std::string& yaml) {
    const auto node = make_node("overlay", yaml);
    EXPECT_TRUE(bench_.open(*node).has_value());
    Frame frame = bench_.frame(0);
    frame.set_image(flat_picture(320, 240, 60));
    Object object;
    object.box = {40, 60, 100, 80};
    frame.set_objects({&object, 1}, nullptr);
    EXPECT_TRUE(node->process(frame, bench_.emit).has_value());
    std::uint64_t sum = 0;
    const Image& image = frame.image();
    for (std::size_t i = 0; i < image.planes[1].offset; ++i) {
      sum = sum * 31 + image.plane(0)[i];
    }
    frame.end(Outcome::kDelivered);
    return sum;
  };
  const auto nothing = picture_with("{boxes: false, labels: false}");
  const auto boxes = picture_with("{boxes: true, labels: false}");
  EXPECT_NE(boxes, nothing);
  EXPECT_NE(picture_with("{boxes: true, labels: true}"), boxes);
  EXPECT_NE(picture_with("{boxes: true, labels: false, line_scale: 8}"), boxes);
}

}  // namespace
}  // namespace penstock
