#include "actors/disposal.h"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/base/quoted_list.h"

namespace penstock::actors {

struct Disposal::Ended {
  void set() {
    const std::lock_guard lock(mutex);
    is_set = true;
    changed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable changed;
  bool is_set = false;
};

Disposal::Disposal(std::shared_ptr<void> doomed) : ended_(std::make_shared<Ended>()) {
  // In a holder, so that the thread has the only reference from the start, and loses none if it
  // cannot be made.
  auto holder = std::make_shared<std::shared_ptr<void>>(std::move(doomed));
  const auto destroy = [ended = ended_, holder] {
    holder->reset();
    ended->set();
  };
  try {
    std::thread(destroy).detach();
  } catch (const std::system_error&) {
    destroy();  // No thread to be had: here, however long it takes.
  }
}

bool Disposal::wait_for(Duration limit) const {
  std::unique_lock lock(ended_->mutex);
  return ended_->changed.wait_for(lock, limit, [this] { return ended_->is_set; });
}

void DisposalProgress::set(std::string what) {
  const std::lock_guard lock(mutex_);
  waits_for_ = std::move(what);
}

void DisposalProgress::set_at_work(const std::vector<std::string>& names,
                                   const std::string& where) {
  set(names.empty() ? "a worker that is free" : quoted_list(names) + " " + where);
}

std::string DisposalProgress::get() const {
  const std::lock_guard lock(mutex_);
  return waits_for_;
}

Status wait_until_closed(const Disposal& disposal,
                         const DisposalProgress& progress,
                         const std::string& what,
                         Duration limit) {
  if (disposal.wait_for(limit)) {
    return {};
  }
  char waited[32];
  std::snprintf(waited, sizeof waited, "%.3g s", std::chrono::duration<double>(limit).count());
  return Error{Errc::kDeadlineExceeded,
               what + " not closed after " + waited + ": waited for " + progress.get()};
}

}  // namespace penstock::actors
