#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/graph/type_registry.h"
#include "engine/memory/buffer_pool.h"
#include "engine/node/source.h"
#include "engine/nodes/moving_shapes.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The actor `test_source`.
ActorType test_source_type();

/// A stream of moving shapes with their ground truth as objects; fails and stalls where told to.
///
/// A live one shows frame `n` at its time and leaves out those for which nobody came in time. After
/// a fault a reconnect goes on with the frame at which the fault was; each fault happens once.
class TestSource final : public Source {
 public:
  struct Options {
    MovingShapes::Options scene;
    double fps = 25;
    std::optional<std::uint64_t> frames;  ///< Without it, endless.
    bool is_live = false;
    std::optional<std::uint64_t> fail_at;
    std::optional<std::uint64_t> stall_at;
    std::uint64_t attempt = 0;  ///< How many faults are behind us.
  };

  /// Errors: `kInvalidArgument` for a size that is too small or too large.
  static Result<std::unique_ptr<Source>> make(const SourceArgs& args);

  explicit TestSource(const Options& options);

  Status start(const SourceContext& context, Doorbell doorbell) override;
  Pull pull(SourceFrame& out) override;

  [[nodiscard]] std::optional<TimePoint> not_before() const override { return not_before_; }

  [[nodiscard]] Error failure() const override;

  void stop() override {}

  [[nodiscard]] bool is_live() const override { return options_.is_live; }

  [[nodiscard]] std::optional<double> progress() const override;

 private:
  void skip_old_faults();
  [[nodiscard]] Duration time_of(std::uint64_t frame) const noexcept;
  /// Whether something else than a frame comes in the place of `frame`.
  [[nodiscard]] bool ends_at(std::uint64_t frame) const noexcept;
  bool is_due();
  bool draw(SourceFrame& out);

  Options options_;
  MovingShapes scene_;
  const LabelTable* labels_;
  std::optional<BufferPool> pool_;
  const Clock* clock_ = nullptr;
  TimePoint began_;
  std::uint64_t first_ = 0;  // The frame that was shown at `began_`.
  std::uint64_t next_ = 0;
  std::uint64_t skipped_ = 0;  // Before `next_`, since the last that was given.
  std::optional<TimePoint> not_before_;
};

}  // namespace penstock
