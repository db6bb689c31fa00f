#include "tools/fit/fit_inputs.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "engine/graph/type_registry.h"

namespace penstock {
namespace {

std::shared_ptr<const TensorSpec> port(const Shape& shape) {
  TensorSpec spec;
  spec.name = "image";
  spec.type = ElementType::kF32;
  spec.shape = shape;
  spec.layout = "NCHW";
  return std::make_shared<const TensorSpec>(spec);
}

/// A model in two sizes and two batches, run by `near` behind a `preprocess` and by `raw`.
class FitInputs : public ::testing::Test {
 protected:
  FitInputs() {
    ModelSpec words;
    words.name = "net";
    words.batch_size = 4;
    spec_.models.push_back(words);
    add("small", "cam", "").options.set("letterbox", Size2d{32, 16});
    add("near", "small", "net");
    add("raw", "cam", "net");
    model_.inputs = {port({-1, 3, -1, -1})};
    for (const std::int64_t batch : {1, 4}) {
      for (const std::int64_t side : {16, 64}) {
        model_.buckets.push_back({{Shape{batch, 3, side, 2 * side}}, {}});
      }
    }
  }

  ActorSpec& add(const std::string& name, const std::string& from, const std::string& model) {
    ActorSpec actor;
    actor.name = name;
    actor.type = name == "small" ? &preprocess_ : &other_;
    actor.model = model;
    InputSpec input;
    input.from = from;
    actor.inputs.push_back(input);
    spec_.actors.push_back(actor);
    return spec_.actors.back();
  }

  Shape shape_for(const std::string& actor) {
    return fit_inputs(spec_, *spec_.find_actor(actor), model_).value().at(0).shape;
  }

  const ActorType preprocess_ = ActorType("preprocess", "").preprocesses();
  const ActorType other_{"other", ""};
  GraphSpec spec_;
  ModelLoader::Loaded model_;
};

TEST_F(FitInputs, HaveTheSizeThatThePreprocessMakes) {
  EXPECT_EQ(shape_for("near"), Shape({1, 3, 16, 32}));
}

TEST_F(FitInputs, HaveItInTheirOwnOrderOfAxesWhereNoLayoutSaysSo) {
  TensorSpec open = *model_.inputs.front();
  open.layout.clear();
  open.shape = {-1, -1, -1, 3};
  model_.inputs = {std::make_shared<const TensorSpec>(open)};
  for (ShapeBucket& bucket : model_.buckets) {
    const Shape& shape = bucket.inputs.front();
    bucket.inputs.front() = Shape{shape[0], shape[2], shape[3], 3};
  }
  EXPECT_EQ(shape_for("near"), Shape({1, 16, 32, 3}));
}

TEST_F(FitInputs, HaveTheLargestSizeBehindWhatIsNoPreprocess) {
  spec_.actors.front().type = &other_;
  EXPECT_EQ(shape_for("near"), Shape({1, 3, 64, 128}));
}

TEST_F(FitInputs, HaveTheLargestSizeWhereNobodySays) {
  EXPECT_EQ(shape_for("raw"), Shape({1, 3, 64, 128}));
}

TEST_F(FitInputs, HaveThePortsShapeOfAModelWithoutBuckets) {
  model_.buckets.clear();
  model_.inputs = {port({4, 3, 8, 8})};
  EXPECT_EQ(shape_for("near"), Shape({1, 3, 8, 8}));
}

TEST_F(FitInputs, AreNoneForAShapeThatOpensAsItRuns) {
  model_.buckets.clear();
  EXPECT_EQ(fit_inputs(spec_, *spec_.find_actor("near"), model_).error().message,
            "model 'net': input 'image' is ?x3x?x?: a shape that opens only as it runs cannot be "
            "simulated");
}

}  // namespace
}  // namespace penstock
