#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/flow/inflight_window.h"
#include "engine/frame/frame_pool.h"
#include "engine/node/source.h"
#include "engine/run/outlets.h"
#include "engine/run/supervised.h"

namespace penstock {

/// Lets the frames of one stream into the graph, no more at once than its window has places.
///
/// A lossless source is asked for a frame when no other waits at the entrance: it is one frame
/// ahead of its places. A live source is always asked; while the window is full its latest frame
/// waits at the entrance and replaces the one that waited there, which is counted (`latest_wins`).
///
/// States: reading -> ended (end of the stream, an order to stop, or given up) -> finished once the
/// end of the stream has gone along all edges. A source that fails waits for the supervisor, which
/// orders a restart after its back-off or gives up; numbers go on counting, times go on rising.
/// Ownership: owns its source and window; the edges and the ledger are the run's.
class SourcePump final : public Supervised {
 public:
  static constexpr int kFramesPerTurn = 32;
  /// A turn that has taken longer when it looks, after so many frames each, ends.
  static constexpr int kFramesPerLook = 8;
  static constexpr Duration kLongRead = std::chrono::milliseconds(1);
  /// A source that was asked and gives nothing for so long is reported, once. Longer than the usual
  /// limits of sources that watch themselves, which then fail and say more.
  static constexpr Duration kSilenceLimit = std::chrono::seconds(12);

  struct Options {
    std::string name;
    StreamId stream{};
    std::string stream_name;
    SourceFactory make;
    SourceContext context;
    std::uint32_t window = 2;
    std::optional<Duration> deadline;  ///< Of each frame, from its admission.
    std::optional<double> max_fps;  ///< Frames that come faster are left out, counted (`sampled`).
    bool realtime = false;          ///< Paces a file by its own times.
    std::shared_ptr<StreamLedger> ledger;
    std::vector<OutEdge> outputs;
  };

  /// Errors: `kInvalidArgument` for a window outside 1..1024, or a `max_fps` that is not above 0.
  static Result<std::unique_ptr<SourcePump>> create(Options options);
  ~SourcePump() override;

  Step step(TimePoint now) override;

  [[nodiscard]] std::optional<TimePoint> wake_at() const override { return wake_at_; }

  /// Share of the stream that was read, in thousandths; negative if unknown. Any thread.
  [[nodiscard]] int progress_permille() const noexcept {
    return progress_.load(std::memory_order_relaxed);
  }

  /// What was wrong with the data, over all reconnects. Any thread.
  [[nodiscard]] SourceFlaws flaws() const noexcept {
    return {decode_errors_.load(std::memory_order_relaxed),
            missing_frames_.load(std::memory_order_relaxed)};
  }

  [[nodiscard]] std::uint32_t in_flight() const noexcept { return window_.in_flight(); }

  [[nodiscard]] std::uint32_t window() const noexcept { return window_.capacity(); }

  [[nodiscard]] const std::string& stream_name() const noexcept { return options_.stream_name; }

  [[nodiscard]] const StreamLedger& ledger() const noexcept { return *options_.ledger; }

 private:
  enum class State : std::uint8_t { kStart, kReading, kFailed, kEnded, kFinished };
  enum class Offer : std::uint8_t { kSent, kBlocked, kRetry, kOver };

  SourcePump(Options options, InflightWindow window);

  void obey(Orders orders);
  void refuse_waiting();
  void start();
  void fail(const Error& error);
  void stop_source();
  void note_flaws();
  void report_flaws();
  Step read_turn(TimePoint now);
  Step read_frames(TimePoint now);
  void look_at_source();
  Offer advance(TimePoint now);
  Offer offer_waiting();
  [[nodiscard]] bool is_due(TimePoint now);
  [[nodiscard]] bool is_sampled_out(const SourceFrame& frame);
  bool pull_next(TimePoint now);
  void wait_for_source(TimePoint now);
  void end_silence();

  Options options_;
  InflightWindow window_;
  Ref<FramePool> pool_;
  Outlets out_;
  std::unique_ptr<Source> source_;
  State state_ = State::kStart;
  bool live_ = false;
  bool opened_posted_ = false;
  bool source_over_ = false;  // The source has ended; its last frame may still wait.
  bool is_waiting_ = false;   // A frame waits at the entrance.
  SourceFrame waiting_;       // That frame, or the one that is being read.
  SourceFrame fresh_;         // The one that is being read while another waits.
  std::uint64_t waiting_seq_ = 0;
  std::uint64_t next_seq_ = 0;
  Duration pts_shift_{0};  // Added after a reconnect, so that times go on rising.
  std::optional<Duration> last_pts_;
  std::optional<TimePoint> pace_start_;
  std::optional<Duration> next_sample_pts_;
  std::optional<TimePoint> wake_at_;
  std::atomic<int> progress_{-1};
  SourceFlaws earlier_flaws_;      // Of sources before a reconnect.
  std::uint64_t frames_read_ = 0;  // Of the source as it is now.
  bool flaws_reported_ = false;
  std::optional<TimePoint> asked_since_;  // Since when the source has given nothing.
  std::optional<TimePoint> look_again_;   // When to see how long that is.
  bool silence_reported_ = false;
  std::atomic<std::uint64_t> decode_errors_{0};
  std::atomic<std::uint64_t> missing_frames_{0};
};

}  // namespace penstock
