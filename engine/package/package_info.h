#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/tensor/element_type.h"
#include "engine/tensor/shape.h"

namespace penstock {

/// Elements that an integer device wants round a tensor, along one axis.
struct TensorPadding {
  std::int64_t before = 0;
  std::int64_t after = 0;
  friend bool operator==(const TensorPadding&, const TensorPadding&) = default;
};

/// An input or output of a network, as a package describes it: its own form, and how an integer
/// device stores it.
///
/// Shapes: `shape` in memory order without padding, `Shape::kDynamic` for an open extent; `layout`
/// names the axes in the same order, or is empty; `padding` has one entry an axis, or none at all.
/// Units: `real = (stored - zero_point) * scale`; no scale: nobody has worked it out.
struct PackageTensor {
  std::string name;
  ElementType type = ElementType::kUndefined;
  Shape shape;
  std::string layout;
  std::optional<double> scale;
  std::int32_t zero_point = 0;
  std::vector<TensorPadding> padding;
  friend bool operator==(const PackageTensor&, const PackageTensor&) = default;
};

/// What a variant takes on one kind of device, in one mode.
/// Units: memory in bytes; `memory_bytes` on each of the sub-devices, `shared_bytes` of what all
/// share.
struct PackageNeed {
  std::string device;  ///< "cpu", "sim", or a profile: "sim:metis".
  std::string mode;    ///< Empty: whatever the mode.
  std::uint32_t sub_devices = 1;
  std::uint64_t memory_bytes = 0;
  std::uint64_t shared_bytes = 0;
  friend bool operator==(const PackageNeed&, const PackageNeed&) = default;
};

/// One model file of a network: all variants of a network do the same, for different shapes.
///
/// Paths are relative to the package. Inputs and outputs are empty where only the model file says
/// them (plain files).
struct PackageVariant {
  std::string name;
  std::string model;
  std::string preprocess;   ///< A model that the host runs before it; empty: none.
  std::string postprocess;  ///< Likewise, after it.
  std::vector<PackageTensor> inputs;
  std::vector<PackageTensor> outputs;
  std::vector<std::string> modes;  ///< Those it may run in, the preferred one first; empty: any.
  std::vector<PackageNeed> needs;
  friend bool operator==(const PackageVariant&, const PackageVariant&) = default;
};

struct PackageNetwork {
  std::string name;
  std::string labels;  ///< Path of a label file, line n = label n; empty: none.
  std::string notes;
  std::vector<PackageVariant> variants;  ///< The default first; at least one.
  friend bool operator==(const PackageNetwork&, const PackageNetwork&) = default;
};

/// What is in a model package: what its manifest says, or what follows from a plain model file.
struct PackageInfo {
  static constexpr int kFormat = 1;  ///< The version of the format that this program reads.

  std::string name;
  std::string notes;
  std::vector<PackageNetwork> networks;      ///< The default first; at least one.
  std::map<std::string, std::string> files;  ///< SHA-256 by path, where the manifest lists them.
  friend bool operator==(const PackageInfo&, const PackageInfo&) = default;
};

/// Returns the inputs and outputs of `variant` that have no scale, by name: an integer device
/// cannot run it before they have one. `*` stands for all, where the package does not describe
/// them.
std::vector<std::string> tensors_without_scale(const PackageVariant& variant);

/// Returns what an integer device must be told of `variant` as options of a load:
/// `input_scale.NAME`, `input_zero_point.NAME`, `input_padding.NAME` and the same for `output_`.
/// Scales are written so that reading them gives the same double; padding is `b:e,b:e,...`, one
/// pair an axis. Only what the package says is there.
std::map<std::string, std::string> quantization_options(const PackageVariant& variant);

/// Returns the shortest text that reads back as the same number.
std::string number_text(double number);

}  // namespace penstock
