#pragma once

#include <string>

namespace penstock {

/// Returns the JSON schema (2020-12) of a package's manifest, made of the table that the reader
/// checks with. It is looser than the reader where a schema cannot say it: names that are given
/// twice, axes and extents that differ in number, zero points out of the range of their type.
std::string manifest_schema();

}  // namespace penstock
