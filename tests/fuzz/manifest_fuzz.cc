// libFuzzer target: the reader of manifests never crashes; what it takes, its writer writes again.

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "engine/package/manifest_reader.h"
#include "engine/package/manifest_writer.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using penstock::SourceText;
  const SourceText source("manifest.yaml", std::string(reinterpret_cast<const char*>(data), size));
  penstock::Diagnostics diagnostics;
  const auto info = penstock::read_manifest(source, diagnostics);
  PENSTOCK_CHECK(info.has_value() != diagnostics.has_errors()) << "taken and refused";
  if (info.has_value()) {
    const std::string written = penstock::manifest_text(*info);
    penstock::Diagnostics again;
    const auto read = penstock::read_manifest(SourceText("again.yaml", written), again);
    PENSTOCK_CHECK(read.has_value() && *read == *info) << written;
  }
  return 0;
}
