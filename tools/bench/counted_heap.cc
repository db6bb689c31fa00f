#include "tools/bench/counted_heap.h"

#include <atomic>
#include <cerrno>

#include <malloc.h>

// glibc's allocator under its other names; those without underscores are replaced below.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the names are glibc's.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* memory);
}

// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace penstock {
namespace {

// Constant-initialised: the first allocation comes before any constructor.
std::atomic<std::int64_t> live_bytes{0};
std::atomic<std::uint64_t> allocations{0};
std::atomic<std::uint64_t> large_allocations{0};

void* taken(void* memory) noexcept {
  if (memory != nullptr) {
    const std::size_t bytes = malloc_usable_size(memory);
    live_bytes.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (bytes >= HeapCounts::kLargeBytes) {
      large_allocations.fetch_add(1, std::memory_order_relaxed);
    }
  }
  return memory;
}

void* given(void* memory) noexcept {
  if (memory != nullptr) {
    live_bytes.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(memory)),
                         std::memory_order_relaxed);
  }
  return memory;
}

}  // namespace

HeapCounts HeapCounts::now() noexcept {
  return {penstock::live_bytes.load(),
          penstock::allocations.load(),
          penstock::large_allocations.load()};
}

}  // namespace penstock

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc's are reserved names.
extern "C" {

void* malloc(std::size_t size) {
  return penstock::taken(__libc_malloc(size));
}

void* calloc(std::size_t count, std::size_t size) {
  return penstock::taken(__libc_calloc(count, size));
}

void* realloc(void* memory, std::size_t size) {
  const auto before =
      memory == nullptr ? std::int64_t{0} : static_cast<std::int64_t>(malloc_usable_size(memory));
  void* moved = __libc_realloc(memory, size);
  if (moved != nullptr || size == 0) {
    penstock::live_bytes.fetch_sub(before, std::memory_order_relaxed);
    penstock::taken(moved);
  }
  return moved;
}

void* memalign(std::size_t alignment, std::size_t size) {
  return penstock::taken(__libc_memalign(alignment, size));
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return penstock::taken(__libc_memalign(alignment, size));
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  void* taken = penstock::taken(__libc_memalign(alignment, size));
  if (taken == nullptr) {
    return ENOMEM;
  }
  *memory = taken;
  return 0;
}

void free(void* memory) {
  __libc_free(penstock::given(memory));
}
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
