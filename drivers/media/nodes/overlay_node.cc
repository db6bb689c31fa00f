#include "drivers/media/nodes/overlay_node.h"

#include <array>
#include <cstdio>
#include <utility>

#include "engine/node/output_pool.h"

namespace penstock {
namespace {

/// Frames after which the trail of a track that is not seen any more is forgotten.
constexpr std::uint64_t kForgetAfter = 60;

/// Objects without a track take the colour of their label, apart from those of tracks.
constexpr std::uint64_t kLabelColors = std::uint64_t{1} << 32U;

}  // namespace

Status OverlayNode::open(const NodeContext& context) {
  PENSTOCK_ASSIGN_OR_RETURN(pool_, BufferPool::create(output_pool(context)));
  return {};
}

void OverlayNode::follow(const Frame& frame) {
  for (const Object& object : frame.objects().items) {
    if (object.track == 0) {
      continue;
    }
    Trail& trail = trails_[object.track];
    if (trail.points.size() == options_.trail) {
      trail.points.erase(trail.points.begin());
    }
    trail.points.push_back({object.box.x + object.box.w / 2, object.box.y + object.box.h});
    trail.last_seq = frame.seq();
  }
  std::erase_if(trails_, [&](const auto& entry) {
    return entry.second.last_seq + kForgetAfter < frame.seq();
  });
}

Status OverlayNode::process(Frame& frame, Emit& /*emit*/) {
  Image image = frame.image();
  auto buffer = pool_->acquire(image.buffer.size());
  if (!buffer.has_value()) {
    return Error{Errc::kInvalidArgument,
                 "pool '" + pool_->name() + "': all " + std::to_string(pool_->stats().slots) +
                     " pictures are held by nodes behind this one"};
  }
  Image drawn = copy_of(image, std::move(*buffer));
  if (options_.trail > 0) {
    follow(frame);
  }
  const Objects& objects = frame.objects();
  boxes_.clear();
  texts_.clear();
  texts_.reserve(objects.items.size());  // The boxes refer to the texts.
  for (const Object& object : objects.items) {
    std::string text = objects.labels == nullptr ? std::to_string(object.label)
                                                 : objects.labels->name_of(object.label);
    if (options_.show_score) {
      std::array<char, 16> score{};
      std::snprintf(score.data(), score.size(), " %.2f", static_cast<double>(object.score));
      text += score.data();
    }
    if (options_.show_track && object.track != 0) {
      text += " #" + std::to_string(object.track);
    }
    texts_.push_back(std::move(text));
    OverlayBox box;
    box.box = object.box;
    box.label = texts_.back();
    box.color = object.track != 0 ? static_cast<std::uint64_t>(object.track)
                                  : kLabelColors + static_cast<std::uint64_t>(object.label);
    if (const auto trail = trails_.find(object.track); trail != trails_.end()) {
      box.trail = trail->second.points;
    }
    boxes_.push_back(box);
  }
  PENSTOCK_RETURN_IF_ERROR(draw_overlay(drawn, boxes_, options_.style));
  frame.set_image(std::move(drawn));
  return {};
}

Status OverlayNode::flush(StreamId /*stream*/, Emit& /*emit*/) {
  trails_.clear();
  return {};
}

}  // namespace penstock
