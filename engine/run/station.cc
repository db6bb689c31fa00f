#include "engine/run/station.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

/// A job's token names its slot and a serial, so that its end needs no search, and an old one is
/// known.
constexpr unsigned kSlotBits = 16;
constexpr std::uint64_t kSlotMask = (1ULL << kSlotBits) - 1;

}  // namespace

Station::Station(Options options)
    : Supervised(options.name),
      options_(std::move(options)),
      intake_(std::move(options_.inputs), options_.shares),
      out_(options_.outputs) {
  PENSTOCK_CHECK(options_.batch_size > 0) << "station '" << name() << "'";
  joined_.resize(intake_.streams());
}

Station::~Station() {
  order_.abandon(Outcome::kCancelled, Reason::kShutdown);
  out_.abandon(Outcome::kCancelled, Reason::kShutdown);
}

Runnable::Step Station::step(TimePoint now) {
  obey(take_orders());
  if (state_ == State::kOpen || state_ == State::kGivenUp) {
    collect(now);
  }
  if (state_ == State::kMade || state_ == State::kClosing) {
    return Step::kBlocking;
  }
  if (state_ == State::kFinished) {
    return Step::kFinished;
  }
  depart();
  if (state_ == State::kFailed) {
    out_.flush();  // What is done does not wait for the restart.
    return Step::kIdle;
  }
  while (out_.flush() && state_ != State::kFailed) {
    const bool moved = submit_ready(now) || take_some(now);
    depart();
    if (moved) {
      continue;
    }
    end_input();
    if (is_over()) {
      state_ = State::kClosing;
      return Step::kBlocking;
    }
    break;
  }
  tell_taken();
  return Step::kIdle;
}

std::optional<TimePoint> Station::wake_at() const {
  if (state_ != State::kOpen) {
    return std::nullopt;
  }
  // While no slot is free, or the output is full, it is their ring that starts a batch.
  if (!waiting_.empty() && out_.is_clear() && !free_slots_.empty()) {
    return waiting_.front().since + options_.batch_wait;
  }
  return std::nullopt;
}

void Station::obey(Orders orders) {
  if (orders.has(Order::kGiveUp) && state_ != State::kClosing && state_ != State::kFinished) {
    give_up();
  } else if (orders.has(Order::kRestart) && state_ == State::kFailed) {
    options_.node_ledger->restarts.fetch_add(1, std::memory_order_relaxed);
    state_ = State::kMade;
  }
}

void Station::give_up() {
  for (std::uint32_t slot = 0; slot < jobs_.size(); ++slot) {
    Job& job = jobs_[slot];
    if (job.busy && !job.abandoned) {
      job.abandoned = true;
      backend_->cancel(slot);
      for (const Ticket& ticket : job.frames) {
        fail_ticket(ticket, Outcome::kFailed, Reason::kStreamStopped);
      }
    }
  }
  for (const auto& [ticket, since] : waiting_) {
    fail_ticket(ticket, Outcome::kFailed, Reason::kStreamStopped);
  }
  waiting_.clear();
  state_ = State::kGivenUp;
}

void Station::collect(TimePoint now) {
  while (backend_ != nullptr) {
    auto done = backend_->pop();
    if (!done.has_value()) {
      return;
    }
    const std::uint64_t slot = done->token & kSlotMask;
    PENSTOCK_CHECK(slot < jobs_.size() && jobs_[slot].busy && jobs_[slot].token == done->token)
        << "station '" << name() << "': completion of unknown job " << done->token;
    complete(jobs_[slot], *done, now);
    if (state_ == State::kFailed) {
      return;
    }
  }
}

void Station::complete(Job& job, InferenceDone& done, TimePoint now) {
  DeviceLedger& ledger = *options_.device_ledger;
  note_busy(now, -1);
  job.busy = false;
  free_slots_.push_back(job.slot);
  ledger.latency.record(
      static_cast<std::uint64_t>(std::max<Duration::rep>((now - job.submitted_at).count(), 0)));
  if (done.maps) {
    job.maps = std::move(done.maps);
  }
  const bool has_results = done.code == Errc::kOk && !done.dropped_by.has_value();
  if (has_results && (job.abandoned || !counts_waiting_)) {
    untaken_ += static_cast<std::uint32_t>(job.frames.size());
  }
  if (job.abandoned) {
    JobMaps::renew(job.maps);
    return;
  }
  if (done.dropped_by.has_value()) {  // It never ran: there is nothing in its outputs.
    for (const Ticket& ticket : job.frames) {
      fail_ticket(ticket, Outcome::kDropped, *done.dropped_by);
    }
    JobMaps::renew(job.maps);
    return;
  }
  if (done.code == Errc::kOk) {
    failing_row_ = false;
    if (std::exchange(is_unproven_, false)) {
      post({RunEvent::Kind::kOpened, nullptr, name(), {}, {}});
    }
    ledger.inferences.fetch_add(1, std::memory_order_relaxed);
    ledger.frames.fetch_add(job.frames.size(), std::memory_order_relaxed);
    give_results(job);
    return;
  }
  ledger.failed.fetch_add(1, std::memory_order_relaxed);
  const Error error{done.code, done.message};
  fail_frames(job, done.code == Errc::kDeadlineExceeded ? Reason::kTimeout : Reason::kDeviceFailed);
  if (done.code == Errc::kDeviceLost) {
    fail_station(error);
    return;
  }
  report_frame_failure(error);
}

