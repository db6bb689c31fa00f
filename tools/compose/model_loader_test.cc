#include "tools/compose/model_loader.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/driver.h"
#include "drivers/api/steady_host.h"
#include "drivers/noop/noop_driver.h"
#include "engine/base/clock.h"
#include "tests/support/runfiles.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

/// Models of one device that computes nothing, each run by an actor of its own.
class ModelLoaderTest : public ::testing::Test {
 protected:
  ModelLoaderTest()
      : folder_(testing::scratch_folder() /
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::create_directories(folder_);
    DevicePool::Options options;
    options.clock = &clock_;
    options.on_note = [](const DevicePool::Note& /*note*/) {};
    pool_ = std::make_unique<DevicePool>(std::move(options));
    DeviceSpec device;
    device.name = "npu";
    device.type = "noop";
    device.options.set("inputs", std::string("in:f32:1x4"))
        .set("outputs", std::string("out:f32:1x2"));
    spec_.devices = {device};
  }

  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name) << content;
    return folder_ / name;
  }

  ModelSpec& add(const std::string& name, const std::string& file) {
    ModelSpec model;
    model.name = name;
    model.file = file;
    model.device = "npu";
    model.devices = {"npu"};
    ActorSpec actor;
    actor.name = "find " + name;
    actor.model = name;
    actor.device = "npu";
    spec_.actors.push_back(actor);
    spec_.models.push_back(model);
    return spec_.models.back();
  }

  /// Returns the packages that the pool has then.
  std::vector<PoolStatus::Package> load() {
    ModelLoader::Parts parts;
    parts.select = [this](const DeviceSpec&) -> Result<DeviceChoice> {
      PENSTOCK_ASSIGN_OR_RETURN(Driver driver, Driver::create(noop_driver_api(), host_, {}));
      auto shared = std::make_shared<Driver>(std::move(driver));
      PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceInfo> devices, shared->enumerate());
      return DeviceChoice{shared, devices.front()};
    };
    parts.pool = pool_.get();
    loader_.emplace(std::move(parts));
    const Status status = loader_->load_all(
        spec_, [this](const ModelLoader::Loaded& model) { loaded_.push_back(model.model); });
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return pool_->status().packages;
  }

  const fs::path folder_;
  const SteadyClock clock_;
  std::shared_ptr<SteadyHost> host_ =
      std::make_shared<SteadyHost>([](DriverLogLevel /*level*/, std::string_view /*text*/) {});
  std::unique_ptr<DevicePool> pool_;
  GraphSpec spec_;
  std::optional<ModelLoader> loader_;
  Names loaded_;
};

TEST_F(ModelLoaderTest, LoadsAFileOfTwoNamesAsOnePackage) {
  const std::string path = file("net.onnx", "bytes");
  add("cars", path);
  add("vans", path).knobs.weight = 3;
  const auto packages = load();
  ASSERT_EQ(packages.size(), 1U);
  EXPECT_EQ(packages[0].name, "cars, vans");
  EXPECT_EQ(packages[0].names, (Names{"cars", "vans"}));
  EXPECT_EQ(loaded_, (Names{"cars", "vans"})) << "each has facts of its own";
  EXPECT_EQ(loader_->at(spec_.actors[1]).inputs.at(0)->name, "in");
}

TEST_F(ModelLoaderTest, KnowsAFileByItsContent) {
  add("cars", file("net.onnx", "bytes"));
  add("vans", file("copy.onnx", "bytes"));
  add("birds", file("other.onnx", "other bytes"));
  const auto packages = load();
  ASSERT_EQ(packages.size(), 2U);
  EXPECT_EQ(packages[0].names, (Names{"cars", "vans"}));
  EXPECT_EQ(packages[1].names, Names{"birds"});
}

TEST_F(ModelLoaderTest, LoadsAFileTwiceForOtherTerms) {
  const std::string path = file("net.onnx", "bytes");
  add("cars", path);
  add("vans", path).batch_size = 4;
  EXPECT_EQ(load().size(), 2U);
}

}  // namespace
}  // namespace penstock
