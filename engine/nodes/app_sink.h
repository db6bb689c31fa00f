#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/base/clock.h"
#include "engine/frame/frame.h"
#include "engine/graph/type_registry.h"
#include "engine/node/node.h"

namespace penstock {

/// The actor `app_sink`.
ActorType app_sink_type();

/// A frame in the hands of an application. It counts as delivered when it is destroyed, and gives
/// its place and its buffers back then: while the graph runs, keep it for a short time only. It
/// can be read and destroyed after the graph as well.
class AppFrame {
 public:
  explicit AppFrame(Frame frame) noexcept : frame_(std::move(frame)) {}

  AppFrame(const AppFrame&) = delete;
  AppFrame& operator=(const AppFrame&) = delete;
  AppFrame(AppFrame&&) noexcept = default;

  AppFrame& operator=(AppFrame&& other) noexcept {
    frame_.end(Outcome::kDelivered);
    frame_ = std::move(other.frame_);
    return *this;
  }

  ~AppFrame() { frame_.end(Outcome::kDelivered); }

  const Frame& operator*() const noexcept { return frame_; }

  const Frame* operator->() const noexcept { return &frame_; }

 private:
  Frame frame_;
};

/// The application's end of an `app_sink`: what comes out of the graph.
///
/// Frames wait here until the application takes them, or go to its callback at once. The queue has
/// no bound of its own, since each frame in it keeps its place: an application that is too slow
/// fills the window of the source, and then a file waits and a camera's latest frame wins.
///
/// States: open -> closed, when the graph has delivered its last frame or ended; a graph that is
/// started again opens it anew.
/// Ownership: shared by the application and the graph. Frames, and so this, may outlive the graph
/// and its clock. Frames that nobody took end as `cancelled{shutdown}`.
/// Thread-safety: everything from any thread. The callback is called on the graph's threads.
///
/// @code
///   auto results = ports.add_sink("out");         // of `out: {type: app_sink, in: track}`
///   for (bool open = true; open;) {
///     auto [state, frame] = results->pop(std::chrono::seconds(1));
///     if (frame) show((*frame)->objects());
///     open = state != AppSink::State::kClosed;
///   }
/// @endcode
class AppSink {
 public:
  enum class State : std::uint8_t {
    kFrame,   ///< There is a frame.
    kNone,    ///< None came in time.
    kClosed,  ///< None will come any more.
  };
  /// Must not block for long; returning ends the frame as delivered.
  using Callback = std::function<void(const Frame& frame)>;

  AppSink() = default;

  /// With a callback nothing waits to be popped.
  explicit AppSink(Callback callback) : callback_(std::move(callback)) {}

  AppSink(const AppSink&) = delete;
  AppSink& operator=(const AppSink&) = delete;
  ~AppSink();

  /// Takes the next frame, waiting for it at most `timeout`.
  std::pair<State, std::optional<AppFrame>> pop(Duration timeout);

  /// Returns how many frames wait to be taken.
  [[nodiscard]] std::size_t waiting() const;

  /// Returns the graph's end.
  static std::unique_ptr<Node> make_node(std::shared_ptr<AppSink> port);

 private:
  class Writer;

  void add(Frame frame);
  void join();
  void leave();

  Callback callback_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Frame> frames_;
  std::size_t writers_ = 0;  // Nodes that may still add; several where each stream has its own.
  bool has_begun_ = false;
};

}  // namespace penstock
