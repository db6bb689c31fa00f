#pragma once

#include <string>

namespace penstock {

/// Returns a number as people write it: all its digits and no exponent, as few as tell it from its
/// neighbours. "1000000000", "0.000001", "29.97".
std::string plain_number(double value);

}  // namespace penstock
