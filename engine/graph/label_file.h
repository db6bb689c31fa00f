#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/file_access.h"

namespace penstock {

/// Returns the labels of the file at `path`: line n is label n. Spaces round a label and empty
/// lines at the end do not count; an empty line before the last keeps its number. Errors: as
/// `FileAccess::read`; `kInvalidArgument` if there is no label in it.
Result<std::vector<std::string>> read_labels(const FileAccess& files, const std::string& path);

}  // namespace penstock
