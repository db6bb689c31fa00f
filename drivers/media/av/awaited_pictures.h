#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace penstock {

/// Counts packets of which a decoder made neither a picture nor an error: it passes over pictures
/// that it cannot build, until the stream has a point to start from again.
///
/// For codecs of which each packet is one picture that is shown. Pictures come out in the order of
/// their times, so what is left behind a later one will not come. What comes to nothing before the
/// first picture of a pass is counted after an error only: a stream may begin in the middle of
/// something.
///
/// Units: times as packets and pictures carry them, in any base.
/// Thread-safety: one thread at a time.
/// Cost: O(pictures that the decoder holds back) a call.
class AwaitedPictures {
 public:
  /// No decoder holds back as many; who has not come by then, will not.
  static constexpr std::size_t kMostHeldBack = 64;

  /// The decoder took a packet. Without a time it is not followed, nor with one that is not later
  /// than the last picture's: the stream's clock has restarted.
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
  /// Gives up the first `count` that are awaited.
  void give_up(std::size_t count) noexcept;

  std::vector<std::int64_t> awaited_;  // Ascending, each once.
  std::optional<std::int64_t> last_sent_;
  std::optional<std::int64_t> last_shown_;  // Of this pass.
  bool has_failed_ = false;                 // Likewise.
  std::uint64_t swallowed_ = 0;
};

}  // namespace penstock
