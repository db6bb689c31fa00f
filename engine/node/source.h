#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"
#include "engine/frame/frame.h"

namespace penstock {

/// What a source hands over: the payload of a frame that has no place in the graph yet.
struct SourceFrame {
  FrameTime time;
  std::optional<Image> image;
  std::vector<FeatureMap> tensors;
  std::optional<std::vector<Object>> objects;  ///< Ground truth of a test source.
  const LabelTable* labels = nullptr;
  /// Frames right before it that a live source had and let go, since a newer one was there.
  std::uint64_t skipped = 0;

  /// Makes it as new, but keeps the room for tensors.
  void clear() noexcept {
    time = {};
    image.reset();
    tensors.clear();
    objects.reset();
    labels = nullptr;
    skipped = 0;
  }
};

/// What was wrong with the data of a source that gave frames all the same.
struct SourceFlaws {
  std::uint64_t decode_errors = 0;   ///< Pieces that made no frame, or one that is partly guessed.
  std::uint64_t missing_frames = 0;  ///< That a file names and does not hold; known at its end.
};

/// What a source learns when it starts.
struct SourceContext {
  std::string graph;
  std::string name;
  std::string stream;
  const Clock* clock = nullptr;
  std::uint32_t max_frames = 16;  ///< Frames of it that can be alive at once: the size of its pool.
};

/// Reads one stream: the class to derive from for a custom source.
///
/// Blocking work (opening, waiting for the network) happens on a thread of the source's own; `pull`
/// never blocks, and the doorbell says when it is worth asking again.
///
/// States: made -> started -> stopped. After an error or the end the source is stopped and
/// destroyed; a reconnect makes a new one. Thread-safety: `start`, `pull`, `stop` never overlap.
/// The doorbell is rung from any thread, never after `stop` has returned.
class Source {
 public:
  enum class Pull : std::uint8_t {
    kFrame,    ///< `out` holds the next frame.
    kNothing,  ///< Not now; the doorbell will ring, or ask again at `not_before()`.
    kEnd,      ///< No more frames.
    kFailed,   ///< See `failure()`.
  };

  virtual ~Source() = default;

  /// Begins to read; does not block. Errors: `kInvalidArgument` and the like for what can never
  /// work.
  virtual Status start(const SourceContext& context, Doorbell doorbell) = 0;
  virtual Pull pull(SourceFrame& out) = 0;

  /// When `pull` gave `kNothing`: the time from which on it is worth asking again, if known.
  [[nodiscard]] virtual std::optional<TimePoint> not_before() const { return std::nullopt; }

  /// Pre: `pull` gave `kFailed`. Codes: `kUnavailable`, `kPeerGone`, `kDeadlineExceeded`,
  /// `kDeviceLost` are worth a reconnect; the others are not.
  [[nodiscard]] virtual Error failure() const = 0;
  /// Ends all reading within a short, bounded time.
  virtual void stop() = 0;

  /// A live source cannot wait: while its window is full, the latest frame wins.
  [[nodiscard]] virtual bool is_live() const = 0;

  /// Returns the share of the stream that was read, 0..1, if the length is known.
  [[nodiscard]] virtual std::optional<double> progress() const { return std::nullopt; }

  /// Returns what was wrong so far. Cheap: asked after each frame.
  [[nodiscard]] virtual SourceFlaws flaws() const { return {}; }

 protected:
  Source() = default;
  Source(const Source&) = default;
  Source& operator=(const Source&) = default;
};

/// Makes a source, at the start and for each reconnect.
using SourceFactory = std::function<Result<std::unique_ptr<Source>>()>;

}  // namespace penstock
