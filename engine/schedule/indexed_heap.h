#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace penstock {

/// A binary min-heap of things that live elsewhere and know their place in it, so that any of them
/// can leave or change its key at once. Equal keys come out in an order that depends only on the
/// calls made.
///
/// Ownership: nodes are the caller's; they may not move while they are in.
/// Cost: O(log n) a change; no allocation once it has been as large.
template <class Key, class Owner>
class IndexedHeap {
 public:
  /// The thing's place in one heap.
  struct Node {
    static constexpr std::uint32_t kOut = 0xFFFFFFFF;

    Owner* owner = nullptr;
    std::uint32_t position = kOut;

    [[nodiscard]] bool is_in() const noexcept { return position != kOut; }
  };

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  /// Pre: not empty.
  [[nodiscard]] Owner& top() const noexcept { return *entries_.front().node->owner; }

  [[nodiscard]] const Key& top_key() const noexcept { return entries_.front().key; }

  /// Puts `node` in, or changes its key if it is in already.
  void put(Node& node, const Key& key) {
    if (node.is_in()) {
      const std::size_t at = node.position;
      const bool rises = key < entries_[at].key;
      entries_[at].key = key;
      rises ? rise(at) : sink(at);
      return;
    }
    node.position = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({key, &node});
    rise(entries_.size() - 1);
  }

  /// Takes `node` out; nothing happens if it is not in.
  void take(Node& node) noexcept {
    if (!node.is_in()) {
      return;
    }
    const std::size_t at = node.position;
    node.position = Node::kOut;
    const Entry last = entries_.back();
    entries_.pop_back();
    if (at == entries_.size()) {
      return;
    }
    const bool rises = last.key < entries_[at].key;
    place(at, last);
    rises ? rise(at) : sink(at);
  }

 private:
  struct Entry {
    Key key;
    Node* node;
  };

  void place(std::size_t at, const Entry& entry) noexcept {
    entries_[at] = entry;
    entry.node->position = static_cast<std::uint32_t>(at);
  }

  void rise(std::size_t at) noexcept {
    const Entry entry = entries_[at];
    while (at > 0 && entry.key < entries_[(at - 1) / 2].key) {
      place(at, entries_[(at - 1) / 2]);
      at = (at - 1) / 2;
    }
    place(at, entry);
  }

  void sink(std::size_t at) noexcept {
    const Entry entry = entries_[at];
    for (std::size_t child = 2 * at + 1; child < entries_.size(); child = 2 * at + 1) {
      if (child + 1 < entries_.size() && entries_[child + 1].key < entries_[child].key) {
        ++child;
      }
      if (!(entries_[child].key < entry.key)) {
        break;
      }
      place(at, entries_[child]);
      at = child;
    }
    place(at, entry);
  }

  std::vector<Entry> entries_;
};

}  // namespace penstock
