#include "engine/frame/frame_pool.h"

#include <utility>

#include "engine/base/check.h"

namespace penstock {

FramePool::FramePool(Options options)
    : options_(std::move(options)),
      stream_name_(std::make_shared<const std::string>(options_.stream_name)),
      clock_(options_.clock) {}

Ref<FramePool> FramePool::create(Options options) {
  PENSTOCK_CHECK(options.clock != nullptr && options.ledger != nullptr)
      << "stream '" << options.stream_name << "' wants a clock and a ledger";
  return Ref<FramePool>(new FramePool(std::move(options)));
}

Frame FramePool::make(Place place, std::uint64_t seq, const FrameTime& time) {
  detail::FrameRoot* root = take_root();
  root->place = std::move(place);
  root->seq = seq;
  root->time = time;
  root->admitted_at = options_.clock->now();
  root->deadline = TimePoint::max();
  root->worst.store(0, std::memory_order_relaxed);
  root->add_first_reference();
  root->first.root = Ref<detail::FrameRoot>::adopt(root);
  root->first.add_first_reference();
  options_.ledger->count_admitted();
  return Frame::adopt(&root->first);
}

Frame FramePool::make_child(const Frame& parent, std::uint16_t index) {
  const detail::FrameBody& from = *parent.body_;
  PENSTOCK_CHECK(from.child.depth < ChildPath::kMaxDepth)
      << "crops within crops: " << int{from.child.depth};
  detail::FrameBody* body = from.root->pool->take_body();
  body->root = from.root;
  body->child = from.child;
  body->child.indexes[body->child.depth++] = index;
  body->add_reference();
  return Frame::adopt(body);
}

void FramePool::on_last_reference() {
  bool is_over = false;
  {
    const std::lock_guard lock(mutex_);
    is_kept_ = false;
    roots_out_ = roots_.size() - ended_roots_.size() - free_roots_.size();
    is_over = roots_out_ == 0;
  }
  if (is_over) {
    delete this;
  }
}

void FramePool::retire() noexcept {
  const std::lock_guard lock(mutex_);
  if (clock_ != nullptr) {
    retired_at_ = clock_->now();
    clock_ = nullptr;
  }
}

detail::FrameBody* FramePool::take_body() {
  const std::lock_guard lock(mutex_);
  if (free_bodies_.empty()) {
    bodies_.push_back(std::make_unique<detail::FrameBody>());
    free_bodies_.reserve(bodies_.size());
    return bodies_.back().get();
  }
  detail::FrameBody* body = free_bodies_.back();
  free_bodies_.pop_back();
  return body;
}

void FramePool::give_body(detail::FrameBody* body) noexcept {
  // The payload's buffers go back before the place does: who waits for the place finds them free.
  if (body->payloads.has(Payload::kImage)) {
    body->image = Image{};
  }
  body->tensors.clear();
  body->objects = {};
  body->labels = {};
  body->payloads = {};
  body->child = {};
  body->failures = 0;
  const Ref<detail::FrameRoot> root = std::move(body->root);
  if (body == &root->first) {
    return;  // It comes and goes with its root.
  }
  const std::lock_guard lock(mutex_);
  free_bodies_.push_back(body);  // Cannot allocate: reserved when the body was made.
}

detail::FrameRoot* FramePool::take_root() {
  if (free_roots_.empty()) {
    const std::lock_guard lock(mutex_);
    free_roots_.swap(ended_roots_);
    if (free_roots_.empty()) {
      return make_root();
    }
  }
  detail::FrameRoot* root = free_roots_.back();
  free_roots_.pop_back();
  return root;
}

detail::FrameRoot* FramePool::make_root() {
  roots_.push_back(std::make_unique<detail::FrameRoot>());
  // Either may hold all of them.
  free_roots_.reserve(roots_.capacity());
  ended_roots_.reserve(roots_.capacity());
  detail::FrameRoot* root = roots_.back().get();
  root->pool = this;
  root->stream = options_.stream;
  root->stream_name = stream_name_;
  return root;
}

void FramePool::give_root(detail::FrameRoot* root) noexcept {
  const std::uint16_t worst = root->worst.load(std::memory_order_acquire);
  const auto outcome = static_cast<Outcome>(worst >> 8U);
  const TimePoint admitted_at = root->admitted_at;
  root->arena.reset();
  Place place = std::move(root->place);
  bool is_last = false;
  {
    const std::lock_guard lock(mutex_);
    // Locked: `retire` takes the clock away, and from here on the pool is there only while the
    // frames of others are.
    const TimePoint now = clock_ != nullptr ? clock_->now() : retired_at_;
    options_.ledger->count_ended(outcome == Outcome::kNone ? Outcome::kLost : outcome,
                                 static_cast<Reason>(worst & 0xFFU),
                                 now - admitted_at);
    ended_roots_.push_back(root);  // Cannot allocate: reserved when the root was made.
    is_last = !is_kept_ && --roots_out_ == 0;
  }
  place.give_back();
  if (is_last) {
    delete this;
  }
}

}  // namespace penstock
