#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/base/result.h"

namespace penstock {

/// Calls a function that may block for long (a sync of a file) on a thread of its own, when asked.
///
/// Requests that come while one is under way become one more call after it: a slow disk makes syncs
/// rarer, never a queue of them.
///
/// Ownership: what `sync` refers to must outlive this.
/// Thread-safety: any thread, except the destructor, which waits for a call that is under way; one
/// that was asked for and has not begun is left out.
class FileSyncer {
 public:
  explicit FileSyncer(std::function<Status()> sync);
  ~FileSyncer();
  FileSyncer(const FileSyncer&) = delete;
  FileSyncer& operator=(const FileSyncer&) = delete;

  /// Returns at once.
  void request();

  /// Returns how the calls so far went: the first failure.
  [[nodiscard]] Status outcome() const;

 private:
  void run();

  const std::function<Status()> sync_;
  mutable std::mutex mutex_;
  std::condition_variable wanted_;
  bool is_requested_ = false;
  bool is_closing_ = false;
  Status outcome_;
  std::thread thread_;  // Last: it uses the rest.
};

}  // namespace penstock
