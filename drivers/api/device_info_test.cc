#include "drivers/api/device_info.h"

#include <string>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(DeviceInfo, CountsADeviceWithoutSubDevicesAsItsOwnFirst) {
  EXPECT_EQ(all_sub_devices(DeviceInfo()), 1U);
}

TEST(DeviceInfo, HasABitForEachSubDevicesIndex) {
  DeviceInfo device;
  for (const std::uint32_t index : {0U, 2U, 63U, 64U}) {
    SubDeviceInfo sub_device;
    sub_device.index = index;
    device.sub_devices.push_back(sub_device);
  }
  // There is no bit for index 64: such a sub-device cannot be named.
  EXPECT_EQ(all_sub_devices(device), 0x8000000000000005U);
}

TEST(DeviceKind, IsWrittenAsTheWordThatItIsReadFrom) {
  for (const auto kind : {DeviceKind::kCpu, DeviceKind::kSim, DeviceKind::kNoop}) {
    EXPECT_EQ(device_kind_from(to_string(kind)), kind);
  }
  EXPECT_FALSE(device_kind_from("auto").has_value());
}

}  // namespace
}  // namespace penstock
