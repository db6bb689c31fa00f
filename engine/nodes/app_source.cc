#include "engine/nodes/app_source.h"

#include <utility>

#include "engine/base/check.h"

namespace penstock {

ActorType app_source_type() {
  ActorType type("app_source", "takes what an application pushes (C++: AppSource)");
  type.source([](const OptionValues& options) { return options.get_bool("live"); });
  type.by_program().out("frames", {payload::kImage});
  type.option(
      Option::boolean("live", "while the graph is full, the latest frame wins").fallback("false"));
  type.option(Option::integer("max_in_flight", "frames of a stream in the graph at once")
                  .range(1, 1024)
                  .unit("frames"));
  return type;
}

/// The graph's end of the queue.
class AppSource::Reader final : public Source {
 public:
  Reader(std::shared_ptr<AppSource> port, bool is_live)
      : port_(std::move(port)),
        is_live_(is_live) {}

  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  ~Reader() override { port_->disconnect(this); }

  Status start(const SourceContext& /*context*/, Doorbell doorbell) override {
    port_->connect(this, doorbell);
    return {};
  }

  Pull pull(SourceFrame& out) override { return port_->pull(out); }

  [[nodiscard]] Error failure() const override {
    return Error{Errc::kInternal, "an application's source does not fail"};
  }

  void stop() override { port_->disconnect(this); }

  [[nodiscard]] bool is_live() const override { return is_live_; }

 private:
  std::shared_ptr<AppSource> port_;
  bool is_live_;
};

AppSource::AppSource(std::size_t capacity) : capacity_(capacity) {
  PENSTOCK_CHECK(capacity >= 1) << "a queue of no frames";
}

AppSource::Push AppSource::push(Image image, Duration pts) {
  SourceFrame frame;
  frame.time.pts = pts;
  frame.image = std::move(image);
  return push(frame);
}

AppSource::Push AppSource::push(std::vector<FeatureMap> tensors, Duration pts) {
  SourceFrame frame;
  frame.time.pts = pts;
  frame.tensors = std::move(tensors);
  return push(frame);
}

AppSource::Push AppSource::push(SourceFrame& frame) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_closed_) {
    return Push::kClosed;
  }
  if (frames_.size() >= capacity_) {
    return Push::kFull;
  }
  frames_.push_back(std::move(frame));
  // Under the lock, so that it is never rung after `stop` has returned.
  doorbell_.ring();
  return Push::kPushed;
}

void AppSource::close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_closed_ = true;
  doorbell_.ring();
}

std::size_t AppSource::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return frames_.size();
}

void AppSource::connect(Reader* reader, Doorbell doorbell) {
  const std::lock_guard<std::mutex> lock(mutex_);
  reader_ = reader;
  doorbell_ = doorbell;
}

void AppSource::disconnect(const Reader* reader) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (reader_ == reader) {
    reader_ = nullptr;
    doorbell_ = Doorbell();
  }
}

Source::Pull AppSource::pull(SourceFrame& out) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (frames_.empty()) {
    return is_closed_ ? Source::Pull::kEnd : Source::Pull::kNothing;
  }
  out = std::move(frames_.front());
  frames_.pop_front();
  return Source::Pull::kFrame;
}

std::unique_ptr<Source> AppSource::make_source(std::shared_ptr<AppSource> port, bool is_live) {
  return std::make_unique<Reader>(std::move(port), is_live);
}

}  // namespace penstock
