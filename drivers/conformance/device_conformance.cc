#include <algorithm>
#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "drivers/conformance/conformance_support.h"
#include "drivers/conformance/driver_conformance.h"

// The device itself: claims, settings, health, resets.
namespace penstock::testing {

TEST_P(DriverConformance, ReportsALostDeviceByEventAndByCode) {
  std::atomic<int> rings{0};
  const Doorbell doorbell([](void* count) { static_cast<std::atomic<int>*>(count)->fetch_add(1); },
                          &rings);
  Device device = driver_.open(subject().device, doorbell).value();
  LoadedModel model = device.load(subject().lost.path, subject().lost.options).value();
  make_resident(model);
  Request request = model.create_request(queue_).value();
  ASSERT_TRUE(request.submit(inputs_of(model, 1), outputs_of(model, 0), 1).has_value());
  EXPECT_EQ(waiter_.next(queue_).code, Errc::kOk);
  ASSERT_TRUE(request.submit(inputs_of(model, 1), outputs_of(model, 0), 2).has_value());
  EXPECT_EQ(waiter_.next(queue_).code, Errc::kDeviceLost);
  EXPECT_EQ(rings.load(), 1);
  const auto event = device.poll_event();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->health, Health::kFault);
  EXPECT_FALSE(event->reason.empty());
}

TEST_P(DriverConformance, HasNoHealthEventWhileAllIsWell) {
  EXPECT_FALSE(device_.poll_event().has_value());
}

TEST_P(DriverConformance, NamesItsMetricsAndTheirUnits) {
  std::set<std::pair<std::string, std::int32_t>> names;
  for (const DeviceMetric& metric : device_.metrics()) {
    EXPECT_FALSE(metric.name.empty());
    EXPECT_FALSE(metric.unit.empty()) << metric.name;
    EXPECT_TRUE(names.emplace(metric.name, metric.sub_device).second) << metric.name;
  }
}

TEST_P(DriverConformance, ClaimsSubDevicesAllOrNone) {
  Device other = open_named(driver_, subject().device);
  const SubDeviceMask all = all_sub_devices(device_.info());
  const SubDeviceMask last = SubDeviceMask{1} << (device_.info().sub_devices.empty()
                                                      ? 0
                                                      : device_.info().sub_devices.back().index);
  ASSERT_TRUE(device_.claim(last).has_value());

  const Status refused = other.claim(all);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::kUnavailable);
  EXPECT_FALSE(refused.error().message.empty());
  if (all != last) {
    EXPECT_TRUE(device_.claim(all & ~last).has_value()) << "the refused claim kept some";
    device_.release(all & ~last);
  }
  device_.release(last);
  EXPECT_TRUE(other.claim(all).has_value());
}

TEST_P(DriverConformance, GivesClaimsBackWithTheDevice) {
  const SubDeviceMask all = all_sub_devices(device_.info());
  {
    Device other = open_named(driver_, subject().device);
    ASSERT_TRUE(other.claim(all).has_value());
    EXPECT_FALSE(device_.claim(all).has_value());
    const auto devices = driver_.enumerate().value();
    for (const DeviceInfo& device : devices) {
      for (const SubDeviceInfo& sub_device : device.sub_devices) {
        EXPECT_EQ(sub_device.in_use_by, device.identity == subject().device ? ::getpid() : 0)
            << device.identity << " " << sub_device.name;
      }
    }
  }
  EXPECT_TRUE(device_.claim(all).has_value());
}

TEST_P(DriverConformance, ClaimsOnlySubDevicesThatThereAre) {
  EXPECT_EQ(device_.claim(0).error().code, Errc::kInvalidArgument);
  const SubDeviceMask all = all_sub_devices(device_.info());
  if (~all != 0) {
    EXPECT_EQ(device_.claim(~all).error().code, Errc::kInvalidArgument);
  }
}

TEST_P(DriverConformance, ShowsPropertiesThatKeepTheirOwnRules) {
  const auto properties = device_.properties().value();
  EXPECT_EQ(properties, device_.properties().value());
  std::set<std::pair<std::string, std::int32_t>> names;
  for (const DeviceProperty& property : properties) {
    EXPECT_TRUE(names.emplace(property.name, property.sub_device).second) << property.name;
    EXPECT_FALSE(property.help.empty()) << property.name;
    EXPECT_FALSE(property.is_pending) << property.name;
    switch (property.type) {
      case DeviceProperty::Type::kInteger:
      case DeviceProperty::Type::kReal: {
        const double value = std::stod(property.value);
        EXPECT_GE(value, property.minimum) << property.name;
        EXPECT_LE(value, property.maximum) << property.name;
        break;
      }
      case DeviceProperty::Type::kBoolean:
        EXPECT_TRUE(property.value == "true" || property.value == "false") << property.name;
        break;
      case DeviceProperty::Type::kChoice:
        EXPECT_EQ(std::count(property.choices.begin(), property.choices.end(), property.value), 1)
            << property.name;
        break;
      case DeviceProperty::Type::kText:
        break;
    }
  }
}

TEST_P(DriverConformance, RefusesSettingsThatBreakARuleNamingIt) {
  const auto refusal = [&](const std::string& name, const std::string& value, std::int32_t part) {
    const auto outcome = device_.configure(name, value, part);
    ASSERT_FALSE(outcome.has_value()) << name << " = " << value;
    EXPECT_EQ(outcome.error().code, Errc::kInvalidArgument) << name << " = " << value;
    EXPECT_NE(outcome.error().message.find("'" + name + "'"), std::string::npos)
        << outcome.error().message;
  };
  refusal("no_such_property", "1", -1);
  const auto before = device_.properties().value();
  for (const DeviceProperty& property : before) {
    if (!property.is_writable) {
      refusal(property.name, property.value, property.sub_device);
    } else if (property.type != DeviceProperty::Type::kText) {
      refusal(property.name, "no such value", property.sub_device);
    }
    if (property.is_writable && (property.type == DeviceProperty::Type::kInteger ||
                                 property.type == DeviceProperty::Type::kReal)) {
      refusal(property.name, std::to_string(property.maximum + 1), property.sub_device);
      refusal(property.name, std::to_string(property.minimum - 1), property.sub_device);
    }
  }
  EXPECT_EQ(device_.properties().value(), before);
}

