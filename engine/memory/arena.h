#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <type_traits>
#include <vector>

namespace penstock {

/// Memory for the results of one frame: given out piece by piece, taken back all at once.
///
/// Everything that a frame's nodes find (objects, labels, keypoints) lies here, so that a frame
/// with fifty objects costs no allocation once its arena has grown to the size that the graph
/// needs.
///
/// Ownership: pieces live until `reset()`, which only the owner of the frame's root calls.
/// Thread-safety: `allocate` and `copy` from any thread at once; `reset` when nobody else looks.
/// Cost: one atomic addition a piece; an allocation only while it grows.
class Arena {
 public:
  static constexpr std::size_t kFirstChunkBytes = 4096;

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Returns `bytes` bytes aligned to `alignof(std::max_align_t)`.
  void* allocate(std::size_t bytes);

  /// Returns a copy of `items` that lives as long as the frame.
  template <class T>
  std::span<const T> copy(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    if (items.empty()) {
      return {};
    }
    void* memory = allocate(items.size_bytes());
    std::memcpy(memory, items.data(), items.size_bytes());
    return {static_cast<const T*>(memory), items.size()};
  }

  /// Takes everything back; keeps one chunk as large as all that was used.
  void reset() noexcept;

  [[nodiscard]] std::size_t capacity_bytes() const;

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size = 0;
    std::atomic<std::size_t> used{0};
  };

  static std::unique_ptr<Chunk> make_chunk(std::size_t size);

  std::atomic<Chunk*> current_{nullptr};
  mutable std::mutex growth_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

}  // namespace penstock
