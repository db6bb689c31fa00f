#include "engine/run/segment.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "engine/base/check.h"
#include "engine/frame/abandon_scope.h"

namespace penstock {
namespace {

/// Whether an error of `process` means the node itself, not this one frame.
bool is_node_failure(Errc code) {
  return code == Errc::kInternal || code == Errc::kUnavailable || code == Errc::kDeviceLost ||
         code == Errc::kPeerGone;
}

constexpr std::uint64_t kSampleMask = 15;  // Time one call of 16.
constexpr int kTriesPerFrame = 2;

/// Calls a node's function; what it throws becomes an error.
template <class Call>
Status guarded(Call&& call) {
  try {
    return call();
  } catch (const std::exception& exception) {
    return Error{Errc::kInternal, std::string("exception: ") + exception.what()};
  } catch (...) {
    return Error{Errc::kInternal, "an exception of unknown type"};
  }
}

}  // namespace

Segment::Segment(Options options)
    : Supervised(options.name),
      options_(std::move(options)),
      out_(options_.outputs),
      health_(options_.nodes.size()),
      has_routes_(options_.ports > 1) {
  PENSTOCK_CHECK(!options_.nodes.empty()) << "segment '" << name() << "' has no node";
  PENSTOCK_CHECK(options_.ports <= Routes::kMaxPorts)
      << "segment '" << name() << "' has " << options_.ports << " outputs";
  emits_.reserve(options_.nodes.size());
  for (std::size_t i = 0; i < options_.nodes.size(); ++i) {
    emits_.emplace_back(this, i);
  }
}

Segment::~Segment() {
  // The nodes go first: in a scope, because they may keep frames.
  const AbandonScope scope(AbandonScope::When::kAlways, Outcome::kCancelled, Reason::kShutdown);
  nodes_.clear();
  held_.clear();
  out_.abandon(Outcome::kCancelled, Reason::kShutdown);
}

void Segment::ChainEmit::send(Frame frame, std::size_t port) {
  if (index_ + 1 < segment_->nodes_.size()) {
    segment_->run_node(index_ + 1, 0, std::move(frame));
  } else {
    if (segment_->has_routes_) {
      segment_->routes_.add(frame.id(), port);
    }
    segment_->out_.send(std::move(frame), port);
  }
}

void Segment::ChainEmit::drop(Frame frame, Reason reason) {
  segment_->options_.nodes[index_].ledger->dropped.fetch_add(1, std::memory_order_relaxed);
  segment_->end_frame(std::move(frame), Outcome::kDropped, reason);
}

void Segment::ChainEmit::close_fan_out(const FrameId& parent, std::uint32_t pieces) {
  if (segment_->has_routes_) {
    segment_->routes_.add_to_all(parent);
  }
  segment_->out_.send_control(ClosingRecord{parent, pieces}, parent.stream);
}

void Segment::ChainEmit::announce(const Tombstone& tombstone) {
  segment_->pass_record(index_ + 1, 0, tombstone);
}

Runnable::Step Segment::step(TimePoint now) {
  now_ = now;
  obey(take_orders());
  switch (state_) {
    case State::kMade:
    case State::kGivingUp:
    case State::kClosing:
      return Step::kBlocking;
    case State::kFailed:
      out_.flush();  // What has passed the nodes need not wait for the supervisor.
      return Step::kIdle;
    case State::kFinished:
      return Step::kFinished;
    case State::kOpen:
    case State::kGivenUp:
      return open_turn();
  }
  return Step::kIdle;
}

Runnable::Step Segment::open_turn() {
  AbandonScope scope(AbandonScope::When::kUnwinding, Outcome::kFailed, Reason::kNodeFailed);
  unwound_ = &scope;
  const Step result = work();
  unwound_ = nullptr;
  return result;
}

Runnable::Step Segment::work() {
  const int budget = share_of(kFramesPerTurn);
  for (int frames = 0; frames < budget; ++frames) {
    if (!out_.flush()) {
      return Step::kIdle;  // The edge rings when it has room.
    }
    if (!held_.empty()) {
      resume_held();
    } else if (ending_.has_value()) {
      flush_stream();
    } else if (!take_next() && !serve_timer()) {
      if (!all_inputs_ended()) {
        return Step::kIdle;
      }
      state_ = State::kClosing;
      return Step::kBlocking;
    }
    if (state_ == State::kFailed) {
      return Step::kIdle;
    }
  }
  if (is_at_rest()) {
    serve_timer();  // Under load as well: the inputs may never be found empty.
  }
  return Step::kAgain;
}

bool Segment::is_at_rest() const {
  return state_ == State::kOpen && out_.is_clear() && held_.empty() && !ending_.has_value();
}

std::optional<TimePoint> Segment::wake_at() const {
  std::optional<TimePoint> first;
  for (std::size_t i = 0; is_at_rest() && i < nodes_.size(); ++i) {
    const auto due = nodes_[i]->wake_at();
    if (due.has_value() && (!first.has_value() || *due < *first)) {
      first = due;
    }
  }
  return first;
}

bool Segment::serve_timer() {
  for (std::size_t i = 0; state_ == State::kOpen && i < nodes_.size(); ++i) {
    const auto due = nodes_[i]->wake_at();
    if (!due.has_value() || *due > now_) {
      continue;
    }
    const Status status = guarded([&] { return nodes_[i]->on_time(emits_[i]); });
    settle_routes();
    if (!status.has_value()) {
      announce_ended(*unwound_);
      fail_node(i, status.error().within("on_time"));
    }
    return true;
  }
  return false;
}

bool Segment::take_next() {
  const std::size_t inputs = options_.inputs.size();
  for (std::size_t i = 0; i < inputs; ++i) {
    Input& input = options_.inputs[(next_input_ + i) % inputs];
    if (auto item = input.edge->pop(); item.has_value()) {
      next_input_ = (next_input_ + i + 1) % inputs;
      take(input, std::move(*item));
      return true;
    }
  }
  return false;
}

void Segment::take(Input& input, EdgeRing::Item item) {
  if (auto* frame = std::get_if<Frame>(&item); frame != nullptr) {
    enter(input.port, std::move(*frame));
    input.edge->done();
  } else {
    on_control(input, std::get<ControlRecord>(item));
  }
}

void Segment::enter(std::size_t port, Frame frame) {
  if (state_ == State::kGivenUp) {
    end_frame(std::move(frame), Outcome::kFailed, Reason::kStreamStopped);
  } else if (now_ > frame.deadline()) {
    const FrameId id = frame.id();
    frame.end(Outcome::kDropped, Reason::kDeadline);
    // By way of the nodes: one that waits for this frame learns that it does not come.
    pass_record(0, port, Tombstone{id.stream, id.seq, id.seq, id.child, Reason::kDeadline});
  } else {
    run_node(0, port, std::move(frame));
  }
}

void Segment::resume_held() {
  std::deque<Held> later = std::exchange(held_, {});
  Held first = std::move(later.front());
  later.pop_front();
  run_node(first.index, first.port, std::move(first.frame));
  // If it was held again, it stands before the others.
  std::move(later.begin(), later.end(), std::back_inserter(held_));
}

void Segment::run_node(std::size_t index, std::size_t port, Frame frame) {
  if (state_ == State::kFailed) {
    // A node of the chain failed while one before it was still sending.
    held_.push_back({std::move(frame), index, port});
    return;
  }
  const Status status = call_node(index, port, frame);
  if (status.has_value()) {
    health_[index].failing_row = false;
    if (unproven_ == index) {
      unproven_.reset();
      report(RunEvent::Kind::kOpened, index, {});
    }
    if (frame) {
      emits_[index].send(std::move(frame), 0);
    }
  } else {
    on_error(index, port, std::move(frame), status.error());
  }
  settle_routes();
}

void Segment::settle_routes() {
  if (!has_routes_) {
    return;
  }
  for (const Routes::Sent& sent : routes_.all()) {
    const FrameId& id = sent.id;
    out_.send_control(
        Tombstone{id.stream, id.seq, id.seq, id.child, Reason::kRouted}, id.stream, sent.ports);
  }
  routes_.clear();
}

Status Segment::call_node(std::size_t index, std::size_t port, Frame& frame) {
  NodeLedger& ledger = *options_.nodes[index].ledger;
  // Written here only: a load and a store, which cost a tenth of a locked addition.
  const std::uint64_t count = ledger.processed.load(std::memory_order_relaxed);
  ledger.processed.store(count + 1, std::memory_order_relaxed);
  const bool timed = (count & kSampleMask) == 0;
  const Clock& clock = *options_.nodes[index].context.clock;
  const TimePoint begin = timed ? clock.now() : TimePoint{};
  Status status = guarded([&] {
    return index == 0 ? nodes_[index]->process_from(port, frame, emits_[index])
                      : nodes_[index]->process(frame, emits_[index]);
  });
  if (timed) {
    ledger.busy.record(
        static_cast<std::uint64_t>(std::max<Duration::rep>((clock.now() - begin).count(), 0)));
  }
  return status;
}

void Segment::on_error(std::size_t index, std::size_t port, Frame frame, const Error& error) {
  NodeLedger& ledger = *options_.nodes[index].ledger;
  ledger.failed.fetch_add(1, std::memory_order_relaxed);
  if (!is_node_failure(error.code) && !nodes_[index]->is_beyond_repair()) {
    if (!health_[index].failing_row) {
      health_[index].failing_row = true;
      report(RunEvent::Kind::kFrameFailed, index, error);
    }
    if (frame) {
      end_frame(std::move(frame), Outcome::kFailed, Reason::kNodeFailed);
    }
    return;
  }
  announce_ended(*unwound_);
  if (frame) {
    if (frame.note_failure() < kTriesPerFrame) {
      held_.push_back({std::move(frame), index, port});
    } else {
      end_frame(std::move(frame), Outcome::kFailed, Reason::kPoison);
    }
  }
  fail_node(index, error);
}

void Segment::fail_node(std::size_t index, const Error& error) {
  health_[index].broken = true;
  if (state_ != State::kFailed) {  // One order of the supervisor answers for all nodes that broke.
    state_ = State::kFailed;
    unproven_ = index;
    report(RunEvent::Kind::kFailed, index, error);
  }
}

void Segment::report(RunEvent::Kind kind, std::size_t index, const Error& error) {
  post({kind, nullptr, options_.nodes[index].context.name, options_.stream, error});
}

void Segment::announce_ended(AbandonScope& scope) {
  for (const FrameId& id : scope.take_ended()) {
    out_.send_control(Tombstone{id.stream, id.seq, id.seq, id.child, scope.reason()}, id.stream);
  }
}

void Segment::end_frame(Frame frame, Outcome outcome, Reason reason) {
  const FrameId id = frame.id();
  frame.end(outcome, reason);
  out_.send_control(Tombstone{id.stream, id.seq, id.seq, id.child, reason}, id.stream);
}

void Segment::on_control(Input& input, const ControlRecord& record) {
  if (const auto* end = std::get_if<EndOfStream>(&record); end != nullptr) {
    end_stream(input, end->stream);
    return;
  }
  pass_record(0, input.port, record);
}

void Segment::pass_record(std::size_t index, std::size_t port, const ControlRecord& record) {
  for (std::size_t i = index; state_ == State::kOpen && i < nodes_.size(); ++i) {
    const bool ends_here = nodes_[i]->keeps_records();
    const Status status =
        guarded([&] { return nodes_[i]->note_from(i == 0 ? port : 0, record, emits_[i]); });
    settle_routes();
    if (!status.has_value()) {
      announce_ended(*unwound_);
      fail_node(i, status.error());
    }
    if (ends_here) {
      return;
    }
  }
  const auto* tombstone = std::get_if<Tombstone>(&record);
  const StreamId stream =
      tombstone != nullptr ? tombstone->stream : std::get<ClosingRecord>(record).parent.stream;
  out_.send_control(record, stream);
}

void Segment::end_stream(Input& input, StreamId stream) {
  input.streams.erase(std::remove(input.streams.begin(), input.streams.end(), stream),
                      input.streams.end());
  for (const Input& other : options_.inputs) {
    if (std::find(other.streams.begin(), other.streams.end(), stream) != other.streams.end()) {
      return;  // The stream reaches this segment on several ways; the last one ends it.
    }
  }
  ending_ = Ending{stream, 0};
  flush_stream();
}

void Segment::flush_stream() {
  while (state_ == State::kOpen && ending_->next < nodes_.size()) {
    const std::size_t i = ending_->next++;
    const Status status = guarded([&] { return nodes_[i]->flush(ending_->stream, emits_[i]); });
    settle_routes();
    if (status.has_value()) {
      continue;
    }
    announce_ended(*unwound_);
    options_.nodes[i].ledger->failed.fetch_add(1, std::memory_order_relaxed);
    const Error error = status.error().within("flush");
    if (is_node_failure(error.code)) {
      fail_node(i, error);
    } else {
      report(RunEvent::Kind::kFrameFailed, i, error);
    }
  }
  // After a failure the frames that are held come first, then the nodes that are left.
  if (state_ != State::kFailed) {
    out_.send_control(EndOfStream{ending_->stream}, ending_->stream);
    ending_.reset();
  }
}

bool Segment::all_inputs_ended() const {
  return std::all_of(options_.inputs.begin(), options_.inputs.end(), [](const Input& input) {
    return input.streams.empty();
  });
}

void Segment::obey(Orders orders) {
  if (orders.has(Order::kGiveUp) &&
      (state_ == State::kFailed || state_ == State::kOpen || state_ == State::kMade)) {
    state_ = State::kGivingUp;
    for (Held& held : held_) {
      end_frame(std::move(held.frame), Outcome::kFailed, Reason::kStreamStopped);
    }
    held_.clear();
  } else if (orders.has(Order::kRestart) && state_ == State::kFailed) {
    for (std::size_t i = 0; i < health_.size(); ++i) {
      if (health_[i].broken) {
        options_.nodes[i].ledger->restarts.fetch_add(1, std::memory_order_relaxed);
      }
    }
    state_ = State::kMade;
  }
}

void Segment::blocking_step() {
  if (state_ == State::kMade) {
    if (open_nodes()) {
      state_ = State::kOpen;
      if (!unproven_.has_value()) {  // A node that was only made anew may fail with its next frame.
        report(RunEvent::Kind::kOpened, 0, {});
      }
    }
  } else if (state_ == State::kGivingUp) {
    AbandonScope scope(AbandonScope::When::kAlways, Outcome::kFailed, Reason::kStreamStopped);
    close_nodes();
    announce_ended(scope);
    state_ = State::kGivenUp;
  } else if (state_ == State::kClosing) {
    close_nodes();
    state_ = State::kFinished;
    report(RunEvent::Kind::kFinished, 0, {});
  }
}

bool Segment::open_nodes() {
  AbandonScope scope(AbandonScope::When::kAlways, Outcome::kFailed, Reason::kNodeFailed);
  nodes_.resize(options_.nodes.size());
  for (std::size_t i = 0; i < options_.nodes.size(); ++i) {
    if (nodes_[i] != nullptr && !health_[i].broken) {
      continue;  // A restart makes only the failed node anew; its neighbours keep their state.
    }
    nodes_[i].reset();
    announce_ended(scope);
    const Status status = guarded([&]() -> Status {
      PENSTOCK_ASSIGN_OR_RETURN(nodes_[i], options_.nodes[i].make());
      return nodes_[i]->open(options_.nodes[i].context);
    });
    if (!status.has_value()) {
      fail_node(i, status.error().within("open"));
      return false;
    }
    health_[i] = {};
  }
  return true;
}

void Segment::close_nodes() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i] == nullptr || health_[i].broken) {
      continue;
    }
    const Status status = guarded([&] { return nodes_[i]->close(); });
    if (!status.has_value()) {
      options_.nodes[i].ledger->failed.fetch_add(1, std::memory_order_relaxed);
      report(RunEvent::Kind::kFrameFailed, i, status.error().within("close"));
    }
  }
  nodes_.clear();
}

}  // namespace penstock