void Station::fail_frames(Job& job, Reason reason) {
  for (const Ticket& ticket : job.frames) {
    fail_ticket(ticket, Outcome::kFailed, reason);
  }
  JobMaps::renew(job.maps);
}

void Station::give_results(Job& job) {
  if (!job.maps->is_unique()) {
    job.maps = JobMaps::create({}, job.maps->outputs);
  }
  std::vector<FeatureMap>& outputs = job.maps->outputs;
  row_bytes_.assign(outputs.size(), 0);
  if (options_.batch_size > 1) {
    for (std::size_t port = 0; port < outputs.size(); ++port) {
      FeatureMap& map = outputs[port];
      row_bytes_[port] = map.buffer.size() / static_cast<std::size_t>(map.shape[0]);
      map.shape.set(0, 1);
    }
  }
  for (std::size_t i = 0; i < job.frames.size(); ++i) {
    if (i + 1 < job.frames.size()) {
      results_.assign(outputs.begin(), outputs.end());
    } else {
      results_.swap(outputs);
    }
    for (std::size_t port = 0; port < results_.size(); ++port) {
      results_[port].to_source = job.to_source[i];
      results_[port].offset += i * row_bytes_[port];
    }
    order_.at(job.frames[i]).swap_tensors(results_);
    results_.clear();
    intake_.release(job.frames[i].stream);
    order_.settle(job.frames[i]);
  }
  options_.node_ledger->processed.fetch_add(job.frames.size(), std::memory_order_relaxed);
  JobMaps::renew(job.maps);
}

/// Takes what the next batch wants, and no more in a row, so that nothing that leaves waits long.
bool Station::take_some(TimePoint now) {
  bool took = false;
  for (std::uint32_t i = 0; i < options_.batch_size && take_next(now); ++i) {
    took = true;
  }
  return took;
}

bool Station::take_next(TimePoint now) {
  if (has_full_batch()) {
    return false;
  }
  auto item = intake_.next();
  if (!item.has_value()) {
    return false;
  }
  if (auto* frame = std::get_if<Frame>(&*item); frame != nullptr) {
    admit(std::move(*frame), now);
  } else {
    admit(std::get<ControlRecord>(*item));
  }
  return true;
}

void Station::admit(Frame frame, TimePoint now) {
  const bool late = now > frame.deadline();
  const Ticket ticket = order_.admit(std::move(frame));
  if (state_ == State::kGivenUp) {
    fail_ticket(ticket, Outcome::kFailed, Reason::kStreamStopped);
  } else if (late) {
    fail_ticket(ticket, Outcome::kDropped, Reason::kDeadline);
  } else {
    waiting_.push_back({ticket, now});
  }
}

void Station::admit(const ControlRecord& record) {
  if (const auto* end = std::get_if<EndOfStream>(&record); end != nullptr) {
    order_.admit(record, end->stream);
  } else if (const auto* tombstone = std::get_if<Tombstone>(&record); tombstone != nullptr) {
    order_.admit(record, tombstone->stream);
  } else {
    order_.admit(record, std::get<ClosingRecord>(record).parent.stream);
  }
}

bool Station::submit_ready(TimePoint now) {
  if (waiting_.empty() || state_ != State::kOpen) {
    return false;
  }
  const bool full = has_full_batch();
  const bool waited = intake_.is_over() || now - waiting_.front().since >= options_.batch_wait;
  if ((!full && !waited) || free_slots_.empty()) {
    return false;
  }
  Job& job = jobs_[free_slots_.back()];
  if (const Status status = start_job(job, now); !status.has_value()) {
    fail_frames(job, Reason::kDeviceFailed);
    options_.device_ledger->failed.fetch_add(1, std::memory_order_relaxed);
    if (status.error().code == Errc::kDeviceLost) {
      fail_station(status.error());
      return false;
    }
    report_frame_failure(status.error());
  }
  return true;
}

