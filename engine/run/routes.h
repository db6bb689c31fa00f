#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/frame/frame.h"

namespace penstock {

/// What one call of a node with several outputs sent, and out of which: the consumers of the other
/// outputs are told at the end of the call that it does not come to them.
///
/// Thread-safety: one thread. Cost: a search among the frames of the call; no allocation in the
/// steady state.
class Routes {
 public:
  /// Ports are bits of a mask.
  static constexpr std::size_t kMaxPorts = 64;

  struct Sent {
    FrameId id;
    std::uint64_t ports = 0;
  };

  /// Pre: `port` is below `kMaxPorts`.
  void add(const FrameId& id, std::size_t port) { entry(id).ports |= std::uint64_t{1} << port; }

  /// All outputs know what became of the frame.
  void add_to_all(const FrameId& id) { entry(id).ports = ~std::uint64_t{0}; }

  [[nodiscard]] const std::vector<Sent>& all() const noexcept { return sent_; }

  void clear() noexcept { sent_.clear(); }

 private:
  Sent& entry(const FrameId& id) {
    const auto found =
        std::find_if(sent_.begin(), sent_.end(), [&](const Sent& one) { return one.id == id; });
    return found != sent_.end() ? *found : sent_.emplace_back(Sent{id, 0});
  }

  std::vector<Sent> sent_;
};

}  // namespace penstock
