#include "engine/run/batch_shapes.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace penstock {
namespace {

/// `batch` is 0 where no batches are made.
Status check_port(const TensorSpec& spec,
                  const Shape& shape,
                  const char* what,
                  std::int64_t batch) {
  const bool needs_static = std::string_view(what) == "output" || batch > 0;
  if (needs_static && !shape.dense_bytes(spec.type).has_value()) {
    return Error{Errc::kUnsupported,
                 std::string(what) + " '" + spec.name + "' has the open shape " +
                     shape.to_string() + "; a fixed one is needed: give the model 'shapes'"};
  }
  if (batch > 0 && (shape.rank() == 0 || shape[0] != batch)) {
    return Error{Errc::kInvalidArgument,
                 std::string(what) + " '" + spec.name + "': shape " + shape.to_string() +
                     " for batches of " + std::to_string(batch)};
  }
  return {};
}

Status check_ports(BatchShapes::Specs specs,
                   const std::vector<Shape>& shapes,
                   const char* what,
                   std::int64_t batch) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(check_port(*specs[i], shapes[i], what, batch));
  }
  return {};
}

/// Returns how many bytes there are for the map's elements.
std::size_t bytes_of(const FeatureMap& map) {
  return map.buffer.size() - std::min(map.offset, map.buffer.size());
}

Status check_type(const FeatureMap& map, const TensorSpec& port) {
  const ElementType type = map.spec == nullptr ? ElementType::kUndefined : map.spec->type;
  if (type == port.type) {
    return {};
  }
  return Error{Errc::kInvalidArgument,
               "input '" + port.name + "': a frame's tensor has elements of " + to_string(type) +
                   ", the model wants " + to_string(port.type)};
}

/// Checks what a model with buckets leaves no choice of: its fixed extents, but for the rows of a
/// batch, and that the map's elements are all there.
Status check_fixed(const FeatureMap& map, const TensorSpec& port, bool is_row) {
  const std::size_t rank = port.shape.rank();
  bool fits = map.shape.rank() == rank;
  for (std::size_t axis = is_row ? 1 : 0; fits && axis < rank; ++axis) {
    fits = port.shape[axis] == Shape::kDynamic || port.shape[axis] == map.shape[axis];
  }
  if (!fits) {
    return Error{Errc::kInvalidArgument,
                 "input '" + port.name + "': a frame's tensor has shape " + map.shape.to_string() +
                     ", the model wants " + port.shape.to_string()};
  }
  const auto bytes = map.shape.dense_bytes(port.type);
  if (!bytes.has_value() || bytes_of(map) < *bytes) {
    return Error{Errc::kInvalidArgument,
                 "input '" + port.name + "': a frame's tensor of shape " + map.shape.to_string() +
                     " has " + std::to_string(bytes_of(map)) + " bytes"};
  }
  return {};
}

/// Returns whether two shapes are the same but for their rows.
bool same_behind_rows(const Shape& a, const Shape& b) noexcept {
  return a.rank() == b.rank() && a.rank() > 0 &&
         std::equal(a.extents().begin() + 1, a.extents().end(), b.extents().begin() + 1);
}

std::vector<std::size_t> shares_of(BatchShapes::Specs inputs, std::uint32_t batch_size) {
  std::vector<std::size_t> shares;
  for (const auto& spec : inputs) {
    shares.push_back(spec->shape.dense_bytes(spec->type).value_or(0) / batch_size);
  }
  return shares;
}

}  // namespace

Result<BatchShapes> BatchShapes::create(Specs inputs,
                                        Specs outputs,
                                        std::span<const ShapeBucket> buckets,
                                        std::uint32_t batch_size) {
  BatchShapes shapes;
  shapes.inputs_.assign(inputs.begin(), inputs.end());
  shapes.shares_ = shares_of(inputs, batch_size);
  shapes.batch_size_ = batch_size;
  shapes.has_buckets_ = !buckets.empty();
  shapes.buckets_.assign(buckets.begin(), buckets.end());
  if (buckets.empty()) {
    ShapeBucket ports;
    for (const auto& spec : inputs) {
      ports.inputs.push_back(spec->shape);
    }
    for (const auto& spec : outputs) {
      ports.outputs.push_back(spec->shape);
    }
    shapes.buckets_.push_back(std::move(ports));
  }
  for (const ShapeBucket& bucket : shapes.buckets_) {
    // A bucket's own batch may be smaller; it is that of its first input.
    const bool is_own =
        shapes.has_buckets_ && !bucket.inputs.empty() && bucket.inputs[0].rank() > 0;
    const std::int64_t full = is_own ? bucket.inputs[0][0] : std::int64_t{batch_size};
    const std::int64_t batch = batch_size == 1 ? 0 : full;
    PENSTOCK_RETURN_IF_ERROR(check_ports(inputs, bucket.inputs, "input", batch));
    PENSTOCK_RETURN_IF_ERROR(check_ports(outputs, bucket.outputs, "output", batch));
  }
  return shapes;
}

