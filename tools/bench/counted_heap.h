#pragma once

#include <cstddef>
#include <cstdint>

namespace penstock {

/// What the process has asked of its heap since it began. A program that links this has `malloc`
/// and its kin counted, and with them `operator new`, of every library.
///
/// Units: bytes as the allocator rounds them up. Thread-safety: any thread.
struct HeapCounts {
  /// Allocations of at least this size count as large: no message or record is, every frame is.
  static constexpr std::size_t kLargeBytes = std::size_t{64} * 1024;

  std::int64_t live_bytes = 0;
  std::uint64_t allocations = 0;
  std::uint64_t large_allocations = 0;

  [[nodiscard]] static HeapCounts now() noexcept;
};

}  // namespace penstock
