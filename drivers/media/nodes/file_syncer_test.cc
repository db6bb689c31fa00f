#include "drivers/media/nodes/file_syncer.h"

#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

namespace penstock {
namespace {

/// A disk that takes as long as the test says.
class SlowDisk {
 public:
  Status sync() {
    std::unique_lock lock(mutex_);
    ++calls_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return allowed_ >= calls_; });
    return result_;
  }

  void allow(int calls) {
    const std::lock_guard lock(mutex_);
    allowed_ = calls;
    changed_.notify_all();
  }

  void wait_for_call(int number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return calls_ >= number; });
  }

  void fail_with(Error error) {
    const std::lock_guard lock(mutex_);
    result_ = std::move(error);
  }

  int calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int calls_ = 0;
  int allowed_ = 0;
  Status result_;
};

TEST(FileSyncer, MakesOneCallOfTheRequestsThatComeDuringACall) {
  SlowDisk disk;
  {
    FileSyncer syncer([&disk] { return disk.sync(); });
    syncer.request();
    disk.wait_for_call(1);
    for (int i = 0; i < 10; ++i) {
      syncer.request();  // Returns although the disk does not.
    }
    disk.allow(2);
    disk.wait_for_call(2);
  }
  EXPECT_EQ(disk.calls(), 2);
}

TEST(FileSyncer, KeepsTheFirstFailure) {
  SlowDisk disk;
  disk.fail_with({Errc::kUnavailable, "the disk is gone"});
  FileSyncer syncer([&disk] { return disk.sync(); });
  EXPECT_TRUE(syncer.outcome().has_value());
  syncer.request();
  disk.allow(1);
  disk.wait_for_call(1);
  syncer.request();
  disk.wait_for_call(2);  // The first call is over now, and its outcome known.
  disk.fail_with({Errc::kInternal, "something else"});
  EXPECT_EQ(syncer.outcome().error().message, "the disk is gone");
  disk.allow(2);
}

TEST(FileSyncer, EndsWithoutARequest) {
  SlowDisk disk;
  {
    const FileSyncer syncer([&disk] { return disk.sync(); });
  }
  EXPECT_EQ(disk.calls(), 0);
}

}  // namespace
}  // namespace penstock
