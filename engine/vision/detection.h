#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/frame/results.h"
#include "engine/tensor/affine.h"
#include "engine/tensor/feature_map.h"
#include "engine/vision/nms.h"

namespace penstock {

/// The size of the picture that a model takes, in pixels.
struct InputSize {
  int width = 0;
  int height = 0;
};

/// What all decoders of boxes have in common.
struct DetectionOptions {
  InputSize input;          ///< Of the model; boxes are mapped to the source picture from there.
  std::size_t labels = 0;   ///< Entries of the label table; 0 where there is none.
  float score = 0.4F;       ///< Objects below it are not reported.
  float iou = 0.45F;        ///< See `NmsOptions::iou`.
  std::size_t top_k = 100;  ///< At most so many objects a picture, the best ones.
  std::size_t max_candidates = 1000;  ///< See `NmsOptions::max_candidates`.
  bool class_agnostic = false;        ///< See `NmsOptions::class_agnostic`.
  /// Label ids to report; empty for all. Others are left out before suppression, so that nobody
  /// asked for hides nobody.
  std::vector<std::int32_t> keep;
};

/// What a decoder found in one picture: objects, best first, and their key points.
///
/// Made for reuse: decoders clear it and keep its memory. `Object::keypoints` stays empty in
/// `objects`, because the vectors move; whoever copies both to their final place (a frame's arena)
/// calls `attach_keypoints()` on the copies.
struct DecodedObjects {
  std::vector<Object> objects;
  std::size_t keypoints_per_object = 0;
  std::vector<Keypoint> keypoints;  ///< Those of `objects[0]`, then those of `objects[1]`, ...

  void clear() noexcept;
  /// Pre: `index < objects.size()`.
  [[nodiscard]] std::span<const Keypoint> keypoints_of(std::size_t index) const noexcept;
};

/// Lets each of `objects` point to its own `keypoints_per_object` of `keypoints`.
/// Pre: `keypoints` has as many as that takes.
void attach_keypoints(std::span<Object> objects,
                      std::span<const Keypoint> keypoints,
                      std::size_t keypoints_per_object);

/// A decoder of boxes, made once for a model's outputs, called once a picture.
///
/// Each implementation has `static Status check(options, outputs)`, which says whether the model's
/// outputs have the shapes that it reads, and `static Result<T> create(options, outputs)`, which
/// does so first; both name output, shape and rule (`kInvalidArgument`).
/// Thread-safety: one thread at a time; it reuses its working memory.
/// Cost: no allocation once it has seen its largest case.
class ObjectDecoder {
 public:
  ObjectDecoder() = default;
  ObjectDecoder(const ObjectDecoder&) = delete;
  ObjectDecoder& operator=(const ObjectDecoder&) = delete;
  ObjectDecoder(ObjectDecoder&&) = default;
  ObjectDecoder& operator=(ObjectDecoder&&) = default;
  virtual ~ObjectDecoder() = default;

  /// Writes what item `batch_index` of `outputs` holds to `out`, whose old content goes.
  ///
  /// `outputs` are those of the model, in its order. `to_source` maps pixels of the model's input
  /// to the source picture; boxes come out in pixels of the source, clipped to `picture`, and are
  /// left out where nothing remains.
  /// Errors: `kInvalidArgument` if the maps do not have the shapes that the decoder was made for
  /// or there is no such item; `kUnsupported` as in `TensorReader::item`.
  virtual Status decode(std::span<const FeatureMap> outputs,
                        std::size_t batch_index,
                        const Affine& to_source,
                        const Box& picture,
                        DecodedObjects& out) = 0;
};

/// Collects a picture's candidates and thins them out: the half that all box decoders share.
///
/// Thread-safety, cost: as `NonMaximumSuppression`.
class DetectionFilter {
 public:
  /// Errors: `kInvalidArgument` for an option out of range (`score`, `iou` 0..1; `input`, `top_k`,
  /// `max_candidates` positive; `keep` within the label table).
  static Result<DetectionFilter> create(const DetectionOptions& options);

  void clear() noexcept { nms_.clear(); }

  /// Returns whether objects of `label` are reported.
  [[nodiscard]] bool wants(std::int32_t label) const noexcept;

  /// Takes a candidate if its score and label are wanted. Units: pixels of the model's input.
  void add(const Candidate& candidate);

  /// Returns the survivors, best first.
  std::span<const Candidate> run() { return nms_.run(); }

  /// Runs the suppression and appends at most `top_k` objects that reach into `picture`.
  void finish(const Affine& to_source, const Box& picture, std::vector<Object>& out);

  [[nodiscard]] const NonMaximumSuppression& suppression() const noexcept { return nms_; }

  [[nodiscard]] const DetectionOptions& options() const noexcept { return options_; }

 private:
  DetectionFilter(DetectionOptions options, NonMaximumSuppression nms);

  DetectionOptions options_;
  NonMaximumSuppression nms_;
  std::vector<bool> kept_;  // By label; empty for all.
};

/// Returns `box` mapped by `to_source` and clipped to `picture`; nothing if nothing remains.
std::optional<Box> place_in_picture(const Box& box,
                                    const Affine& to_source,
                                    const Box& picture) noexcept;

/// A class and its score, or its logit.
struct ClassScore {
  float value = 0;
  std::int32_t label = 0;
};

/// Returns the greatest of `count` numbers that lie `step` apart; of equal ones the first. What is
/// not a number is left out; minus infinity where nothing remains.
ClassScore best_class(const float* first, std::size_t count, std::size_t step) noexcept;

/// Returns 1 / (1 + e^-x).
float sigmoid(float x) noexcept;

/// Returns a value just below every x with `sigmoid(x) >= score`: a cheap first test of a logit.
float logit_floor(float score) noexcept;

/// Returns the score in 0..1, or quiet NaN for a logit that is not finite: a broken output, not a
/// certain one.
float score_of_logit(float logit) noexcept;

}  // namespace penstock
