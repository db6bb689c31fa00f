#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace penstock::actors {

/// Destroys what may wait for something that never comes, such as a driver's object whose device
/// hangs, on a thread of its own, so that whoever gives it away waits for that a while only.
///
/// What is not gone by then is left to its thread. That is safe because the thread owns all that
/// the destruction touches: whenever it ends, if ever, nothing dangles. The end of the process ends
/// it too.
///
/// Ownership: the thread owns what is given to it, which refers to nothing that may go before it.
/// Thread-safety: any thread.
class Disposal {
 public:
  /// Begins to destroy `doomed`. Pre: nobody else holds it.
  explicit Disposal(std::shared_ptr<void> doomed);

  /// Waits at most `limit`; returns whether it is gone.
  [[nodiscard]] bool wait_for(Duration limit) const;

 private:
  struct Ended;
  std::shared_ptr<Ended> ended_;
};

/// What a disposal waits for now: set by its thread, read by who waits. Thread-safety: any thread.
class DisposalProgress {
 public:
  void set(std::string what);
  /// As above: those who are at work, `where`; without any, that no worker is free.
  void set_at_work(const std::vector<std::string>& names, const std::string& where);
  [[nodiscard]] std::string get() const;

 private:
  mutable std::mutex mutex_;
  std::string waits_for_;
};

/// Waits at most `limit` for `what` ("the devices are") to be closed.
/// Errors: `kDeadlineExceeded`, naming what is waited for.
Status wait_until_closed(const Disposal& disposal,
                         const DisposalProgress& progress,
                         const std::string& what,
                         Duration limit);

}  // namespace penstock::actors
