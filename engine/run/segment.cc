#include "engine/run/segment.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

/// Whether an error of `process` means the node itself, not this one frame.
bool is_node_failure(Errc code) {
  return code == Errc::kInternal || code == Errc::kUnavailable || code == Errc::kDeviceLost ||
         code == Errc::kPeerGone;
}

constexpr std::uint64_t kSampleMask = 15;  // Time one call of 16.
constexpr int kTriesPerFrame = 2;

}  // namespace

Segment::Segment(Options options)
    : Supervised(options.name),
      options_(std::move(options)),
      out_(options_.outputs) {
  PENSTOCK_CHECK(!options_.nodes.empty()) << "segment '" << name() << "' has no node";
  emits_.reserve(options_.nodes.size());
  for (std::size_t i = 0; i < options_.nodes.size(); ++i) {
    emits_.emplace_back(this, i);
  }
}

Segment::~Segment() {
  if (retry_) {
    retry_.end(Outcome::kCancelled, Reason::kShutdown);
  }
  out_.abandon(Outcome::kCancelled, Reason::kShutdown);
}

void Segment::ChainEmit::send(Frame frame, std::size_t port) {
  if (index_ + 1 < segment_->nodes_.size()) {
    segment_->run_node(index_ + 1, 0, std::move(frame));
  } else {
    segment_->out_.send(std::move(frame), port);
  }
}

void Segment::ChainEmit::drop(Frame frame, Reason reason) {
  segment_->options_.nodes[index_].ledger->dropped.fetch_add(1, std::memory_order_relaxed);
  segment_->end_frame(std::move(frame), Outcome::kDropped, reason);
}

void Segment::ChainEmit::close_fan_out(const FrameId& parent, std::uint32_t pieces) {
  segment_->out_.send_control(ClosingRecord{parent, pieces}, parent.stream);
}

Runnable::Step Segment::step(TimePoint now) {
  now_ = now;
  obey(take_order());
  switch (state_) {
    case State::kMade:
    case State::kClosing:
      return Step::kBlocking;
    case State::kFailed:
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
  for (int frames = 0; frames < kFramesPerTurn; ++frames) {
    if (!out_.flush()) {
      return Step::kIdle;  // The edge rings when it has room.
    }
    if (retry_) {
      Frame frame = std::move(retry_);
      run_node(0, retry_port_, std::move(frame));
    } else if (!take_next()) {
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
  return Step::kAgain;
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
    end_frame(std::move(frame), Outcome::kDropped, Reason::kDeadline);
  } else {
    run_node(0, port, std::move(frame));
  }
}

void Segment::run_node(std::size_t index, std::size_t port, Frame frame) {
  const Status status = call_node(index, port, frame);
  if (!status.has_value()) {
    on_error(index, std::move(frame), status.error());
    return;
  }
  failing_row_ = false;
  if (frame) {
    emits_[index].send(std::move(frame), 0);
  }
}

Status Segment::call_node(std::size_t index, std::size_t port, Frame& frame) {
  NodeLedger& ledger = *options_.nodes[index].ledger;
  const std::uint64_t count = ledger.processed.fetch_add(1, std::memory_order_relaxed);
  const bool timed = (count & kSampleMask) == 0;
  const Clock& clock = *options_.nodes[index].context.clock;
  const TimePoint begin = timed ? clock.now() : TimePoint{};
  Status status;
  try {
    status = index == 0 ? nodes_[index]->process_from(port, frame, emits_[index])
                        : nodes_[index]->process(frame, emits_[index]);
  } catch (const std::exception& exception) {
    status = Error{Errc::kInternal, std::string("exception: ") + exception.what()};
  } catch (...) {
    status = Error{Errc::kInternal, "an exception of unknown type"};
  }
  if (timed) {
    ledger.busy.record(
        static_cast<std::uint64_t>(std::max<Duration::rep>((clock.now() - begin).count(), 0)));
  }
  return status;
}

void Segment::on_error(std::size_t index, Frame frame, const Error& error) {
  NodeLedger& ledger = *options_.nodes[index].ledger;
  ledger.failed.fetch_add(1, std::memory_order_relaxed);
  if (!is_node_failure(error.code)) {
    if (!failing_row_) {
      failing_row_ = true;
      post({RunEvent::Kind::kFrameFailed,
            nullptr,
            options_.nodes[index].context.name,
            options_.stream,
            error});
    }
    if (frame) {
      end_frame(std::move(frame), Outcome::kFailed, Reason::kNodeFailed);
    }
    return;
  }
  if (frame) {
    // Only a frame that has passed no node yet can be run again from the start of the chain.
    const bool again = frame.note_failure() < kTriesPerFrame;
    if (again && index == 0) {
      retry_ = std::move(frame);
    } else {
      end_frame(std::move(frame), Outcome::kFailed, again ? Reason::kNodeFailed : Reason::kPoison);
    }
  }
  fail_node(index, error);
}

void Segment::fail_node(std::size_t index, const Error& error) {
  state_ = State::kFailed;
  failed_node_ = index;
  post({RunEvent::Kind::kFailed,
        nullptr,
        options_.nodes[index].context.name,
        options_.stream,
        error});
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
  const auto* tombstone = std::get_if<Tombstone>(&record);
  const StreamId stream =
      tombstone != nullptr ? tombstone->stream : std::get<ClosingRecord>(record).parent.stream;
  if (state_ == State::kOpen) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (const Status status = nodes_[i]->note(record, emits_[i]); !status.has_value()) {
        fail_node(i, status.error());
        break;
      }
    }
  }
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
  if (state_ == State::kOpen) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (const Status status = nodes_[i]->flush(stream, emits_[i]); !status.has_value()) {
        options_.nodes[i].ledger->failed.fetch_add(1, std::memory_order_relaxed);
        post({RunEvent::Kind::kFrameFailed,
              nullptr,
              options_.nodes[i].context.name,
              options_.stream,
              status.error().within("flush")});
      }
    }
  }
  out_.send_control(EndOfStream{stream}, stream);
}

