#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/base/doorbell.h"
#include "engine/base/result.h"

namespace penstock {

class Place;

/// Bounds how many frames of one stream may be in the graph at once.
///
/// The source asks `admit()` before it lets a frame in. The place travels with the frame and all
/// its crops; when the last of them is released, delivered or not, the place comes back by itself
/// and the doorbell rings. While the window is full a live source replaces its waiting frame by the
/// latest one and a file source waits: memory and latency stay bounded.
///
/// States: open -> closed (once, by `close()`). A closed window admits nothing and takes places
/// back. Units: capacity in frames. Ownership: a handle; the counter lives until the handle and all
/// places are gone, in any order. Thread-safety: `admit()`, `close()` and `set_doorbell()` by the
/// source only; places return from any thread, in any order. Cost: one locked operation a call, no
/// allocation after `create()`; lock-free but for the ring that leaves the full state.
///
/// @code
///   auto window = InflightWindow::create(4);               // at most 4 frames in the graph
///   if (!window.has_value()) return window.error();
///   if (auto place = window->admit()) submit(std::move(*place), frame);   // else: keep as the
///   waiting frame
/// @endcode
class InflightWindow {
 public:
  static constexpr std::uint32_t kMaxCapacity = 1024;

  /// Errors: `kInvalidArgument` if `capacity` is 0 or above `kMaxCapacity`.
  static Result<InflightWindow> create(std::uint32_t capacity);

  InflightWindow(InflightWindow&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}

  /// Closes the window that was here before.
  InflightWindow& operator=(InflightWindow&& other) noexcept;
  ~InflightWindow();

  /// Rings `doorbell` whenever a place comes back to a full window. It is never rung again once
  /// `close()` has returned: its context may then go, even while places are out.
  void set_doorbell(Doorbell doorbell) noexcept;

  /// Takes a place; nothing if the window is full or closed. A full window is an everyday outcome,
  /// not an error.
  [[nodiscard]] std::optional<Place> admit() noexcept;

  /// Admits nothing from now on; waits for a ring that is under way.
  void close() noexcept;

  [[nodiscard]] std::uint32_t capacity() const noexcept { return core_->capacity; }

  [[nodiscard]] std::uint32_t in_flight() const noexcept {
    return core_->users.load(std::memory_order_acquire) - kHandle;
  }

  [[nodiscard]] bool has_room() const noexcept { return in_flight() < capacity(); }

 private:
  friend class Place;

  /// Of a core's users: set while the handle may be rung for. The handle and each place out count
  /// one beside it.
  static constexpr std::uint32_t kOpen = 1U << 31;
  static constexpr std::uint32_t kHandle = kOpen + 1;

  struct Core {
    /// Takes a place back. Who gives the last one back after the handle has gone ends the core.
    void take_back() noexcept;
    /// Takes a place back that may be the one that fills the window; false if it is not open.
    bool leave_full();

    std::uint32_t capacity = 0;
    std::atomic<std::uint32_t> users{kHandle};  // Invariant: places out <= capacity.
    std::atomic<bool> closed{false};
    std::mutex ringing;  // Held while a place leaves the full state, and to change or close.
    Doorbell doorbell;
  };

  explicit InflightWindow(Core* core) noexcept : core_(core) {}

  void let_go() noexcept;

  Core* core_;  // Null once moved from.
};

/// The right of one root frame to be in the graph. Its end gives the right back.
///
/// Thread-safety: may end on any thread.
class Place {
 public:
  Place() = default;

  Place(Place&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}

  Place& operator=(Place&& other) noexcept {
    if (this != &other) {
      give_back();
      core_ = std::exchange(other.core_, nullptr);
    }
    return *this;
  }

  ~Place() { give_back(); }

  void give_back() noexcept {
    if (core_ != nullptr) {
      std::exchange(core_, nullptr)->take_back();
    }
  }

  [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

 private:
  friend class InflightWindow;

  explicit Place(InflightWindow::Core* core) noexcept : core_(core) {}

  InflightWindow::Core* core_ = nullptr;
};

}  // namespace penstock
