#include "drivers/media/av/fifo_input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include <libavformat/avio.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>
}

#include "drivers/media/av/av_error.h"
#include "engine/base/clock.h"

namespace penstock {
namespace {

constexpr int kIoBytes = 1 << 16;

/// What poll(2) wants for `limit`: rounded up, or it would spin through the last millisecond.
int poll_limit(std::optional<Duration> limit) {
  if (!limit.has_value()) {
    return -1;
  }
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(*limit).count();
  return static_cast<int>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max()));
}

}  // namespace

bool FifoInput::is_fifo(const std::string& path) {
  struct stat found {};

  return ::stat(path.c_str(), &found) == 0 && S_ISFIFO(found.st_mode);
}

FifoInput::FifoInput(int descriptor, int waker, InterruptGate& gate)
    : descriptor_(descriptor),
      waker_(waker),
      gate_(gate) {
  gate_.wake_on_cancel(waker_);
}

Result<std::unique_ptr<FifoInput>> FifoInput::open(const std::string& path, InterruptGate& gate) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) {
    return av_failure(AVERROR(errno), "cannot open the pipe");
  }
  const int waker = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (waker < 0) {
    const int fault = errno;
    ::close(descriptor);
    return av_failure(AVERROR(fault), "cannot watch the pipe");
  }
  std::unique_ptr<FifoInput> input(new FifoInput(descriptor, waker, gate));
  auto* memory = static_cast<unsigned char*>(av_malloc(kIoBytes));
  input->context_ = avio_alloc_context(memory, kIoBytes, 0, input.get(), &read, nullptr, nullptr);
  if (input->context_ == nullptr) {
    av_free(memory);
    return av_failure(AVERROR(ENOMEM), "cannot open the pipe");
  }
  return input;
}

FifoInput::~FifoInput() {
  if (context_ != nullptr) {
    av_freep(&context_->buffer);  // libav may have replaced the one that it was given.
    avio_context_free(&context_);
  }
  gate_.wake_on_cancel(-1);
  ::close(waker_);
  ::close(descriptor_);
}

int FifoInput::read(void* self, unsigned char* into, int bytes) noexcept {
  auto* input = static_cast<FifoInput*>(self);
  for (;;) {
    std::array<pollfd, 2> wanted{pollfd{input->descriptor_, POLLIN, 0},
                                 pollfd{input->waker_, POLLIN, 0}};
    const int ready = ::poll(wanted.data(), wanted.size(), poll_limit(input->gate_.time_left()));
    if (ready < 0 && errno != EINTR) {
      return AVERROR(errno);
    }
    if (InterruptGate::interrupt_callback(&input->gate_) != 0) {
      return AVERROR_EXIT;
    }
    // Without a writer so far, Linux reports nothing, and a read would look like the end; after the
    // last one left, a hang-up.
    if (ready <= 0 || wanted[0].revents == 0) {
      continue;
    }
    const ssize_t got = ::read(input->descriptor_, into, static_cast<std::size_t>(bytes));
    if (got > 0) {
      return static_cast<int>(got);
    }
    if (got == 0) {
      return AVERROR_EOF;
    }
    if (errno != EAGAIN && errno != EINTR) {
      return AVERROR(errno);
    }
  }
}

}  // namespace penstock
