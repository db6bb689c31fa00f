#pragma once

#include <memory>
#include <string>

#include "drivers/media/av/interrupt_gate.h"
#include "engine/base/result.h"

struct AVIOContext;

namespace penstock {

/// Reads a named pipe for libav, whose own way would hang in `open(2)` until a writer comes and in
/// `read(2)` until it writes, deaf to its interrupt callback. A cancel is heard at once,
/// a time limit within a millisecond.
///
/// Ownership: `gate` must outlive it.
/// Thread-safety: one thread.
class FifoInput {
 public:
  /// True if `path` names a pipe.
  static bool is_fifo(const std::string& path);

  /// Errors: as `av_failure` of what `open(2)` says.
  static Result<std::unique_ptr<FifoInput>> open(const std::string& path, InterruptGate& gate);

  ~FifoInput();
  FifoInput(const FifoInput&) = delete;
  FifoInput& operator=(const FifoInput&) = delete;

  [[nodiscard]] AVIOContext* context() const noexcept { return context_; }

 private:
  FifoInput(int descriptor, int waker, InterruptGate& gate);

  static int read(void* self, unsigned char* into, int bytes) noexcept;

  int descriptor_;
  int waker_;  // An eventfd: the gate writes to it when it is cancelled.
  InterruptGate& gate_;
  AVIOContext* context_ = nullptr;
};

}  // namespace penstock
