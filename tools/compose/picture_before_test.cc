#include "tools/compose/picture_before.h"

#include <cstddef>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "engine/graph/type_registry.h"

namespace penstock {
namespace {

class PictureBefore : public ::testing::Test {
 protected:
  PictureBefore() {
    add("cam", "", other_);
    add("pre", "cam", preprocess_);
    add("net", "pre", other_);
  }

  ActorSpec& add(const std::string& name, const std::string& from, const ActorType& type) {
    ActorSpec actor;
    actor.name = name;
    actor.type = &type;
    if (!from.empty()) {
      InputSpec input;
      input.from = from;
      actor.inputs.push_back(input);
    }
    spec_.actors.push_back(actor);
    return spec_.actors.back();
  }

  ActorSpec& actor(std::size_t index) { return spec_.actors[index]; }

  const ActorType preprocess_ = ActorType("preprocess", "").preprocesses();
  const ActorType other_{"other", ""};
  GraphSpec spec_;
};

TEST_F(PictureBefore, HasTheSizeThatThePreprocessMakes) {
  EXPECT_EQ(picture_before(spec_, actor(2)), std::nullopt) << "it is left to the model";
  actor(1).options.set("resize", Size2d{32, 16});
  EXPECT_EQ(picture_before(spec_, actor(2)), (Size2d{32, 16}));
  EXPECT_EQ(actor_before(spec_, actor(2))->name, "pre");
}

TEST_F(PictureBefore, IsUnknownBehindWhatIsNoPreprocess) {
  actor(1).type = &other_;
  actor(1).options.set("resize", Size2d{32, 16});
  EXPECT_EQ(picture_before(spec_, actor(2)), std::nullopt);
  EXPECT_EQ(picture_before(spec_, actor(0)), std::nullopt) << "nothing is before it";
  EXPECT_EQ(actor_before(spec_, actor(0)), nullptr);
}

}  // namespace
}  // namespace penstock
