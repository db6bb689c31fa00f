#include "engine/nodes/app_sink.h"

#include <algorithm>

namespace penstock {

ActorType app_sink_type() {
  ActorType type("app_sink", "gives frames to an application (C++: AppSink)");
  type.in("in", {}).sink().by_program();
  return type;
}

/// The graph's end of the queue.
class AppSink::Writer final : public Node {
 public:
  explicit Writer(std::shared_ptr<AppSink> port) : port_(std::move(port)) {}

  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  ~Writer() override { leave(); }

  Status open(const NodeContext& /*context*/) override {
    port_->join();
    is_joined_ = true;
    return {};
  }

  Status process(Frame& frame, Emit& /*emit*/) override {
    if (port_->callback_) {
      port_->callback_(frame);
    } else {
      port_->add(std::move(frame));
    }
    return {};
  }

  Status close() override {
    leave();
    return {};
  }

 private:
  void leave() {
    if (std::exchange(is_joined_, false)) {
      port_->leave();
    }
  }

  std::shared_ptr<AppSink> port_;
  bool is_joined_ = false;
};

AppSink::~AppSink() {
  for (Frame& frame : frames_) {
    frame.end(Outcome::kCancelled, Reason::kShutdown);
  }
}

std::pair<AppSink::State, std::optional<AppFrame>> AppSink::pop(Duration timeout) {
  constexpr Duration kForever = std::chrono::hours(24 * 365);  // More would overflow the clock.
  std::unique_lock<std::mutex> lock(mutex_);
  const auto is_closed = [this] { return has_begun_ && writers_ == 0; };
  changed_.wait_for(
      lock, std::min(timeout, kForever), [&] { return !frames_.empty() || is_closed(); });
  if (frames_.empty()) {
    return {is_closed() ? State::kClosed : State::kNone, std::nullopt};
  }
  std::optional<AppFrame> taken(std::in_place, std::move(frames_.front()));
  frames_.pop_front();
  return {State::kFrame, std::move(taken)};
}

std::size_t AppSink::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return frames_.size();
}

void AppSink::add(Frame frame) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    frames_.push_back(std::move(frame));
  }
  changed_.notify_one();
}

void AppSink::join() {
  const std::lock_guard<std::mutex> lock(mutex_);
  has_begun_ = true;
  ++writers_;
}

void AppSink::leave() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    --writers_;
  }
  changed_.notify_all();
}

std::unique_ptr<Node> AppSink::make_node(std::shared_ptr<AppSink> port) {
  return std::make_unique<Writer>(std::move(port));
}

}  // namespace penstock
