#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ref.h"
#include "engine/flow/inflight_window.h"
#include "engine/frame/outcome.h"
#include "engine/frame/payload_mask.h"
#include "engine/frame/results.h"
#include "engine/memory/arena.h"
#include "engine/telemetry/stream_ledger.h"
#include "engine/tensor/feature_map.h"
#include "engine/tensor/image.h"

namespace penstock {

/// Which stream of a run: an index into the run's table of streams.
enum class StreamId : std::uint32_t {};

/// Which piece of a root frame: the indexes of crops within crops, empty for the root itself.
struct ChildPath {
  static constexpr std::size_t kMaxDepth = 4;
  std::array<std::uint16_t, kMaxDepth> indexes{};
  std::uint8_t depth = 0;
  friend bool operator==(const ChildPath&, const ChildPath&) = default;
};

/// Names a frame within a run. `seq` counts the stream's frames from 0.
struct FrameId {
  StreamId stream{};
  std::uint64_t seq = 0;
  ChildPath child;
  friend bool operator==(const FrameId&, const FrameId&) = default;
};

/// When a frame was taken. Units: `pts` from the stream's start; `wall_ns` since the Unix epoch, 0
/// where the source cannot say.
struct FrameTime {
  Duration pts{0};
  std::int64_t wall_ns = 0;
};

class FramePool;

namespace detail {

struct FrameRoot;

/// What one handle, or several after a fan-out, show: the payload.
struct FrameBody : RefCounted<FrameBody> {
  void on_last_reference();

  Ref<FrameRoot> root;
  ChildPath child;
  std::uint8_t failures = 0;
  PayloadMask payloads;
  Image image;
  std::vector<FeatureMap> tensors;
  Objects objects;
  Labels labels;
};

/// What all pieces of one source frame share: its place, its results' memory, its outcome.
struct FrameRoot : RefCounted<FrameRoot> {
  void on_last_reference();
  void record(Outcome outcome, Reason reason) noexcept;

  FramePool* pool = nullptr;
  Place place;
  StreamId stream{};
  std::uint64_t seq = 0;
  FrameTime time;
  TimePoint admitted_at;
  TimePoint deadline = TimePoint::max();
  std::shared_ptr<const std::string> stream_name;
  Arena arena;
  std::atomic<std::uint16_t> worst{0};  // Outcome in the high byte, reason in the low one.
  FrameBody first;                      // The whole frame's; most frames have no other.
};

}  // namespace detail

/// What travels through a graph: an envelope {id, time, deadline, place} and a payload {image,
/// tensors, objects, labels}, behind one pointer.
///
/// A handle is an obligation: it must be passed on or ended, exactly once. A handle that is
/// destroyed without that ends its frame as `lost`, which a counter shows and every test refuses.
///
/// After a fan-out several handles share one payload; a handle that changes a shared payload gets
/// its own copy of the *handles* first. Pixels and elements are never copied.
///
/// Ownership: the last handle gives the place, the buffers and the arena back, on whatever path.
/// Thread-safety: one handle belongs to one thread at a time; handles of one frame may be on
/// several. Cost: moving is one pointer; `share` and the end are an atomic each; nothing is
/// allocated in the steady state.
class Frame {
 public:
  Frame() = default;

  Frame(Frame&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}

  Frame& operator=(Frame&& other) noexcept {
    if (this != &other) {
      lose();
      body_ = std::exchange(other.body_, nullptr);
    }
    return *this;
  }

  ~Frame() { lose(); }

  [[nodiscard]] explicit operator bool() const noexcept { return body_ != nullptr; }

  /// Returns a further obligation for the same frame, for one more consumer.
  [[nodiscard]] Frame share() const noexcept;

  /// Ends this handle. The frame's outcome is the worst that its handles ended with.
  void end(Outcome outcome, Reason reason = Reason::kNone) noexcept;

  [[nodiscard]] FrameId id() const noexcept { return {root().stream, root().seq, body_->child}; }

  [[nodiscard]] StreamId stream() const noexcept { return root().stream; }

  [[nodiscard]] const std::string& stream_name() const noexcept { return *root().stream_name; }

  [[nodiscard]] std::uint64_t seq() const noexcept { return root().seq; }

  [[nodiscard]] const FrameTime& time() const noexcept { return root().time; }

  [[nodiscard]] TimePoint admitted_at() const noexcept { return root().admitted_at; }

  [[nodiscard]] TimePoint deadline() const noexcept { return root().deadline; }

  /// For the source only, before the frame is sent.
  void set_deadline(TimePoint deadline) noexcept { body_->root->deadline = deadline; }

  [[nodiscard]] PayloadMask payloads() const noexcept { return body_->payloads; }

  /// Pre: the payload set has it, here and below; the plan has checked that.
  [[nodiscard]] const Image& image() const noexcept { return body_->image; }

  [[nodiscard]] std::span<const FeatureMap> tensors() const noexcept { return body_->tensors; }

  [[nodiscard]] const Objects& objects() const noexcept { return body_->objects; }

  [[nodiscard]] const Labels& labels() const noexcept { return body_->labels; }

  void set_image(Image image);
  /// Replaces the tensors by `maps` (moved from).
  void set_tensors(std::span<FeatureMap> maps);
  /// As `set_tensors`, for whoever has them in a vector: it gets the former ones for them.
  void swap_tensors(std::vector<FeatureMap>& maps);
  void clear_tensors();
  /// Copies the objects and their key points into the frame's arena.
  void set_objects(std::span<const Object> items, const LabelTable* labels);
  void set_labels(std::span<const Label> items, const LabelTable* labels);

  /// Returns memory for results that live as long as the frame.
  [[nodiscard]] Arena& arena() noexcept { return body_->root->arena; }

  /// Notes that a node failed with this handle's frame in hand; returns how often that has
  /// happened. Other handles of the frame count for themselves.
  int note_failure();

  /// Gives the handle away as a raw pointer (to a ring's slot); `adopt` takes it back.
  [[nodiscard]] detail::FrameBody* release() noexcept { return std::exchange(body_, nullptr); }

  [[nodiscard]] static Frame adopt(detail::FrameBody* body) noexcept {
    Frame frame;
    frame.body_ = body;
    return frame;
  }

 private:
  friend class FramePool;

  [[nodiscard]] const detail::FrameRoot& root() const noexcept { return *body_->root; }

  /// Makes the payload this handle's own.
  void own();
  void lose() noexcept;

  detail::FrameBody* body_ = nullptr;  // One counted reference.
};

}  // namespace penstock
