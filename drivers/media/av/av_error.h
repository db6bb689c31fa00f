#pragma once

#include <string>

#include "engine/base/result.h"

namespace penstock {

/// Returns the failure that libav's negative `code` stands for: `what`, then libav's words for it.
/// Codes: a file or page that is not there is `kNotFound`; a broken file `kCorrupt`; a format,
/// protocol or codec that this build lacks `kUnsupported`; a refused login or permission
/// `kInvalidArgument`; a host or device that does not answer, a full disk, no memory
/// `kUnavailable`; an interrupted call `kCancelled`; the rest `kInternal`.
Error av_failure(int code, const std::string& what);

/// Stops libav from writing to the terminal: its lines name passwords, and what matters comes back
/// as an `Error` or a counter. Any number of calls, any thread.
void quiet_libav();

}  // namespace penstock
