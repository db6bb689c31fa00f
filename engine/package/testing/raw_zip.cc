#include "engine/package/testing/raw_zip.h"

#include <cstddef>

namespace penstock::testing {
namespace {

std::uint32_t crc_of(const std::string& data) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : data) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    }
  }
  return ~crc;
}

std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    text += static_cast<char>((value >> (8U * static_cast<unsigned>(i))) & 0xFFU);
  }
  return text;
}

/// What local header and directory have in common: from the flags to the sizes.
std::string common(const RawMember& member) {
  const std::uint64_t crc = member.declared_crc < 0
                                ? crc_of(member.data)
                                : static_cast<std::uint64_t>(member.declared_crc);
  const std::uint64_t bytes = member.declared_bytes < 0
                                  ? member.data.size()
                                  : static_cast<std::uint64_t>(member.declared_bytes);
  return number(20, 2) + number(member.flags, 2) + number(member.method, 2) + number(0, 2) +
         number(0x21, 2) + number(crc, 4) + number(member.data.size(), 4) + number(bytes, 4);
}

}  // namespace

std::string raw_zip(const std::vector<RawMember>& members) {
  std::string zip;
  std::string directory;
  for (const RawMember& member : members) {
    const std::string& local = member.local_path.empty() ? member.path : member.local_path;
    directory += "PK\x01\x02" + number(0x314, 2) + common(member) + number(member.path.size(), 2) +
                 number(0, 8) + number(member.attributes, 4) + number(zip.size(), 4) + member.path;
    zip += "PK\x03\x04" + common(member) + number(local.size(), 2) + number(0, 2) + local +
           member.data;
  }
  const std::size_t start = zip.size();
  return zip + directory + "PK\x05\x06" + number(0, 4) + number(members.size(), 2) +
         number(members.size(), 2) + number(directory.size(), 4) + number(start, 4) + number(0, 2);
}

}  // namespace penstock::testing