Status BatchShapes::check_frame(std::span<const FeatureMap> maps) const {
  if (maps.size() != inputs_.size()) {
    return Error{Errc::kInvalidArgument,
                 "the frame carries " + std::to_string(maps.size()) + " tensors, the model has " +
                     std::to_string(inputs_.size()) + " inputs"};
  }
  if (!has_buckets_ && batch_size_ == 1) {
    return {};
  }
  for (std::size_t port = 0; port < maps.size(); ++port) {
    PENSTOCK_RETURN_IF_ERROR(check_type(maps[port], *inputs_[port]));
  }
  if (!has_buckets_) {
    return check_bytes(maps);
  }
  for (std::size_t port = 0; port < maps.size(); ++port) {
    const FeatureMap& map = maps[port];
    const bool is_one =
        batch_size_ == 1 || (map.is_dense() && map.shape.rank() > 0 && map.shape[0] == 1);
    if (!is_one) {
      return Error{Errc::kInvalidArgument,
                   "input '" + inputs_[port]->name + "': a frame's tensor has shape " +
                       map.shape.to_string() + ", one of a batch begins with 1"};
    }
    PENSTOCK_RETURN_IF_ERROR(check_fixed(map, *inputs_[port], batch_size_ > 1));
  }
  const bool fits = std::any_of(buckets_.begin(), buckets_.end(), [&](const ShapeBucket& bucket) {
    return std::equal(
        maps.begin(),
        maps.end(),
        bucket.inputs.begin(),
        bucket.inputs.end(),
        [](const FeatureMap& map, const Shape& room) { return fits_into(map.shape, room); });
  });
  if (fits) {
    return {};
  }
  Layout unused;
  return lay_out(maps, 1, unused);  // Says what does not fit.
}

Status BatchShapes::check_bytes(std::span<const FeatureMap> maps) const {
  for (std::size_t port = 0; port < maps.size(); ++port) {
    const TensorSpec& spec = *inputs_[port];
    const FeatureMap& map = maps[port];
    const std::size_t share = shares_[port];
    if (!map.is_dense() || bytes_of(map) < share) {
      return Error{Errc::kInvalidArgument,
                   "input '" + spec.name + "': a frame's tensor has " +
                       std::to_string(bytes_of(map)) + " bytes, one of a batch needs " +
                       std::to_string(share)};
    }
  }
  return {};
}

bool BatchShapes::go_together(std::span<const FeatureMap> a,
                              std::span<const FeatureMap> b) const noexcept {
  return !has_buckets_ ||
         std::equal(
             a.begin(), a.end(), b.begin(), b.end(), [](const FeatureMap& x, const FeatureMap& y) {
               return x.shape == y.shape;
             });
}

Status BatchShapes::lay_out(std::span<const FeatureMap> maps,
                            std::size_t frames,
                            Layout& layout) const {
  if (!has_buckets_) {
    layout.inputs = buckets_.front().inputs;
    layout.outputs = buckets_.front().outputs;
    return {};
  }
  std::vector<Shape>& shapes = layout.own;
  shapes.clear();
  for (const FeatureMap& map : maps) {
    shapes.push_back(map.shape);
    if (batch_size_ > 1) {
      shapes.back().set(0, static_cast<std::int64_t>(frames));
    }
  }
  const auto chosen = choose_bucket(buckets_, shapes);
  if (!chosen.has_value()) {
    std::size_t misfit = 0;
    while (misfit + 1 < shapes.size() &&
           fits_into(shapes[misfit], buckets_.back().inputs[misfit])) {
      ++misfit;
    }
    return Error{Errc::kInvalidArgument,
                 "input '" + inputs_[misfit]->name + "': shape " + shapes[misfit].to_string() +
                     " fits none of the " + std::to_string(buckets_.size()) +
                     " buckets; the largest is " + buckets_.back().to_string()};
  }
  const ShapeBucket& bucket = buckets_[*chosen];
  for (std::size_t port = 0; port < shapes.size(); ++port) {
    // Laid out as the bucket is, a batch that is not full needs no copy to be padded.
    if (batch_size_ > 1 && same_behind_rows(shapes[port], bucket.inputs[port])) {
      shapes[port] = bucket.inputs[port];
    }
  }
  layout.inputs = shapes;
  layout.outputs = bucket.outputs;
  return {};
}

}  // namespace penstock
