#include "engine/nodes/picture_resampler.h"

#include <algorithm>
#include <memory>

#include "engine/tensor/letterbox_geometry.h"

namespace penstock {
namespace {

/// More sizes than this at once are a source that changes its size without end.
constexpr std::size_t kMaxPlans = 32;

LetterboxGeometry place(const PictureTarget& target, int width, int height) {
  const int to_width = target.width == 0 ? width : target.width;
  const int to_height = target.height == 0 ? height : target.height;
  if (target.keeps_shape) {
    return letterbox_geometry(width, height, to_width, to_height);
  }
  LetterboxGeometry whole;
  whole.w = to_width;
  whole.h = to_height;
  whole.src_w = width;
  whole.src_h = height;
  return whole;
}

ResampleSpec spec_of(const PictureTarget& target, const LetterboxGeometry& inset) {
  ResampleSpec spec;
  spec.src_w = inset.src_w;
  spec.src_h = inset.src_h;
  spec.element = target.element;
  spec.layout = target.layout;
  spec.order = target.order;
  spec.dst_w = target.width == 0 ? inset.src_w : target.width;
  spec.dst_h = target.height == 0 ? inset.src_h : target.height;
  spec.inset_x = inset.x;
  spec.inset_y = inset.y;
  spec.inset_w = inset.w;
  spec.inset_h = inset.h;
  spec.pad = target.pad;
  spec.mean = target.mean;
  spec.deviation = target.deviation;
  return spec;
}

}  // namespace

Result<PictureResampler> PictureResampler::create(const PictureTarget& target,
                                                  BufferPool::Options pool) {
  const int probe = 16;
  PENSTOCK_RETURN_IF_ERROR(ResamplePlan::create(spec_of(target, place(target, probe, probe))));
  PENSTOCK_ASSIGN_OR_RETURN(auto buffers, BufferPool::create(std::move(pool)));
  return PictureResampler(target, std::move(buffers));
}

PictureResampler::PictureResampler(const PictureTarget& target, BufferPool pool)
    : target_(target),
      pool_(std::move(pool)) {}

Result<const PictureResampler::Known*> PictureResampler::plan_for(const Kind& kind) {
  const auto known = std::find_if(
      plans_.begin(), plans_.end(), [&](const Known& other) { return other.kind == kind; });
  if (known != plans_.end()) {
    return &*known;
  }
  if (kind.width <= 0 || kind.height <= 0) {
    return Error{Errc::kInvalidArgument,
                 "a picture of " + std::to_string(kind.width) + "x" + std::to_string(kind.height) +
                     " has no pixels"};
  }
  const LetterboxGeometry inset = place(target_, kind.width, kind.height);
  ResampleSpec spec = spec_of(target_, inset);
  spec.format = kind.format;
  spec.matrix = kind.matrix;
  spec.range = kind.range;
  PENSTOCK_ASSIGN_OR_RETURN(ResamplePlan plan, ResamplePlan::create(spec));
  if (plans_.size() == kMaxPlans) {
    plans_.clear();
    written_by_.clear();
  }
  plans_.push_back(Known{kind, next_id_++, std::move(plan), inset.to_source()});
  return &plans_.back();
}

Result<PictureResampler::Made> PictureResampler::run(const Image& picture) {
  const Kind kind{picture.format, picture.matrix, picture.range, picture.width, picture.height};
  PENSTOCK_ASSIGN_OR_RETURN(const Known* known, plan_for(kind));
  auto buffer = pool_.acquire(known->plan.bytes());
  if (!buffer.has_value()) {
    return Error{Errc::kInternal,
                 "pool '" + pool_.name() + "': all " + std::to_string(pool_.stats().slots) +
                     " buffers are held; somebody keeps more frames than it declares"};
  }
  PictureRows rows;
  for (std::size_t i = 0; i < plane_count(picture.format); ++i) {
    rows.planes[i] = picture.plane(i);
    rows.stride_bytes[i] = static_cast<std::ptrdiff_t>(picture.planes[i].stride_bytes);
  }
  const BufferDescriptor where = buffer->descriptor();
  std::uint64_t& writer = written_by_[{where.segment, where.offset}];
  const Border border = writer == known->id ? Border::kAlreadyWritten : Border::kWrite;
  known->plan.run(rows, buffer->mutable_data(), border);
  writer = known->id;
  Made made;
  made.buffer = std::move(*buffer);
  made.width = known->plan.spec().dst_w;
  made.height = known->plan.spec().dst_h;
  made.to_source = picture.to_source.after(known->to_picture);
  return made;
}

}  // namespace penstock
