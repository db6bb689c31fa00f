#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/media/av/media_test_support.h"
#include "drivers/media/nodes/video_source.h"
#include "engine/base/waiting_bell.h"
#include "engine/run/source_pump.h"
#include "engine/run/supervisor.h"
#include "engine/run/testing/scripted.h"

namespace penstock {
namespace {

using testing::EventLog;
using testing::TempFolder;
using namespace std::chrono_literals;

/// A camera on a port of its own: each connection gets the next recording and is cut; after the
/// last one nobody listens any more.
class Camera {
 public:
  explicit Camera(std::vector<std::string> recordings)
      : recordings_(std::move(recordings)),
        listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* where = reinterpret_cast<sockaddr*>(&address);
    socklen_t length = sizeof address;
    PENSTOCK_CHECK(::bind(listener_, where, length) == 0 && ::listen(listener_, 1) == 0 &&
                   ::getsockname(listener_, where, &length) == 0)
        << "no port for the test";
    uri_ = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }

  ~Camera() {
    ::shutdown(listener_, SHUT_RDWR);  // Ends an `accept` that waits.
    thread_.join();
    ::close(listener_);
  }

  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  [[nodiscard]] const std::string& uri() const { return uri_; }

 private:
  void serve() {
    for (std::size_t i = 0; i < recordings_.size(); ++i) {
      const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (i + 1 == recordings_.size()) {
        ::shutdown(listener_, SHUT_RDWR);  // Refuses those who come now.
      }
      if (peer < 0) {
        return;
      }
      const std::string& bytes = recordings_[i];
      for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t count = ::send(peer, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) {
          break;
        }
        sent += static_cast<std::size_t>(count);
      }
      ::close(peer);
    }
  }

  const std::vector<std::string> recordings_;
  const int listener_;
  std::string uri_;
  std::thread thread_;
};

/// One stream with its supervisor: the source is real, time is virtual.
class Journey {
 public:
  Journey(const std::string& uri, RestartRule rule)
      : ring_(EdgeRing::create({"camera -> test", 32, Overflow::kBlock}).value()) {
    SourcePump::Options options;
    options.name = "camera";
    options.stream_name = "gate";
    options.context.name = "camera";
    options.context.stream = "gate";
    options.context.clock = &clock_;
    options.make = [uri]() -> Result<std::unique_ptr<Source>> {
      return std::unique_ptr<Source>(std::make_unique<VideoSource>(
          VideoSourceOptions{.uri = uri, .is_live = true}, "auto", true));
    };
    options.window = 32;
    options.ledger = std::make_shared<StreamLedger>();
    options.outputs = {OutEdge{ring_.get(), 0, std::nullopt}};
    pump_ = SourcePump::create(std::move(options)).value();
    pump_->set_driver(bell_.doorbell());
    pump_->set_events(&events_);
    ring_->connect(pump_->doorbell(), Doorbell());
    supervisor_ = std::make_unique<Supervisor>(
        std::vector<Supervisor::Member>{{pump_.get(), "camera", true, {StreamId{0}}, rule}},
        Supervisor::Limits{.drain = 10s, .give_up = 5s});
  }

  /// Runs until the source has failed `failures` times, then stops it and runs to the end.
  void run(std::size_t failures) {
    for (;;) {
      ASSERT_TRUE(pump_->begin_turn());
      const Runnable::Step step = pump_->step(clock_.now());
      const bool is_rung = pump_->end_turn() == Runnable::Next::kTurn;
      take_frames();
      obey_supervisor();
      if (step == Runnable::Step::kFinished) {
        return;
      }
      if (events_.count(RunEvent::Kind::kFailed) >= failures && !supervisor_->is_stopping()) {
        supervisor_->stop(clock_.now());
        obey_supervisor();
      } else if (const auto wake = supervisor_->wake_at();
                 wake.has_value() && !supervisor_->is_stopping()) {
        clock_.advance(*wake - clock_.now());
        supervisor_->on_time(clock_.now());
        obey_supervisor();
      } else if (step == Runnable::Step::kIdle && !is_rung) {
        bell_.wait();
      }
    }
  }

  std::vector<FrameId> ids;
  std::vector<Duration> times;
  std::vector<Supervisor::Note> notes;

 private:
  void take_frames() {
    while (auto item = ring_->pop()) {
      if (auto* frame = std::get_if<Frame>(&*item); frame != nullptr) {
        ids.push_back(frame->id());
        times.push_back(frame->time().pts);
        frame->end(Outcome::kDelivered);
        ring_->done();
      }
    }
  }

  void obey_supervisor() {
    for (; told_ < events_.events.size(); ++told_) {
      supervisor_->on_event(events_.events[told_], clock_.now());
    }
    for (const Supervisor::Order& order : supervisor_->take_orders()) {
      order.runnable->order(order.order);
    }
    for (Supervisor::Note& note : supervisor_->take_notes()) {
      notes.push_back(std::move(note));
    }
  }

  ManualClock clock_{TimePoint(1000s)};
  WaitingBell bell_;
  EventLog events_;
  std::unique_ptr<EdgeRing> ring_;
  std::unique_ptr<SourcePump> pump_;
  std::unique_ptr<Supervisor> supervisor_;
  std::size_t told_ = 0;
};

TEST(LiveSourceJourney, GoesOnAfterItsCameraDiedInMidStream) {
  constexpr int kFrames = 60;
  TempFolder folder;
  testing::write_clip(
      {.path = folder.path("a.mkv"), .key_interval = std::chrono::milliseconds(400)}, kFrames);
  const std::string whole = testing::read_file(folder.path("a.mkv"));
  const Camera camera({whole.substr(0, whole.size() * 6 / 10), whole});
  RestartRule rule;
  rule.forever = true;
  Journey journey(camera.uri(), rule);
  journey.run(4);  // Twice cut, twice nobody there.

  EXPECT_GT(journey.ids.size(), kFrames + 10U) << "frames of both lives";
  EXPECT_LT(journey.ids.size(), 2U * kFrames);
  for (std::size_t i = 1; i < journey.ids.size(); ++i) {
    EXPECT_EQ(journey.ids[i].seq, journey.ids[i - 1].seq + 1);
    EXPECT_GT(journey.times[i], journey.times[i - 1]) << i;
  }
  using Level = Supervisor::Note::Level;
  ASSERT_EQ(journey.notes.size(), 3U) << "one a change, none for attempts that changed nothing";
  EXPECT_EQ(journey.notes[0].level, Level::kWarning);
  EXPECT_NE(journey.notes[0].text.find(camera.uri()), std::string::npos) << journey.notes[0].text;
  EXPECT_EQ(journey.notes[1].level, Level::kInfo);
  EXPECT_NE(journey.notes[1].text.find("works again"), std::string::npos);
  EXPECT_EQ(journey.notes[2].level, Level::kWarning);
}

TEST(LiveSourceJourney, ComesBackToACameraThatAnsweredNonsense) {
  TempFolder folder;
  testing::write_clip({.path = folder.path("a.mkv")}, 20);
  const Camera camera({std::string(20'000, 'x'), testing::read_file(folder.path("a.mkv"))});
  RestartRule rule;
  rule.forever = true;
  Journey journey(camera.uri(), rule);
  journey.run(2);  // Nonsense, and the end of the recording.

  EXPECT_EQ(journey.ids.size(), 20U);
  ASSERT_FALSE(journey.notes.empty());
  EXPECT_NE(journey.notes[0].text.find("tried again"), std::string::npos) << journey.notes[0].text;
}

}  // namespace
}  // namespace penstock
