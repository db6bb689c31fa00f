#pragma once

#include "engine/base/result.h"

namespace penstock {

/// Returns whether what goes to stderr may be coloured: it is a terminal, and neither NO_COLOR nor
/// TERM=dumb says otherwise.
bool stderr_takes_colour();

/// Says on stderr what is wrong with the command line of `penstock WORD`, and where help is.
/// Returns `kExitUsage`.
int report_usage(const char* word, const Error& error);

/// Says `error` on stderr and returns `code`.
int report_error(const Error& error, int code);

}  // namespace penstock
