#include "drivers/api/driver_calls.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <list>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace penstock {
namespace {

struct Entry {
  DriverCall call;
  bool is_left = false;
};

/// The calls at work in this process.
struct Book {
  std::mutex mutex;
  std::list<Entry> entries;
};

/// Never destroyed: calls that were left may end late.
Book& the_book() {
  static Book& book = *new Book();
  return book;
}

/// A call's line in the book, from its beginning to its end.
class Line {
 public:
  explicit Line(const DriverCall& call) {
    const std::lock_guard lock(the_book().mutex);
    entry_ = the_book().entries.insert(the_book().entries.end(), {call, false});
  }

  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  ~Line() {
    const std::lock_guard lock(the_book().mutex);
    the_book().entries.erase(entry_);
  }

  void set_left() {
    const std::lock_guard lock(the_book().mutex);
    entry_->is_left = true;
  }

 private:
  std::list<Entry>::iterator entry_;
};

/// A call on a thread of its own, and who waits for it.
struct Outing {
  Outing(const DriverCall& call, std::function<void()> made)
      : line(std::in_place, call),
        body(std::move(made)) {}

  void run() {
    body();
    body = nullptr;  // Here, so that who waited holds the last of what the call was given.
    const std::lock_guard lock(mutex);
    line.reset();
    has_ended = true;
    changed.notify_all();
  }

  /// Waits for the end; what has not ended by then counts as left.
  bool wait_for(Duration limit) {
    std::unique_lock lock(mutex);
    if (changed.wait_for(lock, limit, [this] { return has_ended; })) {
      return true;
    }
    line->set_left();
    return false;
  }

  std::optional<Line> line;
  std::function<void()> body;
  std::mutex mutex;
  std::condition_variable changed;
  bool has_ended = false;
};

bool was_left(const DriverCall& call) {
  const std::lock_guard lock(the_book().mutex);
  const auto& entries = the_book().entries;
  return std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
    return entry.is_left && entry.call.driver == call.driver && entry.call.text == call.text;
  });
}

}  // namespace

Status make_driver_call(const DriverCall& call,
                        std::optional<Duration> limit,
                        std::function<void()> body) {
  if (!limit.has_value()) {
    const Line line(call);
    body();
    return {};
  }
  if (was_left(call)) {
    return Error{Errc::kDeadlineExceeded,
                 call.text + " hangs since an earlier call, and is not called again"};
  }
  const auto outing = std::make_shared<Outing>(call, std::move(body));
  try {
    std::thread([outing] { outing->run(); }).detach();
  } catch (const std::system_error&) {
    outing->run();  // No thread to be had: here, however long it takes.
  }
  if (outing->wait_for(*limit)) {
    return {};
  }
  char waited[32];
  std::snprintf(waited, sizeof waited, "%.3g s", std::chrono::duration<double>(*limit).count());
  return Error{Errc::kDeadlineExceeded, call.text + " has not come back after " + waited};
}

std::string left_driver_call(const std::string& driver) {
  const std::lock_guard lock(the_book().mutex);
  const auto& entries = the_book().entries;
  const auto left = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
    return entry.is_left && (driver.empty() || driver == entry.call.driver);
  });
  return left == entries.end() ? std::string() : left->call.text;
}

std::string driver_calls_at_work() {
  const std::lock_guard lock(the_book().mutex);
  std::string text;
  for (const Entry& entry : the_book().entries) {
    text += (text.empty() ? "driver '" : ", driver '") + entry.call.driver + "' is in " +
            entry.call.text;
  }
  return text;
}

}  // namespace penstock