TEST_P(DriverConformance, BringsAPendingSettingIntoForceAndRings) {
  Bell bell;
  Device device = open_named(driver_, subject().device, bell.doorbell());
  const Setting& setting = subject().pending;
  const auto shown = [&]() -> DeviceProperty {
    const auto properties = device.properties().value();
    for (const DeviceProperty& property : properties) {
      if (property.name == setting.name && property.sub_device == setting.sub_device) {
        return property;
      }
    }
    return {};
  };
  const std::string before = shown().value;
  ASSERT_NE(before, setting.value);
  EXPECT_TRUE(shown().is_writable);

  EXPECT_FALSE(device.configure(setting.name, setting.value, setting.sub_device).value());

  // It may have come into force already; if not, old and new value are both shown.
  if (const DeviceProperty now = shown(); now.is_pending) {
    EXPECT_EQ(now.value, before);
    EXPECT_EQ(now.pending_value, setting.value);
  }
  EXPECT_TRUE(bell.wait_until([&] { return !shown().is_pending; }));
  EXPECT_EQ(shown().value, setting.value);
}

TEST_P(DriverConformance, LosesWhatIsInFlightBeforeAResetIsDone) {
  constexpr std::uint64_t kRequests = 3;
  Bell bell;
  Device device = open_named(driver_, subject().device, bell.doorbell());
  LoadedModel model = device.load(subject().slow.path, subject().slow.options).value();
  make_resident(model);
  const auto inputs = inputs_of(model, 1);
  const auto outputs = outputs_of(model, 0);
  std::vector<Request> requests;
  for (std::uint64_t i = 0; i < kRequests; ++i) {
    requests.push_back(model.create_request(queue_).value());
    ASSERT_TRUE(requests.back().submit(inputs, outputs, i).has_value());
  }

  ASSERT_TRUE(device.reset().has_value());

  EXPECT_TRUE(bell.wait_for(device, Health::kResetting));
  ASSERT_TRUE(bell.wait_for(device, Health::kOk));
  for (std::uint64_t i = 0; i < kRequests; ++i) {
    const auto completion = queue_.pop();
    ASSERT_TRUE(completion.has_value()) << i << " of " << kRequests << " had completed";
    EXPECT_TRUE(completion->code == Errc::kDeviceLost || completion->code == Errc::kOk)
        << completion->message;
  }
  // Model and requests are still valid.
  make_resident(model);
  ASSERT_TRUE(requests[0].submit(inputs, outputs, 99).has_value());
  const Completion completion = waiter_.next(queue_);
  EXPECT_EQ(completion.token, 99U);
  EXPECT_EQ(completion.code, Errc::kOk) << completion.message;
}

TEST_P(DriverConformance, IsWellAgainAfterTheResetOfALostDevice) {
  Bell bell;
  Device device = open_named(driver_, subject().device, bell.doorbell());
  LoadedModel model = device.load(subject().lost.path, subject().lost.options).value();
  make_resident(model);
  Request request = model.create_request(queue_).value();
  const auto inputs = inputs_of(model, 1);
  const auto outputs = outputs_of(model, 0);
  Errc code = Errc::kOk;
  for (std::uint64_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(request.submit(inputs, outputs, i).has_value());
    code = waiter_.next(queue_).code;
  }
  ASSERT_EQ(code, Errc::kDeviceLost);
  ASSERT_TRUE(bell.wait_for(device, Health::kFault));

  ASSERT_TRUE(device.reset().has_value());

  ASSERT_TRUE(bell.wait_for(device, Health::kOk));
  make_resident(model);
  ASSERT_TRUE(request.submit(inputs, outputs, 3).has_value());
  EXPECT_EQ(waiter_.next(queue_).code, Errc::kOk);
}

TEST_P(DriverConformance, WorksAfterAResetThatEndsAsDegraded) {
  const Load& throttled = subject().throttled;
  if (throttled.path.empty() && throttled.options.empty()) {
    GTEST_SKIP() << "the driver never says so";
  }
  Bell bell;
  Device device = open_named(driver_, subject().device, bell.doorbell());
  LoadedModel model = device.load(throttled.path, throttled.options).value();
  make_resident(model);
  Request request = model.create_request(queue_).value();
  const auto inputs = inputs_of(model, 1);
  const auto outputs = outputs_of(model, 0);
  Errc code = Errc::kOk;
  for (std::uint64_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(request.submit(inputs, outputs, i).has_value());
    code = waiter_.next(queue_).code;
  }
  ASSERT_EQ(code, Errc::kDeviceLost);
  ASSERT_TRUE(bell.wait_for(device, Health::kFault));

  ASSERT_TRUE(device.reset().has_value());

  // It is the end of the reset: no other event comes, and none is to be waited for.
  EXPECT_TRUE(bell.wait_for(device, Health::kResetting));
  ASSERT_TRUE(bell.wait_for(device, Health::kDegraded));
  make_resident(model);
  ASSERT_TRUE(request.submit(inputs, outputs, 3).has_value());
  EXPECT_EQ(waiter_.next(queue_).code, Errc::kOk);
}

}  // namespace penstock::testing
