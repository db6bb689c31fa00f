#include "engine/run/source_pump.h"

#include <exception>
#include <span>
#include <utility>

namespace penstock {

Result<std::unique_ptr<SourcePump>> SourcePump::create(Options options) {
  auto window = InflightWindow::create(options.window);
  if (!window.has_value()) {
    return window.error().within("stream '" + options.stream_name + "'");
  }
  if (options.max_fps.has_value() && !(*options.max_fps > 0)) {
    return Error{Errc::kInvalidArgument,
                 "stream '" + options.stream_name + "': max_fps " +
                     std::to_string(*options.max_fps) + " is not above 0"};
  }
  return std::unique_ptr<SourcePump>(new SourcePump(std::move(options), std::move(window).value()));
}

SourcePump::SourcePump(Options options, InflightWindow window)
    : Supervised(options.name),
      options_(std::move(options)),
      window_(std::move(window)),
      pool_(FramePool::create(
          {options_.stream, options_.stream_name, options_.context.clock, options_.ledger})),
      out_(options_.outputs) {
  window_.set_doorbell(doorbell());
}

SourcePump::~SourcePump() {
  stop_source();
  refuse_waiting();
  window_.close();
  out_.abandon(Outcome::kCancelled, Reason::kShutdown);
  pool_->retire();  // An application may keep frames for longer than the run and its clock live.
}

Runnable::Step SourcePump::step(TimePoint now) {
  wake_at_.reset();
  obey(take_orders());
  if (state_ == State::kStart) {
    start();
  }
  switch (state_) {
    case State::kReading:
      return read_turn(now);
    case State::kEnded:
      if (!out_.flush()) {
        return Step::kIdle;
      }
      out_.send_control(EndOfStream{options_.stream}, options_.stream);
      state_ = State::kFinished;
      window_.close();  // Places that are still out must not wake who has finished.
      post({RunEvent::Kind::kFinished, nullptr, options_.context.name, options_.stream_name, {}});
      return Step::kFinished;
    case State::kFinished:
      return Step::kFinished;
    case State::kStart:
    case State::kFailed:
      break;
  }
  return Step::kIdle;
}

void SourcePump::obey(Orders orders) {
  if (state_ == State::kEnded || state_ == State::kFinished) {
    return;
  }
  if (orders.has(Order::kStop) || orders.has(Order::kGiveUp)) {
    stop_source();
    report_flaws();
    refuse_waiting();
    state_ = State::kEnded;
  } else if (orders.has(Order::kRestart) && state_ == State::kFailed) {
    state_ = State::kStart;
  }
}

void SourcePump::refuse_waiting() {
  if (std::exchange(is_waiting_, false)) {
    waiting_.clear();
    options_.ledger->count_refused(Reason::kShutdown);
  }
}

void SourcePump::start() {
  Status status;
  try {
    auto made = options_.make();
    if (made.has_value()) {
      source_ = std::move(made).value();
      live_ = source_->is_live();
      source_over_ = false;
      status = source_->start(options_.context, doorbell());
    } else {
      status = made.error();
    }
  } catch (const std::exception& exception) {
    status = Error{Errc::kInternal, std::string("exception while starting: ") + exception.what()};
  } catch (...) {
    status = Error{Errc::kInternal, "an exception of unknown type while starting"};
  }
  if (!status.has_value()) {
    fail(status.error());
    return;
  }
  state_ = State::kReading;
  opened_posted_ = false;
}

void SourcePump::fail(const Error& error) {
  stop_source();
  state_ = State::kFailed;
  if (last_pts_.has_value()) {
    pts_shift_ = *last_pts_ + std::chrono::milliseconds(1);
  }
  asked_since_.reset();
  silence_reported_ = false;  // That it has failed says more, and so will its return.
  pace_start_.reset();        // What is read after the pause is not late.
  post({RunEvent::Kind::kFailed, nullptr, options_.context.name, options_.stream_name, error});
}

void SourcePump::stop_source() {
  if (source_ == nullptr) {
    return;
  }
  note_flaws();
  earlier_flaws_ = flaws();
  frames_read_ = 0;
  try {
    source_->stop();
  } catch (...) {
    // Nobody is left to act on it: the source is destroyed next.
  }
  source_.reset();
}

void SourcePump::note_flaws() {
  const SourceFlaws now = source_->flaws();
  decode_errors_.store(earlier_flaws_.decode_errors + now.decode_errors, std::memory_order_relaxed);
  missing_frames_.store(earlier_flaws_.missing_frames + now.missing_frames,
                        std::memory_order_relaxed);
}

/// Says once of a stream that its data is damaged: of a live one at the first sign, of a file when
/// all is known.
void SourcePump::report_flaws() {
  const SourceFlaws all = flaws();
  if (flaws_reported_ || (all.decode_errors == 0 && all.missing_frames == 0)) {
    return;
  }
  flaws_reported_ = true;
  std::string text = "its data is damaged:";
  if (all.decode_errors != 0) {
    text += " " + std::to_string(all.decode_errors) +
            (all.decode_errors == 1 ? " decode error" : " decode errors");
  }
  if (all.missing_frames != 0) {
    text += std::string(all.decode_errors != 0 ? ", and it" : " it") + " ended at frame " +
            std::to_string(frames_read_) + " of the " +
            std::to_string(frames_read_ + all.missing_frames) + " that its container names";
  }
  post({RunEvent::Kind::kFlawed,
        nullptr,
        options_.context.name,
        options_.stream_name,
        {Errc::kCorrupt, std::move(text)}});
}

Runnable::Step SourcePump::read_turn(TimePoint now) {
  const Step step = read_frames(now);
  if (source_ != nullptr) {
    look_at_source();
  }
  return step;
}

/// Notes what the source says of itself: once a turn, not once a frame.
void SourcePump::look_at_source() {
  note_flaws();
  if (live_) {
    report_flaws();
  }
  if (const auto share = source_->progress(); share.has_value() && !source_over_) {
    progress_.store(static_cast<int>(*share * 1000), std::memory_order_relaxed);
  }
}

Runnable::Step SourcePump::read_frames(TimePoint now) {
  const int budget = share_of(kFramesPerTurn);
  for (int frames = 0; frames < budget; ++frames) {
    // What a source has saved up comes at once, and may be heavy where it never was before.
    if (frames % kFramesPerLook == 0 && frames > 0 &&
        options_.context.clock->now() - now >= kLongRead) {
      break;
    }
    switch (advance(now)) {
      case Offer::kSent:
      case Offer::kRetry:
        break;
      case Offer::kBlocked:
        return Step::kIdle;
      case Offer::kOver:
        return Step::kAgain;  // The next step sends the end of the stream, or sees the failure.
    }
  }
  return Step::kAgain;
}

SourcePump::Offer SourcePump::advance(TimePoint now) {
  // A live source is read even while its frame cannot enter: a newer one replaces it.
  const bool can_enter = out_.flush() && window_.has_room();
  if (is_waiting_ && !is_due(now)) {
    return Offer::kBlocked;
  }
  if (is_waiting_ && can_enter) {
    return offer_waiting();
  }
  if (is_waiting_ && (!live_ || source_over_)) {
    return Offer::kBlocked;
  }
  if (!is_waiting_ && source_over_) {
    stop_source();
    state_ = State::kEnded;
    return Offer::kOver;
  }
  // One frame is read ahead of its place: only then does the end of the stream show, which nodes
  // that hold frames until it comes wait for.
  const bool pulled = pull_next(now);
  if (state_ == State::kFailed) {
    return Offer::kOver;
  }
  return pulled || source_over_ ? Offer::kRetry : Offer::kBlocked;
}

/// Sees to it that the pump has a turn when the silence counts. The time of that turn moves on only
/// when it has come, so that a source of many frames a second does not set as many timers.
void SourcePump::wait_for_source(TimePoint now) {
  wake_at_ = source_->not_before();
  if (wake_at_.has_value() || silence_reported_) {
    return;  // It knows when, or all is said.
  }
  if (!asked_since_.has_value()) {
    asked_since_ = now;
  }
  if (now - *asked_since_ >= kSilenceLimit) {
    silence_reported_ = true;
    const auto limit = std::chrono::duration_cast<std::chrono::seconds>(kSilenceLimit).count();
    post({RunEvent::Kind::kSilent,
          nullptr,
          options_.context.name,
          options_.stream_name,
          {Errc::kUnavailable, "no frame for " + std::to_string(limit) + " s"}});
    return;
  }
  if (!look_again_.has_value() || now >= *look_again_) {
    look_again_ = *asked_since_ + kSilenceLimit;
  }
  wake_at_ = look_again_;
}

void SourcePump::end_silence() {
  asked_since_.reset();
  if (std::exchange(silence_reported_, false)) {
    post({RunEvent::Kind::kHeard, nullptr, options_.context.name, options_.stream_name, {}});
  }
}

bool SourcePump::pull_next(TimePoint now) {
  SourceFrame& fresh = is_waiting_ ? fresh_ : waiting_;
  fresh.clear();
  Source::Pull pull = Source::Pull::kFailed;
  try {
    pull = source_->pull(fresh);
  } catch (const std::exception& exception) {
    fail({Errc::kInternal, std::string("exception while reading: ") + exception.what()});
    return false;
  } catch (...) {
    fail({Errc::kInternal, "an exception of unknown type while reading"});
    return false;
  }
  switch (pull) {
    case Source::Pull::kFrame:
      break;
    case Source::Pull::kNothing:
      wait_for_source(now);
      return false;
    case Source::Pull::kEnd:
      source_over_ = true;
      progress_.store(1000, std::memory_order_relaxed);
      note_flaws();
      report_flaws();
      return false;
    case Source::Pull::kFailed:
      fail(source_->failure());
      return false;
  }
  if (!opened_posted_) {
    opened_posted_ = true;
    post({RunEvent::Kind::kOpened, nullptr, options_.context.name, options_.stream_name, {}});
  }
  end_silence();
  ++frames_read_;
  if (fresh.skipped > 0) {
    options_.ledger->count_skipped(fresh.skipped);
    next_seq_ += fresh.skipped;
  }
  const std::uint64_t seq = next_seq_++;
  options_.ledger->count_offered();
  if (is_sampled_out(fresh)) {
    options_.ledger->count_refused(Reason::kSampled);
    fresh.clear();  // Its memory is wanted elsewhere.
    return true;
  }
  if (std::exchange(is_waiting_, true)) {
    options_.ledger->count_refused(Reason::kLatestWins);
    std::swap(waiting_, fresh_);
    fresh_.clear();  // Its memory is wanted elsewhere.
  }
  waiting_.time.pts += pts_shift_;
  last_pts_ = waiting_.time.pts;
  waiting_seq_ = seq;
  return true;
}

bool SourcePump::is_sampled_out(const SourceFrame& frame) {
  if (!options_.max_fps.has_value()) {
    return false;
  }
  const Duration pts = frame.time.pts + pts_shift_;
  const auto period = Duration(static_cast<Duration::rep>(1e9 / *options_.max_fps));
  if (next_sample_pts_.has_value() && pts < *next_sample_pts_) {
    return true;
  }
  // The grid stays where it is while frames keep up with it; a gap starts it anew.
  const bool on_grid = next_sample_pts_.has_value() && pts < *next_sample_pts_ + period;
  next_sample_pts_ = (on_grid ? *next_sample_pts_ : pts) + period;
  return false;
}

bool SourcePump::is_due(TimePoint now) {
  if (!options_.realtime) {
    return true;
  }
  const Duration pts = waiting_.time.pts;
  if (!pace_start_.has_value()) {
    pace_start_ = now - pts;
  }
  const TimePoint due = *pace_start_ + pts;
  if (now >= due) {
    return true;
  }
  wake_at_ = due;
  return false;
}

SourcePump::Offer SourcePump::offer_waiting() {
  auto place = window_.admit();
  if (!place.has_value()) {
    return Offer::kBlocked;
  }
  Frame frame = pool_->make(std::move(*place), waiting_seq_, waiting_.time);
  if (options_.deadline.has_value()) {
    frame.set_deadline(frame.admitted_at() + *options_.deadline);
  }
  if (waiting_.image.has_value()) {
    frame.set_image(std::move(*waiting_.image));
  }
  if (!waiting_.tensors.empty()) {
    frame.swap_tensors(waiting_.tensors);
  }
  if (waiting_.objects.has_value()) {
    frame.set_objects(*waiting_.objects, waiting_.labels);
  }
  waiting_.clear();
  is_waiting_ = false;
  out_.send(std::move(frame), 0);
  return Offer::kSent;
}

}  // namespace penstock
