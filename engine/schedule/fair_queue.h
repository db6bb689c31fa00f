#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/schedule/indexed_heap.h"
#include "engine/schedule/knobs.h"

namespace penstock {

struct FairFlow;
struct FairClient;

/// Virtual time, with the number of the thing behind it so that ties have one order.
struct FairKey {
  double tag = 0;
  std::uint32_t number = 0;

  friend bool operator<(const FairKey& a, const FairKey& b) noexcept {
    return a.tag != b.tag ? a.tag < b.tag : a.number < b.number;
  }
};

/// One flow's place in a fair queue.
struct FairFlow {
  FairClient* client = nullptr;
  void* owner = nullptr;  ///< Whatever the caller finds its flow by.
  std::uint32_t number = 0;
  double tag = 0;  ///< Service received within the client over weight; kept while it is out.
  IndexedHeap<FairKey, FairFlow>::Node node;
};

/// One client's place in a fair queue, in one class.
struct FairClient {
  void* owner = nullptr;
  std::uint32_t number = 0;
  std::uint8_t rank = 0;  ///< Its class.
  double weight = 1;      ///< Changed by `FairQueue::reweigh` only, while it is in.
  double tag = 0;         ///< Service received over weight; kept while it is out.
  IndexedHeap<FairKey, FairFlow> flows;
  double flow_floor = 0;  ///< Tag of the flow that was picked last.
  IndexedHeap<FairKey, FairClient>::Node node;
};

/// Picks the next flow of a package on a device: the highest class first; within it the client that
/// has received least for its weight; within that the flow that has.
///
/// Virtual time: who receives service of duration t with weight w moves on by t / w. Who comes
/// (back) starts at the current minimum, so that neither a newcomer nor one who paused can claim
/// the past.
///
/// Ownership: the places are the caller's; they may not move while they are in.
/// Cost: O(log clients + log flows) a change, counting only those who are in.
class FairQueue {
 public:
  /// Puts a flow in, and with it its client, whose tag becomes at least `floor` and at least the
  /// smallest of those in its class here. A client that `is_served_elsewhere` keeps its tag, and a
  /// flow that `comes_back` with all of its client, so that none of them can outrun the others by
  /// it.
  void insert(FairFlow& flow, double floor, bool is_served_elsewhere, bool comes_back = false);
  void remove(FairFlow& flow) noexcept;

  /// Returns the flow to serve next, or null.
  [[nodiscard]] FairFlow* top() const noexcept;
  /// Returns the client to serve next, or null.
  [[nodiscard]] FairClient* top_client() const noexcept;

  /// Changes tags; whether they are in or not.
  void retag(FairFlow& flow, double tag);
  void retag(FairClient& client, double tag);
  /// Changes a weight; whether the client is in or not.
  void reweigh(FairClient& client, double weight) noexcept;

  /// Returns the weights of the clients of a class that are in, together.
  [[nodiscard]] double weight_of(std::uint8_t rank) const noexcept { return weights_[rank]; }

  /// Returns how many clients are in.
  [[nodiscard]] std::size_t size() const noexcept;

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

 private:
  std::array<IndexedHeap<FairKey, FairClient>, kPriorityClasses> ranks_;
  std::array<double, kPriorityClasses> weights_{};
};

}  // namespace penstock
