#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/doorbell.h"
#include "engine/base/result.h"
#include "engine/frame/frame.h"

namespace penstock {

/// What a full edge does with one more frame.
enum class Overflow : std::uint8_t {
  kBlock = 0,       ///< The producer waits: nothing is lost.
  kDropOldest = 1,  ///< The oldest waiting frame makes room.
  kDropNewest = 2,  ///< The new frame is the one that goes.
};

/// Says that the frames `first_seq..last_seq` of a stream will not come, and why, so that nobody
/// downstream waits for them. `child` is not empty when a crop, not the whole frame, ended.
struct Tombstone {
  StreamId stream{};
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  ChildPath child;
  Reason reason = Reason::kNone;
  friend bool operator==(const Tombstone&, const Tombstone&) = default;
};

/// Says into how many pieces a fan-out cut a frame; 0 is a number too.
struct ClosingRecord {
  FrameId parent;
  std::uint32_t pieces = 0;
  friend bool operator==(const ClosingRecord&, const ClosingRecord&) = default;
};

/// The last thing that a stream sends along an edge: per-stream state is flushed and destroyed.
struct EndOfStream {
  StreamId stream{};
  friend bool operator==(const EndOfStream&, const EndOfStream&) = default;
};

/// What travels in band beside frames. It keeps its place among them, and needs no credit.
using ControlRecord = std::variant<Tombstone, ClosingRecord, EndOfStream>;

/// One edge of a graph inside a process: a bounded queue from one producer to one consumer.
///
/// The capacity is the credit of the edge. Under `kBlock` a frame counts against it until the
/// consumer has *processed* it (`done`), so a slow consumer holds at most `capacity` frames, the
/// one in its hands included; under the drop policies only waiting frames count, so that the newest
/// one always finds a place. When the producer has met a full edge, it is rung as soon as half of
/// the credit is free; the consumer is rung when the edge stops being empty. Both rings only say
/// "look again".
///
/// Ownership: holds the frames that wait; on destruction they end as `cancelled{shutdown}`.
/// Thread-safety: `push`, `push_control` by the producer; `pop`, `done` by the consumer; the two
/// may run at once. `stats` from any thread. Cost: a push and a pop are a few atomic operations; no
/// lock, no allocation (control records take a lock).
class EdgeRing {
 public:
  static constexpr std::uint32_t kMaxCapacity = 4096;

  struct Options {
    std::string name;  ///< "detect -> overlay": for status and stall reports.
    std::uint32_t capacity = 4;
    Overflow overflow = Overflow::kBlock;
  };
  enum class PushResult : std::uint8_t {
    kPushed,   ///< The edge has the frame.
    kDropped,  ///< The edge has it, or ended it, and a frame was dropped (counted, tombstoned).
    kFull,     ///< Nothing happened; the producer is rung when there is room.
  };
  using Item = std::variant<Frame, ControlRecord>;

  struct Stats {
    std::uint32_t capacity = 0;
    std::uint64_t waiting = 0;  ///< Frames that wait now.
    std::uint64_t pushed = 0;
    std::uint64_t popped = 0;
    std::uint64_t dropped = 0;
    std::uint64_t full = 0;  ///< How often the producer met a full edge.
    std::uint64_t high_water = 0;
  };

  /// Errors: `kInvalidArgument` if the capacity is 0 or above `kMaxCapacity`.
  static Result<std::unique_ptr<EdgeRing>> create(Options options);

  EdgeRing(const EdgeRing&) = delete;
  EdgeRing& operator=(const EdgeRing&) = delete;
  ~EdgeRing();

  /// Pre: called before the first push. The contexts outlive the edge.
  void connect(Doorbell producer, Doorbell consumer) noexcept;

  /// Offers `frame`; takes it unless the result is `kFull`.
  PushResult push(Frame& frame);
  /// Whether a push would find room now; registers for the ring if not.
  [[nodiscard]] bool has_room() noexcept;
  /// Adds an in-band record behind all frames pushed so far. Adjacent tombstones of one stream and
  /// reason become one, at the place of the first. The tombstone of a frame that `kDropOldest`
  /// ended stands where the frame stood.
  void push_control(const ControlRecord& record);

  /// Takes the next item in order; nothing if the edge is empty.
  [[nodiscard]] std::optional<Item> pop();
  /// Gives the credit of one popped frame back, after it was processed. No-op under drop policies.
  void done() noexcept;

  [[nodiscard]] bool is_empty() const noexcept;
  [[nodiscard]] Stats stats() const noexcept;

  [[nodiscard]] const std::string& name() const noexcept { return options_.name; }

  [[nodiscard]] Overflow overflow() const noexcept { return options_.overflow; }

 private:
  struct PlacedControl {
    std::uint64_t before = 0;  // Goes before the frame with this index.
    ControlRecord record;
  };

  explicit EdgeRing(Options options);

  [[nodiscard]] std::uint64_t counted() const noexcept;
  [[nodiscard]] Frame take_head(std::uint64_t& head) noexcept;
  void store(Frame& frame) noexcept;
  void drop_newest(Frame frame);
  bool drop_oldest();
  /// Joins `tombstone` to one of the records before `end` whose place is not before `from`.
  bool merge(const Tombstone& tombstone, std::size_t end, std::uint64_t from);
  void ring_producer_if_waiting() noexcept;
  std::optional<ControlRecord> pop_control(std::uint64_t head);
  /// Takes the frame at `head` for the consumer; false if the producer has dropped it.
  bool move_head(std::uint64_t head) noexcept;
  /// Whether the ring that looked empty still is, once its producer must have seen that.
  bool is_really_empty(std::uint64_t head) noexcept;

  const Options options_;
  const std::uint64_t mask_;
  std::vector<std::atomic<detail::FrameBody*>> slots_;
  Doorbell producer_;
  Doorbell consumer_;

  alignas(64) std::atomic<std::uint64_t> tail_{0};  // Next index to write; the producer's.
  std::atomic<std::uint64_t> full_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> high_water_{0};
  alignas(64) std::atomic<std::uint64_t> head_{
      0};                                   // Next index to take; the dropping producer's too.
  std::atomic<std::uint64_t> released_{0};  // Frames whose credit came back.
  std::atomic<bool> producer_waits_{false};
  alignas(64) std::atomic<std::uint64_t> controls_waiting_{0};
  std::mutex controls_mutex_;
  std::deque<PlacedControl> controls_;
};

}  // namespace penstock
