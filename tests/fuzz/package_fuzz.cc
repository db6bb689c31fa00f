// libFuzzer target: a zip of any bytes is refused, naming the file, or is a package whose files are
// what was hashed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "engine/base/check.h"
#include "engine/package/package.h"

namespace {

namespace fs = std::filesystem;

/// A folder in memory for this process.
const fs::path& folder() {
  static const fs::path kFolder = [] {
    std::string pattern = "/dev/shm/penstock-fuzz-XXXXXX";
    PENSTOCK_CHECK(mkdtemp(pattern.data()) != nullptr) << "no folder in /dev/shm";
    std::atexit([] {
      std::error_code ignored;
      fs::remove_all(folder(), ignored);
    });
    return fs::path(pattern);
  }();
  return kFolder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fs::path path = folder() / "fuzz.zip";
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  penstock::PackageLimits limits;
  limits.max_total_bytes = std::uint64_t{64} << 20U;
  const auto package = penstock::open_package(path, limits);
  if (!package.has_value()) {
    PENSTOCK_CHECK(package.error().message.find(path.string()) != std::string::npos)
        << package.error().message;
    return 0;
  }
  const auto unpacked = package->materialise(folder() / "cache");
  PENSTOCK_CHECK(unpacked.has_value()) << unpacked.error().message;
  for (const penstock::PackageFile& file : package->files()) {
    PENSTOCK_CHECK(fs::file_size(*unpacked / file.path) == file.bytes) << file.path;
  }
  fs::remove_all(folder() / "cache");
  return 0;
}
