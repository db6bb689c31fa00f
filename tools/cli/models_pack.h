#pragma once

#include <span>
#include <string>

namespace penstock {

/// `penstock models pack ...`: writes a package of model files, with scales worked out from a clip
/// where one is given. `args` are the words behind `pack`. Returns the exit code.
int models_pack(std::span<const std::string> args);

/// What the help says of it.
extern const char* const kModelsPackHelp;

}  // namespace penstock
