#pragma once

#include <span>
#include <string>

namespace penstock {

/// `penstock models verify PACKAGE`: reads all of it, and compares its manifest with its models.
/// `args` are the words behind `verify`. Returns the exit code.
int models_verify(std::span<const std::string> args);

}  // namespace penstock
