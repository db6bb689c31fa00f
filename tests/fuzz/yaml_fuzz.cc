// libFuzzer target: the YAML reader never crashes, and what it refuses has a diagnostic.

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/diagnostic_text.h"
#include "engine/yaml/source_text.h"
#include "engine/yaml/yaml_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const penstock::SourceText source("fuzz.yaml",
                                    std::string(reinterpret_cast<const char*>(data), size));
  penstock::Diagnostics diagnostics;
  const auto root = penstock::read_yaml(source, diagnostics);
  PENSTOCK_CHECK(root.has_value() || diagnostics.has_errors()) << "refused without a reason";
  const std::string text = penstock::diagnostics_text(diagnostics.sorted(), {&source}, {});
  PENSTOCK_CHECK(diagnostics.has_errors() || text.empty()) << text;
  return 0;
}