Status Station::start_job(Job& job, TimePoint now) {
  job.abandoned = false;
  job.token = next_serial_++ << kSlotBits | job.slot;
  job.submitted_at = now;
  InferenceJob wanted;
  wanted.deadline = take_frames(job);
  if (job.frames.empty()) {
    return {};
  }
  PENSTOCK_RETURN_IF_ERROR(shapes_.lay_out(gathered_.front(), job.frames.size(), layout_));
  PENSTOCK_RETURN_IF_ERROR(memory_.lease_outputs(layout_.outputs, job.maps->outputs));
  PENSTOCK_RETURN_IF_ERROR(gather(job));
  wanted.slot = job.slot;
  wanted.token = job.token;
  job.maps->frames = 0;
  for (const Ticket& ticket : job.frames) {
    job.maps->add_frame(ticket.stream);
  }
  wanted.maps = job.maps;
  wanted.stream = job.frames.front().stream;
  PENSTOCK_RETURN_IF_ERROR(backend_->submit(wanted));
  job.busy = true;
  free_slots_.pop_back();
  note_busy(now, +1);
  return {};
}

/// Moves the frames of the next batch from those that wait into `job`, and shows what they carry in
/// `gathered_`. Returns the first of their deadlines.
TimePoint Station::take_frames(Job& job) {
  job.frames.clear();
  job.to_source.clear();
  gathered_.clear();
  std::fill(joined_.begin(), joined_.end(), 0);
  TimePoint deadline = TimePoint::max();
  auto kept = waiting_.begin();
  auto at = waiting_.begin();
  for (; at != waiting_.end() && job.frames.size() < options_.batch_size; ++at) {
    const Frame& frame = order_.at(at->ticket);
    const auto maps = frame.tensors();
    // One bad frame must not cost the others of its batch their results.
    if (const Status fits = shapes_.check_frame(maps); !fits.has_value()) {
      fail_ticket(at->ticket, Outcome::kFailed, Reason::kNodeFailed);
      report_frame_failure(fits.error());
    } else if ((gathered_.empty() || shapes_.go_together(gathered_.front(), maps)) &&
               may_join(at->ticket.stream)) {
      job.frames.push_back(at->ticket);
      job.to_source.push_back(maps.empty() ? Affine{} : maps.front().to_source);
      gathered_.push_back(maps);
      deadline = std::min(deadline, frame.deadline());
    } else {
      *kept++ = *at;
    }
  }
  waiting_.erase(kept, at);
  return deadline;
}

/// Gives `job` the inputs of its frames, which lose them: their own, or one copy of all.
Status Station::gather(Job& job) {
  if (options_.batch_size == 1) {
    order_.at(job.frames.front()).swap_tensors(job.maps->inputs);
    return {};
  }
  PENSTOCK_RETURN_IF_ERROR(memory_.gather(gathered_, layout_.inputs, job.maps->inputs));
  for (const Ticket& ticket : job.frames) {
    order_.at(ticket).clear_tensors();
  }
  return {};
}

/// Returns whether a batch takes one more of the stream, and counts it if so.
bool Station::may_join(StreamId stream) {
  std::uint32_t& joined = joined_[static_cast<std::size_t>(stream)];
  if (options_.batch_per_stream != 0 && joined >= options_.batch_per_stream) {
    return false;
  }
  ++joined;
  return true;
}

bool Station::has_full_batch() {
  if (options_.batch_per_stream == 0 || waiting_.size() < options_.batch_size) {
    return waiting_.size() >= options_.batch_size;
  }
  std::fill(joined_.begin(), joined_.end(), 0);
  const auto joining = std::count_if(waiting_.begin(), waiting_.end(), [this](const Waiting& one) {
    return may_join(one.ticket.stream);
  });
  const std::size_t most = std::size_t{2} * options_.batch_size;
  return static_cast<std::size_t>(joining) >= options_.batch_size || waiting_.size() >= most;
}

void Station::fail_ticket(const Ticket& ticket, Outcome outcome, Reason reason) {
  intake_.release(ticket.stream);
  Frame& frame = order_.at(ticket);
  const FrameId id = frame.id();
  frame.end(outcome, reason);
  auto& counter =
      outcome == Outcome::kDropped ? options_.node_ledger->dropped : options_.node_ledger->failed;
  counter.fetch_add(1, std::memory_order_relaxed);
  order_.settle(ticket, Tombstone{id.stream, id.seq, id.seq, id.child, reason});
}

void Station::report_frame_failure(const Error& error) {
  if (!failing_row_) {
    failing_row_ = true;
    post({RunEvent::Kind::kFrameFailed, nullptr, name(), {}, error});
  }
}

