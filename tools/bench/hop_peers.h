#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace penstock {

/// A chain of stages that only pass on, driven to saturation.
class HopChain {
 public:
  virtual ~HopChain() = default;
  /// Sends `frames` through all stages and returns when the last has come out.
  virtual void run(std::uint64_t frames) = 0;

 protected:
  HopChain() = default;
  HopChain(const HopChain&) = default;
  HopChain& operator=(const HopChain&) = default;
};

/// Returns `stages` function nodes of oneTBB's flow graph, serial and lightweight: their bodies run
/// inline in whoever puts the message, which is a pointer.
std::unique_ptr<HopChain> make_tbb_chain(std::size_t stages);

/// Returns `stages` stages on the run-queue floor, with a window of 64 between source and sink.
std::unique_ptr<HopChain> make_floor_chain(std::size_t stages);

/// Returns `stages` virtual calls, one after the other.
std::unique_ptr<HopChain> make_inline_chain(std::size_t stages);

}  // namespace penstock