bool Segment::all_inputs_ended() const {
  return std::all_of(options_.inputs.begin(), options_.inputs.end(), [](const Input& input) {
    return input.streams.empty();
  });
}

void Segment::obey(Order wanted) {
  if (wanted == Order::kGiveUp &&
      (state_ == State::kFailed || state_ == State::kOpen || state_ == State::kMade)) {
    state_ = State::kGivenUp;
    if (retry_) {
      end_frame(std::move(retry_), Outcome::kFailed, Reason::kStreamStopped);
    }
  } else if (wanted == Order::kRestart && state_ == State::kFailed) {
    options_.nodes[failed_node_.value_or(0)].ledger->restarts.fetch_add(1,
                                                                        std::memory_order_relaxed);
    state_ = State::kMade;
  }
}

void Segment::blocking_step() {
  if (state_ == State::kMade) {
    if (const Status status = open_nodes(); status.has_value()) {
      state_ = State::kOpen;
      post({RunEvent::Kind::kOpened,
            nullptr,
            options_.nodes.front().context.name,
            options_.stream,
            {}});
    }
  } else if (state_ == State::kClosing) {
    close_nodes();
    state_ = State::kFinished;
    post({RunEvent::Kind::kFinished,
          nullptr,
          options_.nodes.front().context.name,
          options_.stream,
          {}});
  }
}

Status Segment::open_nodes() {
  nodes_.resize(options_.nodes.size());
  for (std::size_t i = 0; i < options_.nodes.size(); ++i) {
    if (nodes_[i] != nullptr && i != failed_node_) {
      continue;  // A restart makes only the failed node anew; its neighbours keep their state.
    }
    nodes_[i].reset();
    Status status;
    try {
      auto made = options_.nodes[i].make();
      if (made.has_value()) {
        nodes_[i] = std::move(made).value();
        status = nodes_[i]->open(options_.nodes[i].context);
      } else {
        status = made.error();
      }
    } catch (const std::exception& exception) {
      status = Error{Errc::kInternal, std::string("exception while opening: ") + exception.what()};
    }
    if (!status.has_value()) {
      fail_node(i, status.error());
      return status;
    }
  }
  failed_node_.reset();
  return {};
}

void Segment::close_nodes() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i] == nullptr) {
      continue;
    }
    Status status;
    try {
      status = nodes_[i]->close();
    } catch (const std::exception& exception) {
      status = Error{Errc::kInternal, std::string("exception while closing: ") + exception.what()};
    }
    if (!status.has_value()) {
      options_.nodes[i].ledger->failed.fetch_add(1, std::memory_order_relaxed);
      post({RunEvent::Kind::kFrameFailed,
            nullptr,
            options_.nodes[i].context.name,
            options_.stream,
            status.error().within("close")});
    }
  }
  nodes_.clear();
}

}  // namespace penstock
