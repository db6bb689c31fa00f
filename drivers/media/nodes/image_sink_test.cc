#include "drivers/media/nodes/image_sink.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "drivers/media/av/media_test_support.h"
#include "engine/nodes/testing/node_bench.h"

namespace penstock {
namespace {

using testing::flat_picture;
using testing::NodeBench;
using testing::TempFolder;

class ImageSinkTest : public ::testing::Test {
 protected:
  Status show(Node& node, std::uint64_t seq, std::uint32_t stream = 0) {
    Frame frame = bench_.frame(seq, Duration(0), stream);
    frame.set_image(flat_picture(64, 48, 120));
    Status status = node.process(frame, bench_.emit);
    frame.end(status.has_value() ? Outcome::kDelivered : Outcome::kFailed);
    return status;
  }

  [[nodiscard]] bool has_file(const std::string& name) const {
    return std::filesystem::exists(folder_.path(name));
  }

  [[nodiscard]] std::size_t count_files() const {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path(""))) {
      files += entry.is_regular_file() ? 1 : 0;
    }
    return files;
  }

  TempFolder folder_;
  NodeBench bench_;
};

TEST_F(ImageSinkTest, WritesAFileAFrameThatShowsThePicture) {
  ImageSink sink({.path = folder_.path("$(graph)/$(stream)-$(seq).png")});
  ASSERT_TRUE(bench_.open(sink).has_value());
  ASSERT_TRUE(show(sink, 7).has_value());
  ASSERT_TRUE(show(sink, 8, 1).has_value());
  const auto reading = testing::read_all({.uri = folder_.path("g/gate-000007.png")});
  ASSERT_EQ(reading.frames.size(), 1U);
  EXPECT_EQ(reading.frames[0].width, 64);
  EXPECT_TRUE(has_file("g/dock-000008.png"));
}

TEST_F(ImageSinkTest, WritesTheFirstOfSoManyFramesThatCome) {
  ImageSink sink({.path = folder_.path("$(seq).jpg"), .every = 3});
  ASSERT_TRUE(bench_.open(sink).has_value());
  for (const std::uint64_t seq : {5U, 7U, 9U, 11U, 13U, 15U, 17U}) {  // Others were dropped before.
    ASSERT_TRUE(show(sink, seq).has_value());
  }
  EXPECT_EQ(count_files(), 3U);
  EXPECT_TRUE(has_file("000005.jpg"));
  EXPECT_TRUE(has_file("000011.jpg"));
  EXPECT_TRUE(has_file("000017.jpg"));
}

TEST_F(ImageSinkTest, RefusesAPathThatWouldBeOneFile) {
  ImageSink sink({.path = folder_.path("shot.jpg")});
  const Status status = bench_.open(sink);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kInvalidArgument);
  EXPECT_NE(status.error().message.find("$(seq)"), std::string::npos);
}

TEST_F(ImageSinkTest, RefusesExtensionsThatAreNoImages) {
  for (const std::string name : {"$(seq).bmp", "$(seq)", "$(seq).mp4"}) {
    ImageSink sink({.path = folder_.path(name)});
    const Status status = bench_.open(sink);
    ASSERT_FALSE(status.has_value()) << name;
    EXPECT_EQ(status.error().code, Errc::kInvalidArgument) << name;
  }
}

TEST_F(ImageSinkTest, NamesThePathThatCannotBeWritten) {
  testing::write_file(folder_.path("file"), "no folder");
  ImageSink sink({.path = folder_.path("file/$(seq).jpg")});
  ASSERT_TRUE(bench_.open(sink).has_value());
  const Status status = show(sink, 3);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kUnavailable);
  EXPECT_NE(status.error().message.find(folder_.path("file/000003.jpg")), std::string::npos);
}

}  // namespace
}  // namespace penstock
