#include "engine/device/sub_device_runner.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

/// A job's token names lane and place, so that its end needs no search.
constexpr unsigned kPlaceBits = 32;

constexpr std::uint64_t token_of(std::size_t lane, std::size_t place) noexcept {
  return (std::uint64_t{lane} << kPlaceBits) | place;
}

}  // namespace

void SubDeviceRunner::post(Message message) {
  inbox_.post(std::move(message));
  wake();
}

void SubDeviceRunner::run(Job job) {
  post(std::move(job));
}

void SubDeviceRunner::cancel(BatchNumber batch) {
  post(CancelJob{batch, false});
}

void SubDeviceRunner::abandon(BatchNumber batch) {
  post(CancelJob{batch, true});
}

void SubDeviceRunner::use_slots(std::unique_ptr<ExecutionSlots> slots) {
  post(std::move(slots));
}

void SubDeviceRunner::drop_slots() {
  post(DropSlots{});
}

Runnable::Step SubDeviceRunner::step(TimePoint /*now*/) {
  inbox_.take(messages_);
  for (Message& message : messages_) {
    obey(message);
  }
  pop_ends();
  if (dropping_) {
    return Step::kBlocking;
  }
  start_waiting();
  return Step::kIdle;
}

void SubDeviceRunner::obey(Message& message) {
  if (auto* job = std::get_if<Job>(&message); job != nullptr) {
    waiting_.push_back(std::move(*job));
  } else if (const auto* cancelled = std::get_if<CancelJob>(&message); cancelled != nullptr) {
    cancel_now(*cancelled);
  } else if (auto* slots = std::get_if<std::unique_ptr<ExecutionSlots>>(&message);
             slots != nullptr) {
    PENSTOCK_CHECK(slots_ == nullptr) << "sub-device '" << name() << "' has slots already";
    slots_ = std::move(*slots);
  } else {
    dropping_ = true;
  }
}

void SubDeviceRunner::pop_ends() {
  while (slots_ != nullptr) {
    auto done = slots_->pop();
    if (!done.has_value()) {
      return;
    }
    const auto lane = static_cast<std::size_t>(done->token >> kPlaceBits);
    const auto index = static_cast<std::size_t>(done->token & ((1ULL << kPlaceBits) - 1));
    PENSTOCK_CHECK(lane < lanes_.size() && index < lanes_[lane].places.size() &&
                   lanes_[lane].places[index].busy)
        << "sub-device '" << name() << "': end of unknown job " << done->token;
    Place& place = lanes_[lane].places[index];
    place.busy = false;
    // The memory goes back before the scheduler hears of it: it may hand it out again at once.
    place.maps.reset();
    end(place.batch, done->code, std::move(done->message), done->device_time);
  }
}

void SubDeviceRunner::start_waiting() {
  // A lane whose slots are taken does not hold up the others.
  for (std::size_t i = 0; i < waiting_.size();) {
    if (start(waiting_[i])) {
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

bool SubDeviceRunner::start(Job& job) {
  if (slots_ == nullptr) {
    end(job.batch, Errc::kDeviceLost, "the device is not open", {});
    return true;
  }
  LaneBook& book = book_of(job.lane);
  const auto place = std::find_if(
      book.places.begin(), book.places.end(), [](const Place& one) { return !one.busy; });
  if (place == book.places.end()) {
    if (!book.places.empty()) {
      return false;
    }
    end(job.batch, Errc::kInternal, "the device has no slot for this package", {});
    return true;
  }
  const auto index = static_cast<std::uint32_t>(place - book.places.begin());
  const auto lane = static_cast<std::size_t>(&book - lanes_.data());
  place->batch = job.batch;
  place->maps = std::move(job.maps);
  place->busy = true;
  const Status status = slots_->submit(book.lane, index, *place->maps, token_of(lane, index));
  if (!status.has_value()) {
    place->busy = false;
    place->maps.reset();
    end(place->batch, status.error().code, status.error().message, {});
  }
  return true;
}

void SubDeviceRunner::cancel_now(const CancelJob& cancelled) {
  const BatchNumber batch = cancelled.batch;
  const auto waiting = std::find_if(
      waiting_.begin(), waiting_.end(), [&](const Job& job) { return job.batch == batch; });
  if (waiting != waiting_.end()) {
    waiting_.erase(waiting);
    end(batch, Errc::kCancelled, "cancelled before it was started", {});
    return;
  }
  if (cancelled.only_waiting) {
    return;
  }
  for (const LaneBook& book : lanes_) {
    for (std::size_t i = 0; i < book.places.size(); ++i) {
      if (book.places[i].busy && book.places[i].batch == batch && slots_ != nullptr) {
        slots_->cancel(book.lane, static_cast<std::uint32_t>(i));
      }
    }
  }
}

void SubDeviceRunner::end(BatchNumber batch, Errc code, std::string text, Duration device_time) {
  reports_.job_ended({batch, code, std::move(text), device_time});
}

SubDeviceRunner::LaneBook& SubDeviceRunner::book_of(const Lane& lane) {
  for (LaneBook& book : lanes_) {
    if (book.lane == lane) {
      return book;
    }
  }
  LaneBook book;
  book.lane = lane;
  book.places.resize(slots_->count(lane));
  lanes_.push_back(std::move(book));
  return lanes_.back();
}

void SubDeviceRunner::blocking_step() {
  slots_.reset();
  for (const LaneBook& book : lanes_) {
    for (const Place& place : book.places) {
      if (place.busy) {
        end(place.batch, Errc::kDeviceLost, "the device was closed", {});
      }
    }
  }
  lanes_.clear();
  dropping_ = false;
  reports_.slots_dropped();
}

}  // namespace penstock
