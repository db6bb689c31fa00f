#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/manual_host.h"
#include "drivers/api/steady_host.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;

/// Notes in which order calls come.
struct Note {
  std::vector<int>* order;
  int number;

  static void call(void* self) {
    const auto* note = static_cast<Note*>(self);
    note->order->push_back(note->number);
  }
};

TEST(ManualHost, MakesCallsInOrderOfTimeThenOfAsking) {
  ManualHost host;
  std::vector<int> order;
  std::vector<Note> notes = {{&order, 0}, {&order, 1}, {&order, 2}, {&order, 3}};
  host.call_at(host.now() + milliseconds(2), &Note::call, &notes[0]);
  host.call_at(host.now() + milliseconds(1), &Note::call, &notes[1]);
  host.call_at(host.now() + milliseconds(2), &Note::call, &notes[2]);
  host.call_at(host.now() + milliseconds(9), &Note::call, &notes[3]);

  host.advance(milliseconds(2));

  EXPECT_EQ(order, std::vector<int>({1, 0, 2}));
}

TEST(ManualHost, ShowsACallItsOwnTime) {
  ManualHost host;
  const TimePoint due = host.now() + milliseconds(3);

  struct Seen {
    ManualHost* host;
    TimePoint time;
  } seen{&host, {}};

  host.call_at(
      due,
      [](void* self) {
        auto* that = static_cast<Seen*>(self);
        that->time = that->host->now();
      },
      &seen);
  host.advance(milliseconds(10));
  EXPECT_EQ(seen.time, due);
  EXPECT_FALSE(host.run_next());
}

TEST(ManualHost, TakesACallBack) {
  ManualHost host;
  std::vector<int> order;
  Note note{&order, 0};
  const auto ticket = host.call_at(host.now(), &Note::call, &note);
  EXPECT_TRUE(host.cancel_call(ticket));
  EXPECT_FALSE(host.cancel_call(ticket));
  host.advance(milliseconds(1));
  EXPECT_TRUE(order.empty());
}

/// Something that a call on another thread makes true.
class Flag {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    is_set_ = true;
    changed_.notify_all();
  }

  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return is_set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_set_ = false;
};

TEST(SteadyHost, MakesACallThatIsDue) {
  SteadyHost host;
  Flag flag;
  EXPECT_NE(host.call_at(
                host.now(), [](void* f) { static_cast<Flag*>(f)->set(); }, &flag),
            0U);
  EXPECT_TRUE(flag.wait());
}

TEST(SteadyHost, MakesASoonerCallThoughItWaitsForALaterOne) {
  SteadyHost host;
  Flag first;
  Flag sooner;
  const auto set = [](void* flag) { static_cast<Flag*>(flag)->set(); };
  host.call_at(host.now() + std::chrono::hours(1), set, &first);
  host.call_at(host.now(), set, &first);
  EXPECT_TRUE(first.wait());  // From here on it waits for the hour, or is about to.
  host.call_at(host.now() + milliseconds(1), set, &sooner);
  EXPECT_TRUE(sooner.wait());
}

TEST(SteadyHost, MakesNoCallBeforeItsTime) {
  SteadyHost host;

  struct Seen {
    SteadyHost* host;
    TimePoint time;
    Flag flag;
  } seen{&host, {}, {}};

  const TimePoint due = host.now() + milliseconds(2);
  host.call_at(
      due,
      [](void* self) {
        auto* that = static_cast<Seen*>(self);
        that->time = that->host->now();
        that->flag.set();
      },
      &seen);
  EXPECT_TRUE(seen.flag.wait());
  EXPECT_GE(seen.time, due);
}

TEST(SteadyHost, TakesACallBackThatIsNotDueYet) {
  SteadyHost host;
  std::atomic<bool> called{false};
  const auto ticket = host.call_at(
      host.now() + std::chrono::hours(1),
      [](void* flag) { static_cast<std::atomic<bool>*>(flag)->store(true); },
      &called);
  EXPECT_TRUE(host.cancel_call(ticket));
  EXPECT_FALSE(called.load());
}

TEST(SteadyHost, HasNothingToTakeBackWithoutATicket) {
  SteadyHost host;
  EXPECT_FALSE(host.cancel_call(0));
}

TEST(SteadyHost, WaitsForARunningCallThatIsTakenBack) {
  SteadyHost host;

  struct Running {
    Flag begun;
    Flag may_end;
    std::atomic<bool> ended{false};
  } running;

  const auto ticket = host.call_at(
      host.now(),
      [](void* self) {
        auto* that = static_cast<Running*>(self);
        that->begun.set();
        that->may_end.wait();
        that->ended.store(true);
      },
      &running);
  ASSERT_TRUE(running.begun.wait());
  running.may_end.set();
  EXPECT_FALSE(host.cancel_call(ticket));
  EXPECT_TRUE(running.ended.load());
}

TEST(SteadyHost, LetsACallTakeItselfBack) {
  struct Self {
    SteadyHost host;
    std::atomic<std::uint64_t> ticket{0};
    Flag begin;
    Flag done;
  };

  auto self = std::make_unique<Self>();
  self->ticket = self->host.call_at(
      self->host.now(),
      [](void* argument) {
        auto* that = static_cast<Self*>(argument);
        that->begin.wait();
        EXPECT_FALSE(that->host.cancel_call(that->ticket.load()));
        that->done.set();
      },
      self.get());
  self->begin.set();
  EXPECT_TRUE(self->done.wait());
}

TEST(SteadyHost, HandsLinesToItsLog) {
  std::vector<std::string> lines;
  SteadyHost host([&](DriverLogLevel level, std::string_view text) {
    if (level >= DriverLogLevel::kInfo) {
      lines.emplace_back(text);
    }
  });
  host.log(DriverLogLevel::kDebug, "hidden");
  host.log(DriverLogLevel::kError, "shown");
  EXPECT_EQ(lines, std::vector<std::string>({"shown"}));
}

}  // namespace
}  // namespace penstock
