#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <openvino/core/any.hpp>

#include "drivers/api/option_reader.h"
#include "drivers/api/shape_options.h"
#include "engine/tensor/element_type.h"

namespace penstock::openvino {

/// Conversion of one input that is compiled into the model: what the caller gives, and how it
/// becomes what the model wants.
struct InputConversion {
  std::size_t input = 0;
  ElementType type = ElementType::kUndefined;  ///< `kUndefined`: no conversion.
  std::string layout;                          ///< Of what the caller gives.
  std::string model_layout;                    ///< Of what the model wants.
  std::vector<float> mean;   ///< In the model's order of channels, or one for all.
  std::vector<float> scale;  ///< Divides after `mean` was taken away.
  bool reverse_channels = false;

  [[nodiscard]] bool is_wanted() const noexcept { return type != ElementType::kUndefined; }
};

/// The options of a load, read and checked.
struct LoadOptions {
  std::string hint;           ///< "throughput", "latency".
  std::int64_t streams = 0;   ///< 0: OpenVINO decides.
  std::int64_t threads = 0;   ///< 0: OpenVINO decides.
  std::int64_t requests = 0;  ///< 0: as many as OpenVINO says are optimal.
  std::string precision;      ///< "auto", "f32", "bf16", "f16".
  std::optional<bool> pinning;
  std::string cache_dir;  ///< Empty: no cache.
  ShapeOptions shape;
  InputConversion conversion;

  /// True if the graph itself is changed before it is compiled.
  [[nodiscard]] bool changes_model() const noexcept {
    const ShapeChoice& first = shape.choices.front();
    return shape.has_buckets() || first.batch > 0 || !first.shapes.empty() ||
           conversion.is_wanted();
  }

  /// Returns what OpenVINO is told when it compiles.
  [[nodiscard]] ov::AnyMap properties() const;
};

/// Reads the options for a device of OpenVINO ("CPU"); complaints stay in `reader`.
LoadOptions read_load_options(OptionReader& reader, const std::string& ov_device);

}  // namespace penstock::openvino
