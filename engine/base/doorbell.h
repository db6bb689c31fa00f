#pragma once

namespace penstock {

/// A call that wakes somebody: a plain function and its argument.
///
/// Buffers, places, credits and completions ring one when they come back. The call must not block,
/// must be safe from any thread, and says only "look again": any number of rings may be merged.
///
/// Ownership: whoever hands out a doorbell keeps `context` alive until nobody can ring it any more.
/// Cost: one indirect call; no allocation (a `std::function` would allocate and need copies).
class Doorbell {
 public:
  using Function = void (*)(void* context);

  /// A doorbell that wakes nobody.
  constexpr Doorbell() = default;

  constexpr Doorbell(Function function, void* context) : function_(function), context_(context) {}

  void ring() const {
    if (function_ != nullptr) {
      function_(context_);
    }
  }

  [[nodiscard]] constexpr bool is_connected() const noexcept { return function_ != nullptr; }

 private:
  Function function_ = nullptr;
  void* context_ = nullptr;
};

}  // namespace penstock
