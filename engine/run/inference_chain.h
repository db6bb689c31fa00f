#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/memory/buffer_pool.h"
#include "engine/run/inference_backend.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// Several models that a frame passes one after the other, as one: the pre graph of a package on
/// the host, its network on a device, its post graph on the host.
///
/// Each link has a backend of its own, so that each device is shared and timed for itself, and a
/// lost device runs again what was lost there, not what came before. A frame goes on as soon as its
/// link has answered; frames in different links run side by side. Links answer in any order, as the
/// slots of any backend do. A frame that fails or is dropped in one link goes no further.
///
/// States: a slot is free -> in a link -> in the next one ... -> ended (popped) -> free.
/// Ownership: owns the backends. What lies between two links is in pooled buffers, which the
/// devices' requests share.
/// Thread-safety: as `InferenceBackend`; frames move on within `pop()`, so whoever rings the
/// links' doorbell must bring a `pop()`.
/// Cost: nothing is copied but handles; nothing is allocated once the pools are filled.
class InferenceChain final : public InferenceBackend {
 public:
  struct Link {
    std::string name;  ///< For messages: "package 'faces', graph 'post.onnx'"; "" adds nothing.
    std::unique_ptr<InferenceBackend> backend;  ///< Of at least `Options::slots` slots.
    /// For each input, which output of the link before it is; unused in the first.
    std::vector<std::size_t> takes;
  };

  /// Makes a chain with room for `slots` frames, all links together. Pre: at least one link.
  /// Errors: `kUnsupported` for an output between two links whose size only frames know;
  /// `kInvalidArgument` for `takes` that do not name one output for each input.
  static Result<std::unique_ptr<InferenceChain>> create(std::vector<Link> links,
                                                        std::uint32_t slots);

  [[nodiscard]] std::span<const std::shared_ptr<const TensorSpec>> inputs() const override {
    return links_.front().link.backend->inputs();
  }

  [[nodiscard]] std::span<const std::shared_ptr<const TensorSpec>> outputs() const override {
    return links_.back().link.backend->outputs();
  }

  [[nodiscard]] std::uint32_t slots() const override {
    return static_cast<std::uint32_t>(frames_.size());
  }

  Status submit(const InferenceJob& job) override;
  /// The device time is that of all links.
  [[nodiscard]] std::optional<InferenceDone> pop() override;
  void taken(std::uint32_t frames) noexcept override;

  /// A frame may overtake another one in an earlier link.
  [[nodiscard]] bool starts_in_order() const noexcept override { return links_.size() == 1; }

  void end_input() noexcept override;
  void cancel(std::uint32_t slot) noexcept override;

 private:
  struct Stage {
    Link link;
    std::vector<BufferPool> pools;  // One an output; none for the last link.
  };

  /// What a slot holds.
  struct Frame {
    bool busy = false;
    bool cancelled = false;
    std::size_t at = 0;  // Which link.
    InferenceJob job;    // As the caller gave it.
    Duration device_time{0};
    std::vector<Ref<JobMaps>> maps;  // By link; that of the one that it is in is not empty.
  };

  InferenceChain() = default;

  Status prepare(Stage& stage, std::uint32_t slots);
  Status start(Frame& frame);
  Status lease(Stage& stage, std::vector<FeatureMap>& maps);
  void advance();
  void go_on(Frame& frame, InferenceDone done);
  void end(Frame& frame, InferenceDone done);
  void let_go(const Frame& frame, std::size_t links);

  std::vector<Stage> links_;
  std::vector<Frame> frames_;        // By slot.
  std::deque<InferenceDone> ended_;  // To be popped.
};

}  // namespace penstock