void Station::fail_station(const Error& error) {
  // Whoever lends the backend has tried what could be tried: what it holds has failed with it.
  for (Job& job : jobs_) {
    if (job.busy && !job.abandoned) {
      fail_frames(job, Reason::kDeviceFailed);
    }
  }
  forget_jobs();
  dying_ = std::move(backend_);
  fail(error);
}

void Station::fail(const Error& error) {
  state_ = State::kFailed;
  is_unproven_ = true;
  post({RunEvent::Kind::kFailed, nullptr, name(), {}, error});
}

void Station::forget_jobs() {
  const TimePoint now = options_.clock->now();
  for (Job& job : jobs_) {
    if (job.busy) {
      note_busy(now, -1);
    }
    job = Job{};
  }
  free_slots_.clear();  // Until a backend is open again.
}

void Station::depart() {
  order_.depart(
      [this](Frame frame) {
        untaken_ += counts_waiting_ ? 1 : 0;
        out_.send(std::move(frame), 0);
      },
      [this](const ControlRecord& record, StreamId stream) { out_.send_control(record, stream); });
}

void Station::tell_taken() {
  const std::uint32_t here = std::min(untaken_, out_.waiting_frames());
  if (backend_ != nullptr && untaken_ > here) {
    backend_->taken(untaken_ - here);
    untaken_ = here;
  }
}

void Station::note_busy(TimePoint now, int change) {
  DeviceLedger& ledger = *options_.device_ledger;
  if (change > 0) {
    if (in_flight_++ == 0) {
      busy_since_ = now;
    }
  } else {
    // At each end, so that a station that is never idle shows what it does.
    --in_flight_;
    const auto busy = std::max<Duration::rep>((now - busy_since_).count(), 0);
    ledger.busy_ns.fetch_add(static_cast<std::uint64_t>(busy), std::memory_order_relaxed);
    busy_since_ = now;
  }
  ledger.in_flight.store(in_flight_, std::memory_order_relaxed);
}

void Station::end_input() {
  if (!has_ended_input_ && state_ == State::kOpen && intake_.is_over() && waiting_.empty()) {
    has_ended_input_ = true;
    backend_->end_input();
  }
}

bool Station::is_over() const {
  return order_.size() == 0 && intake_.is_over();
}

void Station::blocking_step() {
  dying_.reset();
  if (state_ == State::kMade) {
    Status status;
    try {
      status = open_backend();
    } catch (const std::exception& exception) {
      status = Error{Errc::kInternal, std::string("exception while opening: ") + exception.what()};
    }
    if (status.has_value()) {
      state_ = State::kOpen;
      if (!is_unproven_) {
        post({RunEvent::Kind::kOpened, nullptr, name(), {}, {}});
      }
    } else {
      fail(status.error());
    }
  } else if (state_ == State::kClosing) {
    backend_.reset();
    forget_jobs();  // Those that had exceeded their limit; their frames have ended.
    state_ = State::kFinished;
    post({RunEvent::Kind::kFinished, nullptr, name(), {}, {}});
  }
}

Status Station::open_backend() {
  backend_.reset();
  untaken_ = 0;
  has_ended_input_ = false;
  PENSTOCK_ASSIGN_OR_RETURN(backend_, options_.make(doorbell()));
  PENSTOCK_ASSIGN_OR_RETURN(
      shapes_,
      BatchShapes::create(
          backend_->inputs(), backend_->outputs(), backend_->buckets(), options_.batch_size));
  counts_waiting_ = options_.batch_size == 1 && backend_->starts_in_order();
  if (backend_->slots() > kSlotMask) {  // Drivers say how many they want.
    return Error{Errc::kUnsupported,
                 std::to_string(backend_->slots()) + " requests on all devices: must be at most " +
                     std::to_string(kSlotMask)};
  }
  jobs_.resize(backend_->slots());
  free_slots_.clear();
  for (std::uint32_t slot = backend_->slots(); slot > 0; --slot) {
    jobs_[slot - 1].slot = slot - 1;
    jobs_[slot - 1].maps = JobMaps::create();
    free_slots_.push_back(slot - 1);
  }
  // As much again may be left with a device that does not end its jobs.
  const std::size_t in_jobs = 2 * std::size_t{backend_->slots()} + 1;
  PENSTOCK_ASSIGN_OR_RETURN(memory_,
                            BatchMemory::create(name(),
                                                backend_->inputs(),
                                                backend_->outputs(),
                                                {in_jobs, options_.max_frames + in_jobs}));
  return {};
}

}  // namespace penstock
