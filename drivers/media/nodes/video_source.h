#pragma once

#include <memory>
#include <optional>
#include <string>

#include "drivers/media/av/video_reader.h"
#include "drivers/media/av/video_source_options.h"
#include "engine/memory/buffer_pool.h"
#include "engine/node/source.h"

namespace penstock {

/// The source behind `video_source`: pictures of a file, camera or address, in pooled buffers.
///
/// Reading blocks on the reader's own thread; decoding happens in `pull`, on the worker of the
/// stream. `live` is what the graph is told: the latest frame wins. `options.is_live` is what the
/// reader does when nobody decodes fast enough, and a source that is live in that sense never ends
/// by itself: its end is a lost connection (`kPeerGone`), and so is an address that is not there or
/// answers nonsense.
class VideoSource final : public Source {
 public:
  VideoSource(VideoSourceOptions options, std::string decoder, bool live);
  ~VideoSource() override;

  Status start(const SourceContext& context, Doorbell doorbell) override;
  Pull pull(SourceFrame& out) override;

  [[nodiscard]] std::optional<TimePoint> not_before() const override { return retry_at_; }

  [[nodiscard]] Error failure() const override { return failure_; }

  void stop() override;

  [[nodiscard]] bool is_live() const override { return live_; }

  [[nodiscard]] std::optional<double> progress() const override;

  [[nodiscard]] SourceFlaws flaws() const override;

 private:
  Pull end();

  VideoSourceOptions options_;
  const std::string decoder_;
  const bool live_;
  const Clock* clock_ = nullptr;
  std::optional<BufferPool> pool_;
  std::unique_ptr<VideoReader> reader_;
  std::optional<TimePoint> retry_at_;
  std::int64_t last_pts_ns_ = 0;
  bool is_over_ = false;
  Error failure_;
};

}  // namespace penstock
