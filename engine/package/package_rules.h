#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/package/package_info.h"

namespace penstock {

/// What must hold in a package beyond the form of its manifest.

/// Checks that each file is one thing: network, preprocess, postprocess, labels or the manifest,
/// however often. Errors: `kCorrupt`, naming the file and both.
Status check_roles(const PackageInfo& info);

/// Checks that the variants of `network` take and give tensors of the same names and types, in
/// their order; shapes may differ. What is before a network with `preprocess`, or behind one with
/// `postprocess`, is not seen in a manifest, and is left to who reads the models.
/// Errors: `kCorrupt`, naming both variants, the tensor and what differs.
Status check_variants(const PackageNetwork& network);

/// Checks that `text` is that of a label file: UTF-8, with one label at least.
/// Errors: `kCorrupt`, with the line.
Status check_label_text(std::string_view text);

}  // namespace penstock
