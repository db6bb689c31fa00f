#include "engine/frame/frame.h"

#include "engine/base/check.h"
#include "engine/frame/abandon_scope.h"
#include "engine/frame/frame_pool.h"

namespace penstock {
namespace detail {

void FrameRoot::record(Outcome outcome, Reason reason) noexcept {
  const auto wanted = static_cast<std::uint16_t>((static_cast<unsigned>(outcome) << 8U) |
                                                 static_cast<unsigned>(reason));
  std::uint16_t seen = worst.load(std::memory_order_relaxed);
  if (is_unique() && first.is_unique()) {
    // The only handle of a whole frame, as most are: nobody else can write now.
    if ((seen >> 8U) < (wanted >> 8U)) {
      worst.store(wanted, std::memory_order_relaxed);
    }
    return;
  }
  while ((seen >> 8U) < (wanted >> 8U) &&
         !worst.compare_exchange_weak(seen, wanted, std::memory_order_acq_rel)) {
  }
}

void FrameRoot::on_last_reference() {
  pool->give_root(this);
}

void FrameBody::on_last_reference() {
  root->pool->give_body(this);
}

}  // namespace detail

Frame Frame::share() const noexcept {
  body_->add_reference();
  return adopt(body_);
}

void Frame::end(Outcome outcome, Reason reason) noexcept {
  detail::FrameBody* body = std::exchange(body_, nullptr);
  if (body != nullptr) {
    body->root->record(outcome, reason);
    body->drop_reference();
  }
}

void Frame::lose() noexcept {
  if (body_ == nullptr) {
    return;
  }
  if (AbandonScope* scope = AbandonScope::applying(); scope != nullptr) {
    scope->end(adopt(release()));
  } else {
    end(Outcome::kLost);
  }
}

int Frame::note_failure() {
  own();
  return ++body_->failures;
}

void Frame::own() {
  if (body_->is_unique()) {
    return;
  }
  detail::FrameBody* copy = body_->root->pool->take_body();
  copy->add_reference();
  copy->root = body_->root;
  copy->child = body_->child;
  copy->failures = body_->failures;
  copy->payloads = body_->payloads;
  copy->image = body_->image;
  copy->tensors = body_->tensors;
  copy->objects = body_->objects;
  copy->labels = body_->labels;
  std::exchange(body_, copy)->drop_reference();
}

void Frame::set_image(Image image) {
  own();
  body_->image = std::move(image);
  body_->payloads.add(Payload::kImage);
}

void Frame::set_tensors(std::span<FeatureMap> maps) {
  own();
  body_->tensors.clear();
  for (FeatureMap& map : maps) {
    body_->tensors.push_back(std::move(map));
  }
  body_->payloads.add(Payload::kTensors);
}

void Frame::swap_tensors(std::vector<FeatureMap>& maps) {
  own();
  body_->tensors.swap(maps);
  body_->payloads.add(Payload::kTensors);
}

void Frame::clear_tensors() {
  own();
  body_->tensors.clear();
  body_->payloads.remove(Payload::kTensors);
}

void Frame::set_objects(std::span<const Object> items, const LabelTable* labels) {
  own();
  Object* copies = nullptr;
  if (!items.empty()) {
    copies = static_cast<Object*>(arena().allocate(items.size_bytes()));
    for (std::size_t i = 0; i < items.size(); ++i) {
      Object* copy = new (copies + i) Object(items[i]);
      copy->keypoints = arena().copy(items[i].keypoints);
    }
  }
  body_->objects = {{copies, items.size()}, labels};
  body_->payloads.add(Payload::kObjects);
}

void Frame::set_labels(std::span<const Label> items, const LabelTable* labels) {
  own();
  body_->labels = {arena().copy(items), labels};
  body_->payloads.add(Payload::kLabels);
}

}  // namespace penstock
