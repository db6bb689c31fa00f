#include "drivers/api/shape_options.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "drivers/api/port_reader.h"
#include "engine/base/quoted_list.h"
#include "engine/tensor/shape_bucket.h"

namespace penstock {
namespace {

constexpr std::int64_t kMaxBatch = 4096;

using ShapeLists = std::map<std::string, std::vector<Shape>>;

bool is_fixed(const Shape& shape) {
  return std::all_of(shape.extents().begin(),
                     shape.extents().end(),
                     [](std::int64_t extent) { return extent > 0; }) &&
         shape.element_count().has_value();
}

/// Returns the shapes of one option; nothing if something is wrong with them.
std::vector<Shape> read_list(OptionReader& reader,
                             const std::string& name,
                             const std::string& text) {
  std::vector<Shape> shapes;
  for (const std::string& word : split_option(text, ',')) {
    const auto shape = parse_shape(word);
    if (!shape.has_value() || !is_fixed(*shape)) {
      reader.reject(name,
                    "must be extents with x between them, such as 1x3x480x640, several shapes "
                    "with commas between");
      return {};
    }
    const bool is_twice = std::find(shapes.begin(), shapes.end(), *shape) != shapes.end();
    if (is_twice || (!shapes.empty() && *shape->element_count() < *shapes.back().element_count())) {
      reader.reject(name,
                    "must name each shape once, the smaller ones first: " + shape->to_string() +
                        (is_twice ? " is given twice" : " is smaller than the one before"));
      return {};
    }
    shapes.push_back(*shape);
  }
  return shapes;
}

/// Returns the inputs' lists; nothing if they do not go together.
std::optional<ShapeLists> read_shapes(OptionReader& reader) {
  ShapeLists lists;
  std::size_t count = 1;
  for (const auto& [key, text] : reader.group("shape.")) {
    std::vector<Shape> shapes = read_list(reader, "shape." + key, text);
    if (shapes.empty()) {
      return std::nullopt;
    }
    if (shapes.size() > 1 && count > 1 && shapes.size() != count) {
      reader.reject("shape." + key,
                    "has " + std::to_string(shapes.size()) + " shapes, another input has " +
                        std::to_string(count) + "; they go together by place");
      return std::nullopt;
    }
    count = std::max(count, shapes.size());
    lists.emplace(key, std::move(shapes));
  }
  return lists;
}

/// Returns the batches, the smallest first; {0} if none is given.
std::vector<std::int64_t> read_batches(OptionReader& reader) {
  const std::int64_t batch = reader.integer("batch", 0, 0, kMaxBatch);
  std::vector<std::int64_t> batches;
  for (const double number : reader.numbers("batch.buckets")) {
    const auto size = static_cast<std::int64_t>(std::clamp(number, 0.0, 1.0 * kMaxBatch));
    if (static_cast<double>(size) != number || size < 1 || size >= batch ||
        (!batches.empty() && size <= batches.back())) {
      reader.reject("batch.buckets",
                    "must be whole numbers that ascend, each at least 1 and below 'batch', which "
                    "is " +
                        std::to_string(batch));
      break;
    }
    batches.push_back(size);
  }
  batches.push_back(batch);
  return batches;
}

}  // namespace

ShapeOptions read_shape_options(OptionReader& reader) {
  ShapeOptions options;
  const auto lists = read_shapes(reader);
  const std::vector<std::int64_t> batches = read_batches(reader);
  const std::vector<double> pad = reader.numbers("pad");
  options.pad = pad.empty() ? 0 : pad.front();
  if (pad.size() > 1) {
    reader.reject("pad", "must be one number");
  }
  std::size_t count = 1;
  for (const auto& [key, shapes] : lists.value_or(ShapeLists())) {
    count = std::max(count, shapes.size());
  }
  if (count * batches.size() > kMaxShapeBuckets) {
    reader.reject(batches.size() > 1 ? "batch.buckets" : "shape." + lists->begin()->first,
                  "makes " + std::to_string(count * batches.size()) + " buckets; at most " +
                      std::to_string(kMaxShapeBuckets) + " are made");
    count = 1;
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (const std::int64_t batch : batches) {
      ShapeChoice choice;
      choice.batch = batch;
      for (const auto& [key, shapes] : lists.value_or(ShapeLists())) {
        choice.shapes.emplace(key, shapes[std::min(i, shapes.size() - 1)]);
      }
      options.choices.push_back(std::move(choice));
    }
  }
  return options;
}

Result<std::size_t> input_of(const std::string& key, const std::vector<std::string>& names) {
  if (const auto found = std::find(names.begin(), names.end(), key); found != names.end()) {
    return static_cast<std::size_t>(found - names.begin());
  }
  std::size_t index = 0;
  const auto [end, fault] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (fault == std::errc() && end == key.data() + key.size() && index < names.size()) {
    return index;
  }
  return Error{Errc::kInvalidArgument,
               "option 'shape." + key + "': the model has the inputs " + quoted_list(names) +
                   ", counted from 0"};
}

std::string misfit_of(const Shape& wanted, const Shape& given) {
  if (wanted.rank() != given.rank()) {
    return "shape " + wanted.to_string() + " has rank " + std::to_string(wanted.rank()) +
           ", the model has " + given.to_string();
  }
  return fits(wanted, given) ? std::string()
                             : "shape " + wanted.to_string() +
                                   " changes an extent that the model fixes: " + given.to_string();
}

}  // namespace penstock
