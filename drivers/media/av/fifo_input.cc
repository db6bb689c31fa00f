#include "drivers/media/av/fifo_input.h"

#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include <libavformat/avio.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>
}

#include "drivers/media/av/av_error.h"

namespace penstock {
namespace {

constexpr int kIoBytes = 1 << 16;
constexpr int kLookUpMs = 50;  // How late a cancel or a time limit may be seen.

}  // namespace

bool FifoInput::is_fifo(const std::string& path) {
  struct stat found {};

  return ::stat(path.c_str(), &found) == 0 && S_ISFIFO(found.st_mode);
}

Result<std::unique_ptr<FifoInput>> FifoInput::open(const std::string& path,
                                                   const InterruptGate& gate) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) {
    return av_failure(AVERROR(errno), "cannot open the pipe");
  }
  std::unique_ptr<FifoInput> input(new FifoInput(descriptor, gate));
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
  ::close(descriptor_);
}

int FifoInput::read(void* self, unsigned char* into, int bytes) noexcept {
  auto* input = static_cast<FifoInput*>(self);
  for (;;) {
    if (input->gate_.is_cancelled() || input->gate_.has_expired()) {
      return AVERROR_EXIT;
    }
    pollfd wanted{input->descriptor_, POLLIN, 0};
    // Without a writer so far, Linux reports nothing; after the last one left, a hang-up.
    const int ready = ::poll(&wanted, 1, kLookUpMs);
    if (ready < 0 && errno != EINTR) {
      return AVERROR(errno);
    }
    if (ready <= 0) {
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
