#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ref.h"
#include "engine/frame/frame.h"
#include "engine/telemetry/stream_ledger.h"

namespace penstock {

/// Where the frames of one stream come from and go back to: recycles their records and books how
/// each of them ended.
///
/// States: in use -> retired (once, by `retire`), when the run that it belongs to goes.
/// Ownership: counted; what frames need of it lives until the last of them has ended, whatever
/// happened to the run.
/// Thread-safety: `make` by the source; frames end on any thread.
/// Cost: a short lock where a frame ends, and for the source only now and then; no allocation once
/// as many records exist as places.
class FramePool final : public RefCounted<FramePool> {
 public:
  struct Options {
    StreamId stream{};
    std::string stream_name;
    const Clock* clock = nullptr;  ///< Lives until `retire`.
    std::shared_ptr<StreamLedger> ledger;
  };

  static Ref<FramePool> create(Options options);

  /// Returns a frame with the given place, number and times and no payload yet.
  [[nodiscard]] Frame make(Place place, std::uint64_t seq, const FrameTime& time);

  /// Returns a piece of `parent` (a crop) with its own payload: shares place, arena and outcome.
  /// Errors are bugs: the path is at most `ChildPath::kMaxDepth` deep.
  [[nodiscard]] static Frame make_child(const Frame& parent, std::uint16_t index);

  /// The run goes, and its clock may: frames that somebody keeps end as ever, but as old as they
  /// are now. Pre: `make` is not called any more.
  void retire() noexcept;

  [[nodiscard]] StreamLedger& ledger() const noexcept { return *options_.ledger; }

  void on_last_reference();

 private:
  friend class Frame;
  friend struct detail::FrameRoot;
  friend struct detail::FrameBody;

  explicit FramePool(Options options);

  /// Returns a body beside the first one of a frame.
  detail::FrameBody* take_body();
  void give_body(detail::FrameBody* body) noexcept;
  detail::FrameRoot* take_root();
  detail::FrameRoot* make_root();
  void give_root(detail::FrameRoot* root) noexcept;

  const Options options_;
  std::shared_ptr<const std::string> stream_name_;
  std::mutex mutex_;
  const Clock* clock_;    // Null once retired.
  TimePoint retired_at_;  // Then the time of all ends.
  std::vector<detail::FrameBody*> free_bodies_;
  std::vector<detail::FrameRoot*> ended_roots_;  // Not seen by the source yet.
  bool is_kept_ = true;                          // By a handle, not just by its frames.
  std::size_t roots_out_ = 0;                    // Frames that have not ended, once it is not.
  std::vector<detail::FrameRoot*> free_roots_;   // The source's own.
  std::vector<std::unique_ptr<detail::FrameBody>> bodies_;
  std::vector<std::unique_ptr<detail::FrameRoot>> roots_;
};

}  // namespace penstock
