#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

struct AVPacket;

namespace penstock {

/// One compressed picture (or a part of one) on its way from the demultiplexer to the decoder.
///
/// Ownership: owns libav's packet; empty after a move.
class VideoPacket {
 public:
  VideoPacket() = default;

  /// Takes `packet` over.
  explicit VideoPacket(AVPacket* packet) noexcept : packet_(packet) {}

  [[nodiscard]] AVPacket* get() const noexcept { return packet_.get(); }

  explicit operator bool() const noexcept { return packet_ != nullptr; }

  /// True if a decoder can start here.
  [[nodiscard]] bool is_key() const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept;

  /// What earlier passes of a looped source took, to be added to this packet's times.
  std::int64_t shift_ns = 0;
  /// The first packet after the source went back to its start.
  bool starts_pass = false;

 private:
  struct Free {
    void operator()(AVPacket* packet) const noexcept;
  };

  std::unique_ptr<AVPacket, Free> packet_;
};

}  // namespace penstock
