#include "drivers/media/av/fifo_input.h"

#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include <libavformat/avio.h>
#include <libavutil/error.h>
}

#include "drivers/media/av/interrupt_gate.h"
#include "tests/support/runfiles.h"

namespace penstock {
namespace {

class FifoInputTest : public ::testing::Test {
 protected:
  FifoInputTest()
      : path_(testing::scratch_folder() /
              ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    input_ = FifoInput::open(path_, gate_).value();
  }

  /// Reads what is there; libav's code where it is not a number of bytes.
  int read() {
    return avio_read_partial(input_->context(), bytes_.data(), static_cast<int>(bytes_.size()));
  }

  const std::filesystem::path path_;
  InterruptGate gate_;
  std::array<unsigned char, 16> bytes_{};
  std::unique_ptr<FifoInput> input_;
};

TEST_F(FifoInputTest, ReadsWhatAWriterWritesUntilItLeaves) {
  const int writer = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  ASSERT_EQ(::write(writer, "abc", 3), 3);
  EXPECT_EQ(read(), 3);
  EXPECT_EQ(bytes_[2], 'c');
  ::close(writer);
  EXPECT_EQ(read(), AVERROR_EOF);
}

TEST_F(FifoInputTest, WaitsForAWriterThatComesLate) {
  std::thread late([this] {
    const int writer = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_EQ(::write(writer, "a", 1), 1);
    ::close(writer);
  });
  EXPECT_EQ(read(), 1) << "no writer yet is no end";
  late.join();
}

// Nothing else would ever end these two reads: they have no limit, and look for a cancel by
// themselves at no time.
TEST_F(FifoInputTest, HearsACancelWhileNobodyWrites) {
  std::thread other([this] { gate_.cancel(); });
  EXPECT_EQ(read(), AVERROR_EXIT);
  other.join();
}

TEST_F(FifoInputTest, HearsACancelWhileAWriterIsSilent) {
  const int writer = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  std::thread other([this] { gate_.cancel(); });
  EXPECT_EQ(read(), AVERROR_EXIT);
  other.join();
  ::close(writer);
}

TEST_F(FifoInputTest, ReadsNothingAfterACancel) {
  const int writer = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::write(writer, "abc", 3), 3);
  gate_.cancel();
  EXPECT_EQ(read(), AVERROR_EXIT);
  ::close(writer);
}

TEST_F(FifoInputTest, GivesUpWhenTheTimeIsOver) {
  gate_.arm(std::chrono::milliseconds(1));
  EXPECT_EQ(read(), AVERROR_EXIT);
  EXPECT_TRUE(gate_.has_expired());
}

TEST(FifoInput, TellsPipesFromOtherFiles) {
  const std::filesystem::path pipe = testing::scratch_folder() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(FifoInput::is_fifo(pipe));
  EXPECT_FALSE(FifoInput::is_fifo(pipe.parent_path()));
  EXPECT_FALSE(FifoInput::is_fifo(pipe.string() + "-not-there"));
  InterruptGate gate;
  EXPECT_FALSE(FifoInput::open(pipe.string() + "-not-there", gate).has_value());
}

}  // namespace
}  // namespace penstock
