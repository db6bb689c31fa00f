#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace penstock {

/// Counts packets of which a decoder made neither a picture nor an error: after an error it passes
/// over pictures that it cannot build, until the stream has a point to start from again.
///
/// For codecs of which each packet is one picture that is shown. A picture is known by its time,
/// in whatever order they come out: a file may have times that are not those of its pictures. Who
/// has not come when the pass ends, or when more packets followed than a decoder holds back, will
/// not come. Nothing is counted before the first error of a pass: of a stream that is sound, libav
/// leaves out pictures too, where it begins in the middle of something, or where it does not say
/// how far its pictures are out of order, and they turn out to be further than they were so far.
///
/// Units: times as packets and pictures carry them, in any base.
/// Thread-safety: one thread at a time.
/// Cost: O(pictures that the decoder holds back) a call.
class AwaitedPictures {
 public:
  /// No decoder of one thread holds back as many: H.264 and HEVC allow 16.
  static constexpr std::size_t kMostHeldBack = 32;

  /// The decoder took a packet. Without a time it is not followed, nor with one that is not later
  /// than the last picture's: the stream's clock has restarted, or the picture came too late.
  void sent(std::optional<std::int64_t> time);

  /// The packet that was sent last gave an error, which is counted by itself.
  void failed() noexcept;

  /// A picture came out.
  void shown(std::int64_t time);

  /// The decoder has given all that it had.
  void ended() noexcept;

  /// From here on, nothing that was sent is awaited.
  void forget() noexcept;

  [[nodiscard]] std::uint64_t swallowed() const noexcept { return swallowed_; }

 private:
  [[nodiscard]] bool is_awaited(std::int64_t time) const noexcept;
  /// Removes `time`, if it is there.
  void strike(std::int64_t time) noexcept;

  std::deque<std::int64_t> awaited_;  // As they were sent, each once.
  std::optional<std::int64_t> last_sent_;
  std::optional<std::int64_t> last_shown_;  // Of this pass.
  bool has_failed_ = false;                 // Likewise.
  std::uint64_t swallowed_ = 0;
};

}  // namespace penstock
