#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/doorbell.h"
#include "engine/graph/type_registry.h"
#include "engine/node/source.h"

namespace penstock {

/// The actor `app_source`.
ActorType app_source_type();

/// The application's end of an `app_source`: what is pushed here enters the graph.
///
/// A bounded queue. The application is never made to wait; when the queue is full it may keep its
/// picture and push again, or leave it out. What was pushed survives a restart of the source.
///
/// States: open -> closed, by `close()`. Frames that were pushed before still enter.
/// Ownership: shared by the application and the graph, in any order of destruction.
/// Thread-safety: everything from any thread. Cost: a short lock a call.
///
/// @code
///   AppPorts ports;
///   auto camera = ports.add_source("cam");        // of `cam: {type: app_source}`
///   register_app_nodes(catalogue, ports);         // then compose and start the graph
///   while (grab(image)) {
///     if (camera->push(image, since_start) == AppSource::Push::kClosed) break;
///   }
///   camera->close();                              // the stream ends when all is through
/// @endcode
class AppSource {
 public:
  static constexpr std::size_t kDefaultCapacity = 4;

  enum class Push : std::uint8_t {
    kPushed,
    kFull,    ///< Nothing happened; `image` is still the caller's.
    kClosed,  ///< `close()` was called, here or elsewhere: no frame enters any more.
  };

  /// Pre: `capacity` is at least 1.
  explicit AppSource(std::size_t capacity = kDefaultCapacity);

  AppSource(const AppSource&) = delete;
  AppSource& operator=(const AppSource&) = delete;
  ~AppSource() = default;

  /// Times must rise from frame to frame.
  Push push(Image image, Duration pts);
  Push push(std::vector<FeatureMap> tensors, Duration pts);
  /// Takes everything that a source can give; `frame` is untouched unless it was pushed.
  Push push(SourceFrame& frame);

  void close();

  /// Returns how many frames wait to enter.
  [[nodiscard]] std::size_t waiting() const;

  /// Returns the graph's end. One at a time: a later one takes over.
  static std::unique_ptr<Source> make_source(std::shared_ptr<AppSource> port, bool is_live);

 private:
  class Reader;

  void connect(Reader* reader, Doorbell doorbell);
  void disconnect(const Reader* reader);
  Source::Pull pull(SourceFrame& out);

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::deque<SourceFrame> frames_;
  bool is_closed_ = false;
  Reader* reader_ = nullptr;
  Doorbell doorbell_;
};

}  // namespace penstock
