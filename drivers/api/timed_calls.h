#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "drivers/api/host_services.h"

namespace penstock {

/// The calls that wait for their time, in order of time and of asking. Used by the hosts.
///
/// Thread-safety: none; the host locks.
/// Cost: O(log n); one node of a map a call.
class TimedCalls {
 public:
  struct Due {
    std::uint64_t ticket = 0;
    HostServices::Call call = nullptr;
    void* argument = nullptr;
  };

  std::uint64_t add(TimePoint when, HostServices::Call call, void* argument) {
    const std::uint64_t ticket = ++last_ticket_;
    calls_.emplace(Key(when, ticket), std::make_pair(call, argument));
    times_.emplace(ticket, when);
    return ticket;
  }

  bool remove(std::uint64_t ticket) {
    const auto found = times_.find(ticket);
    if (found == times_.end()) {
      return false;
    }
    calls_.erase(Key(found->second, ticket));
    times_.erase(found);
    return true;
  }

  [[nodiscard]] std::optional<TimePoint> next_time() const {
    return calls_.empty() ? std::nullopt : std::optional<TimePoint>(calls_.begin()->first.first);
  }

  /// Takes out the first call that is due at `now`.
  std::optional<Due> take_due(TimePoint now) {
    if (calls_.empty() || calls_.begin()->first.first > now) {
      return std::nullopt;
    }
    const auto first = calls_.begin();
    Due due;
    due.ticket = first->first.second;
    due.call = first->second.first;
    due.argument = first->second.second;
    times_.erase(due.ticket);
    calls_.erase(first);
    return due;
  }

 private:
  using Key = std::pair<TimePoint, std::uint64_t>;
  std::map<Key, std::pair<HostServices::Call, void*>> calls_;
  std::map<std::uint64_t, TimePoint> times_;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace penstock
