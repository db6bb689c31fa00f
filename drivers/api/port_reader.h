#pragma once

#include <string>
#include <vector>

#include "drivers/api/option_reader.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// Reads an option that lists ports, for drivers whose models can be made without a file:
/// "name:type:shape[:layout]", commas between, blanks left out. `otherwise` is read where the
/// option was not given. A port in another form is rejected at `reader`, and nothing is returned.
std::vector<TensorSpec> read_ports(OptionReader& reader,
                                   const std::string& name,
                                   const std::string& otherwise);

/// Cuts `text` at `separator` and leaves blanks out: "a:b, c" by ',' gives "a:b" and "c".
std::vector<std::string> split_option(const std::string& text, char separator);

}  // namespace penstock
