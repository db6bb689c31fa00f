#pragma once

#include <cstdint>
#include <vector>

#include "engine/frame/frame.h"

namespace penstock {

/// Says how frames end that are destroyed un-ended on this thread although nobody forgot them:
/// those that a node kept when it was destroyed, and those in its hands when it threw. Without a
/// scope such a frame is `lost`, which stands for a bug.
///
/// The ids are kept, so that the owner can send tombstones for them.
///
/// Thread-safety: used on one thread. Scopes nest; the innermost one that applies counts.
/// Cost: two thread-local stores; nothing a frame.
class AbandonScope {
 public:
  enum class When : std::uint8_t {
    kAlways,     ///< Nodes are being destroyed.
    kUnwinding,  ///< Only while an exception is on its way up.
  };

  AbandonScope(When when, Outcome outcome, Reason reason) noexcept;
  AbandonScope(const AbandonScope&) = delete;
  AbandonScope& operator=(const AbandonScope&) = delete;
  ~AbandonScope();

  /// Returns the innermost scope of this thread that applies now, or null.
  [[nodiscard]] static AbandonScope* applying() noexcept;

  /// Ends `frame` as this scope says and keeps its id.
  void end(Frame frame) noexcept;

  /// Returns the ids of the frames that ended since the last call.
  [[nodiscard]] std::vector<FrameId> take_ended() noexcept { return std::move(ended_); }

  [[nodiscard]] Reason reason() const noexcept { return reason_; }

 private:
  const When when_;
  const Outcome outcome_;
  const Reason reason_;
  AbandonScope* const enclosing_;
  std::vector<FrameId> ended_;
};

}  // namespace penstock
