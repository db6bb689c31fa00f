#include "drivers/api/driver_set.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/manual_host.h"

namespace penstock {
namespace {

/// Lists the devices that its option `devices` names, "cpu:0,gpu:0"; opens none.
class ListingDriver final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> create(DriverHost /*host*/,
                                                    const DriverOptions& options) {
    return std::unique_ptr<DriverBase>(std::make_unique<ListingDriver>(options.at("devices")));
  }

  explicit ListingDriver(std::string devices) : devices_(std::move(devices)) {}

  Result<std::vector<DeviceInfo>> enumerate() override {
    if (devices_ == "broken") {
      return Error{Errc::kUnavailable, "the bus does not answer"};
    }
    std::vector<DeviceInfo> devices;
    std::string rest = devices_ + ",";
    for (auto comma = rest.find(','); comma != std::string::npos; comma = rest.find(',')) {
      DeviceInfo info;
      info.identity = rest.substr(0, comma);
      info.kind = device_kind_from(rest.substr(0, rest.find(':'))).value();
      devices.push_back(std::move(info));
      rest.erase(0, comma + 1);
    }
    return devices;
  }

  Result<ModelInfo> inspect(const std::string& /*path*/) override {
    return Error{Errc::kUnsupported, "reads nothing"};
  }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& /*identity*/,
                                           Doorbell /*health_changed*/) override {
    return Error{Errc::kUnsupported, "opens nothing"};
  }

 private:
  std::string devices_;
};

Driver driver_of(const PenstockDriverApi& api, const std::string& devices) {
  return Driver::create(api, std::make_shared<ManualHost>(), {{"devices", devices}}).value();
}

const PenstockDriverApi kFirst = make_driver_api<&ListingDriver::create>("first", "1");
const PenstockDriverApi kSecond = make_driver_api<&ListingDriver::create>("second", "1");

std::string chosen(const DriverSet& set, const std::string& word, const std::string& id = "") {
  const auto choice = set.select(word, id);
  return choice.has_value() ? choice->driver->name() + " " + choice->info.identity
                            : choice.error().message;
}

TEST(DriverSet, AutoPrefersTheFirstRealAccelerator) {
  DriverSet set;
  ASSERT_TRUE(set.add(driver_of(kFirst, "cpu:0,sim:0,npu:0")).has_value());
  ASSERT_TRUE(set.add(driver_of(kSecond, "gpu:0")).has_value());
  EXPECT_EQ(chosen(set, "auto"), "first npu:0");
}

TEST(DriverSet, AutoTakesTheCpuWhereNoAcceleratorIs) {
  DriverSet set;
  ASSERT_TRUE(set.add(driver_of(kFirst, "noop:0,sim:0,cpu:0,cpu:1")).has_value());
  EXPECT_EQ(chosen(set, "auto"), "first cpu:0");
}

TEST(DriverSet, AutoNeverTakesSimOrNoop) {
  DriverSet set;
  ASSERT_TRUE(set.add(driver_of(kFirst, "noop:0,sim:0")).has_value());
  EXPECT_EQ(set.select("auto").error().code, Errc::kNotFound);
}

TEST(DriverSet, SelectsByKindAndIdentity) {
  DriverSet set;
  ASSERT_TRUE(set.add(driver_of(kFirst, "cpu:0")).has_value());
  ASSERT_TRUE(set.add(driver_of(kSecond, "sim:0,sim:1,cpu:1")).has_value());
  EXPECT_EQ(chosen(set, "sim"), "second sim:0");
  EXPECT_EQ(chosen(set, "sim", "sim:1"), "second sim:1");
  EXPECT_EQ(chosen(set, "cpu", "cpu:1"), "second cpu:1");
}

TEST(DriverSet, ListsWhatThereIsWhenNothingFits) {
  DriverSet set;
  ASSERT_TRUE(set.add(driver_of(kFirst, "cpu:0")).has_value());
  ASSERT_TRUE(set.add(driver_of(kSecond, "broken")).has_value());
  const auto choice = set.select("npu", "npu:3");
  ASSERT_FALSE(choice.has_value());
  EXPECT_EQ(choice.error().code, Errc::kNotFound);
  EXPECT_EQ(
      choice.error().message,
      "no device of type 'npu' with id 'npu:3'; driver 'second': the bus does not answer; there "
      "are: cpu:0 (first)")
      << "the reason before a list that may be long";
}

TEST(DriverSet, SelectsByDriver) {
  DriverSet set;
  ASSERT_TRUE(set.add(driver_of(kFirst, "npu:0,cpu:0")).has_value());
  ASSERT_TRUE(set.add(driver_of(kSecond, "npu:0,npu:1")).has_value());
  EXPECT_EQ(set.select("npu")->driver->name(), "first");
  EXPECT_EQ(set.select("npu", "npu:0", "second")->driver->name(), "second");
  EXPECT_EQ(set.select("auto", "", "second")->info.identity, "npu:0");
  const auto missing = set.select("cpu", "", "second");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, Errc::kNotFound);
  EXPECT_EQ(missing.error().message.rfind("no device of type 'cpu' of driver 'second'", 0), 0U)
      << missing.error().message;
  EXPECT_EQ(set.select("npu", "", "third").error(),
            (Error{Errc::kNotFound, "no driver 'third'; there are 'first', 'second'"}));
}

TEST(DriverSet, RefusesAnUnknownWordNamingTheKnownOnes) {
  const DriverSet set;
  const auto choice = set.select("openvino");
  EXPECT_EQ(choice.error().code, Errc::kInvalidArgument);
  EXPECT_NE(choice.error().message.find("cpu, gpu, npu, sim, noop, auto"), std::string::npos);
}

TEST(DriverSet, HoldsEachNameOnce) {
  DriverSet set;
  ASSERT_TRUE(set.add(driver_of(kFirst, "cpu:0")).has_value());
  EXPECT_EQ(set.add(driver_of(kFirst, "cpu:0")).error().code, Errc::kInvalidArgument);
  EXPECT_NE(set.find("first"), nullptr);
  EXPECT_EQ(set.find("second"), nullptr);
}

}  // namespace
}  // namespace penstock
