#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace penstock::testing {

/// A member of a zip archive as no honest program would write it.
struct RawMember {
  std::string path;
  std::string data;  ///< As it lies in the archive.
  std::uint32_t attributes = 0100644U << 16U;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::int64_t declared_bytes = -1;  ///< -1: those of `data`.
  std::int64_t declared_crc = -1;    ///< -1: that of `data`.
  std::string local_path = {};       ///< In the local header; empty: `path`.
};

/// Returns the bytes of a zip archive of `members`, byte by byte as they say.
std::string raw_zip(const std::vector<RawMember>& members);

}  // namespace penstock::testing
