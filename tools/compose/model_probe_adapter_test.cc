#include "tools/compose/model_probe_adapter.h"

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/manual_host.h"
#include "drivers/noop/noop_driver.h"
#include "drivers/openvino/openvino_driver.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/runfiles.h"

namespace penstock {
namespace {

std::shared_ptr<Driver> driver_of(const PenstockDriverApi& api) {
  return std::make_shared<Driver>(Driver::create(api, std::make_shared<ManualHost>()).value());
}

TEST(DriverModelProbe, TellsNamesShapesTypesAndLayouts) {
  ModelInfo info;
  TensorSpec input;
  input.name = "image";
  input.type = ElementType::kU8;
  input.shape = Shape{Shape::kDynamic, 300, 300, 3};
  input.layout = "NHWC";
  info.inputs = {input};
  const ModelFacts facts = facts_of(info);
  ASSERT_EQ(facts.inputs.size(), 1U);
  EXPECT_EQ(facts.inputs[0].name, "image");
  EXPECT_EQ(facts.inputs[0].dims, (std::vector<std::int64_t>{-1, 300, 300, 3}));
  EXPECT_EQ(facts.inputs[0].element, "u8");
  EXPECT_EQ(facts.inputs[0].layout, "NHWC");
  EXPECT_TRUE(facts.outputs.empty());
}

TEST(DriverModelProbe, StartsItsDriverOnceWithTheFirstModel) {
  int started = 0;
  DriverModelProbe probe([&]() -> Result<std::shared_ptr<Driver>> {
    ++started;
    return Error{Errc::kUnavailable, "no library"};
  });
  EXPECT_EQ(started, 0);
  for (int i = 0; i < 2; ++i) {
    const auto facts = probe.probe({"a.onnx"});
    ASSERT_FALSE(facts.has_value());
    EXPECT_EQ(facts.error(), (Error{Errc::kUnavailable, "no library"}));
  }
  EXPECT_EQ(started, 1);
}

/// Reads every file, and finds nothing in it.
class EmptyHanded final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> create(DriverHost /*host*/, const DriverOptions&) {
    return std::unique_ptr<DriverBase>(std::make_unique<EmptyHanded>());
  }

  Result<std::vector<DeviceInfo>> enumerate() override { return std::vector<DeviceInfo>(); }

  Result<ModelInfo> inspect(const std::string& /*path*/) override { return ModelInfo(); }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& /*identity*/,
                                           Doorbell /*health_changed*/) override {
    return Error{Errc::kNotFound, "there is none"};
  }
};

TEST(DriverModelProbe, RefusesAModelWithoutPorts) {
  static const PenstockDriverApi kEmpty = make_driver_api<&EmptyHanded::create>("empty", "1");
  DriverModelProbe probe(
      [] { return Result<std::shared_ptr<Driver>>(driver_of(noop_driver_api())); },
      [] { return std::vector<std::shared_ptr<Driver>>{driver_of(kEmpty)}; });
  const std::string model = (testing::scratch_folder() / "net.empty").string();
  std::ofstream(model) << "compiled";
  const auto facts = probe.probe({model});
  ASSERT_FALSE(facts.has_value());
  EXPECT_NE(facts.error().message.find("driver 'empty': the model has no inputs"),
            std::string::npos)
      << facts.error().message;
}

TEST(DriverModelProbe, AsksOtherDriversForFilesOfTheirOwnKind) {
  const std::string model = (testing::scratch_folder() / "double.onnx").string();
  testing::OnnxWriter()
      .input("x", {1, 4})
      .constant("two", {1}, {2})
      .node("Mul", {"x", "two"}, {"y"})
      .output("y", {1, 4})
      .write(model);
  const std::string text = (testing::scratch_folder() / "text.onnx").string();
  std::ofstream(text) << "no model";
  const auto start = [] { return Result<std::shared_ptr<Driver>>(driver_of(noop_driver_api())); };
  DriverModelProbe alone(start);
  EXPECT_EQ(alone.probe({model}).error().code, Errc::kUnsupported) << "noop reads no files";
  DriverModelProbe probe(start, [] {
    return std::vector<std::shared_ptr<Driver>>{driver_of(noop_driver_api()),
                                                driver_of(openvino_driver_api())};
  });
  const auto facts = probe.probe({model});
  ASSERT_TRUE(facts.has_value()) << facts.error().message;
  EXPECT_EQ(facts->inputs.front().name, "x");
  EXPECT_EQ(probe.probe({text}).error().code, Errc::kUnsupported) << "what the first one said";
}

TEST(DriverModelProbe, DoesNotBlameAFileForADriverThatDidNotStart) {
  const std::string path = (testing::scratch_folder() / "net.mine").string();
  std::ofstream(path) << "compiled";
  DriverModelProbe probe(
      [] { return Result<std::shared_ptr<Driver>>(driver_of(openvino_driver_api())); },
      []() -> Result<std::vector<std::shared_ptr<Driver>>> {
        return Error{Errc::kDeadlineExceeded, "driver 'mine': no board answers"};
      },
      "load a plug-in");
  const auto facts = probe.probe({path});
  ASSERT_FALSE(facts.has_value());
  EXPECT_EQ(facts.error().code, Errc::kUnavailable) << "which is E060, not E018";
  EXPECT_NE(facts.error().message.find("; driver 'mine': no board answers"), std::string::npos)
      << facts.error().message;
  EXPECT_EQ(facts.error().message.find("load a plug-in"), std::string::npos);
}

}  // namespace
}  // namespace penstock
