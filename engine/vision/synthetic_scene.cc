#include "engine/vision/synthetic_scene.h"

#include <algorithm>
#include <utility>

namespace penstock::testing {
namespace {

constexpr float kWidth = 768;
constexpr float kHeight = 576;

bool is_seen(const Walker& walker, int index) {
  const bool is_hidden = index >= walker.hidden_from && index <= walker.hidden_to;
  return index >= walker.first && index <= walker.last && !is_hidden;
}

Box box_at(const Walker& walker, int index) {
  const auto steps = static_cast<float>(index - walker.first);
  Box box = walker.box;
  box.x += walker.step_x * steps;
  box.y += walker.step_y * steps;
  return box;
}

float shared_area(const Box& a, const Box& b) {
  const float width = std::min(a.x + a.w, b.x + b.w) - std::max(a.x, b.x);
  const float height = std::min(a.y + a.h, b.y + b.h) - std::max(a.y, b.y);
  return std::max(0.0F, width) * std::max(0.0F, height);
}

}  // namespace

void SyntheticScene::render(int index) {
  truth_.clear();
  objects_.clear();
  for (std::size_t i = 0; i < walkers_.size(); ++i) {
    if (is_seen(walkers_[i], index)) {
      truth_.push_back({static_cast<std::int64_t>(i) + 1, box_at(walkers_[i], index)});
      detect(i, index);
    }
  }
  if (uniform() < faults_.false_per_frame) {
    Object ghost;
    ghost.box = {uniform() * (kWidth - 40), uniform() * (kHeight - 100), 40, 100};
    ghost.score = 0.5F + 0.2F * uniform();
    ghost.label = 1;
    objects_.push_back(ghost);
  }
  for (std::size_t i = objects_.size(); i > 1; --i) {
    std::swap(objects_[i - 1], objects_[random_() % i]);
  }
}

float SyntheticScene::covered(std::size_t walker, int index) const {
  const Box box = box_at(walkers_[walker], index);
  float most = 0;
  for (std::size_t i = walker + 1; i < walkers_.size(); ++i) {
    if (is_seen(walkers_[i], index)) {
      most = std::max(most, shared_area(box, box_at(walkers_[i], index)) / box.area());
    }
  }
  return most;
}

void SyntheticScene::detect(std::size_t walker, int index) {
  const float cover = covered(walker, index);
  const bool is_missed = uniform() < faults_.miss_rate;
  if (is_missed || cover >= faults_.unseen_from) {
    return;
  }
  const auto error = [&] { return faults_.jitter * (2 * uniform() - 1); };
  Object object;
  object.box = box_at(walkers_[walker], index);
  object.box.x += error() * object.box.w;
  object.box.y += error() * object.box.h;
  object.box.w *= 1 + error();
  object.box.h *= 1 + error();
  object.score = cover >= faults_.faint_from ? kFaint : 0.7F + 0.25F * uniform();
  object.label = walkers_[walker].label;
  objects_.push_back(object);
}

std::vector<Walker> make_crowd(int count, int frames, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto between = [&](float low, float high) {
    return low + (high - low) * static_cast<float>(random() >> 8U) * 0x1p-24F;
  };
  std::vector<Walker> walkers;
  for (int i = 0; i < count; ++i) {
    Walker walker;
    walker.first = static_cast<int>(between(0, static_cast<float>(frames) * 0.5F));
    walker.last = std::min(
        frames - 1, walker.first + static_cast<int>(between(60, static_cast<float>(frames))));
    const float height = between(70, 120);
    walker.box = {between(0, kWidth - 50), between(0, kHeight - 120), 0.4F * height, height};
    walker.step_x = between(-4, 4);
    walker.step_y = between(-1.5F, 1.5F);
    walkers.push_back(walker);
  }
  return walkers;
}

}  // namespace penstock::testing
