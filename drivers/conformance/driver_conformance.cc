#include "drivers/conformance/driver_conformance.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "drivers/api/steady_host.h"
#include "drivers/conformance/conformance_support.h"
#include "engine/base/check.h"

namespace penstock::testing {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DriverConformance);

namespace {

constexpr std::uint32_t kSlots = 64;

}  // namespace

DriverConformance::DriverConformance()
    : driver_(start()),
      device_(open_named(driver_, GetParam().device)),
      queue_(CompletionQueue::create(kSlots, waiter_.doorbell()).value()) {}

namespace {

/// "ExplainsWhatItRefuses/0" -> "ExplainsWhatItRefuses".
std::string name_of(const ::testing::TestInfo& test) {
  const std::string full = test.name();
  return full.substr(0, full.find('/'));
}

}  // namespace

void DriverConformance::SetUp() {
  const std::string name = name_of(*::testing::UnitTest::GetInstance()->current_test_info());
  if (const auto found = subject().unsupported.find(name); found != subject().unsupported.end()) {
    GTEST_SKIP() << "unsupported: " << found->second;
  }
  if (const auto found = subject().failing.find(name); found != subject().failing.end()) {
    expected_failures_ = std::make_unique<ExpectedFailures>(found->second);
  }
}

void DriverConformance::TearDown() {
  if (expected_failures_ != nullptr) {
    finish(std::move(expected_failures_));
  }
}

Driver DriverConformance::start() {
  auto driver =
      Driver::create(*GetParam().api, std::make_shared<SteadyHost>(), GetParam().driver_options);
  PENSTOCK_CHECK(driver.has_value()) << driver.error().message;
  return std::move(driver).value();
}

LoadedModel DriverConformance::load(const Load& load) {
  auto model = device_.load(load.path, load.options);
  PENSTOCK_CHECK(model.has_value()) << model.error().message;
  return std::move(model).value();
}

LoadedModel DriverConformance::load_ready(const Load& load) {
  LoadedModel model = this->load(load);
  make_resident(model);
  return model;
}

void DriverConformance::make_resident(LoadedModel& model) {
  if (!model.info().needs_activation) {
    return;
  }
  PENSTOCK_CHECK(!model.info().placements.empty()) << "a model that needs activation, but where?";
  CompletionWaiter waiter;
  CompletionQueue queue = CompletionQueue::create(1, waiter.doorbell()).value();
  Activation activation = model.create_activation(queue).value();
  const Status status = activation.activate(model.info().placements[0].sub_devices, 1);
  PENSTOCK_CHECK(status.has_value()) << status.error().message;
  const Completion completion = waiter.next(queue);
  PENSTOCK_CHECK(completion.code == Errc::kOk) << completion.message;
}

std::vector<FeatureMap> DriverConformance::inputs_of(const LoadedModel& model, std::uint8_t fill) {
  std::vector<FeatureMap> maps;
  for (std::size_t i = 0; i < model.inputs().size(); ++i) {
    maps.push_back(filled_map(model.input_spec(i), fill));
  }
  return maps;
}

std::vector<FeatureMap> DriverConformance::outputs_of(const LoadedModel& model, std::uint8_t fill) {
  std::vector<FeatureMap> maps;
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    maps.push_back(filled_map(model.output_spec(i), fill));
  }
  return maps;
}

TEST_P(DriverConformance, HasListsThatNameTestsAndReasons) {
  const auto* suite = ::testing::UnitTest::GetInstance()->current_test_suite();
  std::set<std::string> known;
  for (int i = 0; i < suite->total_test_count(); ++i) {
    known.insert(name_of(*suite->GetTestInfo(i)));
  }
  for (const auto& list : {subject().unsupported, subject().failing}) {
    for (const auto& [name, reason] : list) {
      EXPECT_EQ(known.count(name), 1U) << name;
      EXPECT_FALSE(reason.empty()) << name;
    }
  }
  for (const auto& [name, reason] : subject().failing) {
    EXPECT_EQ(subject().unsupported.count(name), 0U) << name << " is in both lists: " << reason;
  }
}

TEST_P(DriverConformance, ListsTheSameDevicesInTheSameOrder) {
  const auto first = driver_.enumerate().value();
  EXPECT_EQ(first, driver_.enumerate().value());
  EXPECT_EQ(first, start().enumerate().value());
  std::set<std::string> identities;
  for (const DeviceInfo& device : first) {
    EXPECT_TRUE(identities.insert(device.identity).second) << device.identity;
    EXPECT_TRUE(device_kind_from(to_string(device.kind)).has_value()) << device.identity;
    EXPECT_EQ(device.identity.find_first_of(" \t\n,"), std::string::npos) << device.identity;
  }
  EXPECT_EQ(identities.count(subject().device), 1U);
}

TEST_P(DriverConformance, HasANameAndAVersion) {
  EXPECT_FALSE(driver_.name().empty());
  EXPECT_FALSE(driver_.version().empty());
}

TEST_P(DriverConformance, RefusesADeviceItDoesNotHave) {
  const auto opened = driver_.open("none:7");
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Errc::kNotFound);
  EXPECT_NE(opened.error().message.find(subject().device), std::string::npos);
}

TEST_P(DriverConformance, OpensADeviceMoreThanOnce) {
  const auto second = driver_.open(subject().device);
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_EQ(second->info(), device_.info());
}

TEST_P(DriverConformance, RefusesAnUnknownDriverOptionNamingIt) {
  const auto driver =
      Driver::create(*subject().api, std::make_shared<SteadyHost>(), {{"no_such_option", "1"}});
  ASSERT_FALSE(driver.has_value());
  EXPECT_EQ(driver.error().code, Errc::kInvalidArgument);
  EXPECT_NE(driver.error().message.find("no_such_option"), std::string::npos);
}

}  // namespace penstock::testing
