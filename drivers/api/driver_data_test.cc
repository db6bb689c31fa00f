#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "drivers/api/driver_set.h"
#include "drivers/api/manual_host.h"
#include "drivers/plugin/penstock_driver.h"

// What a driver shows is data from outside: what cannot be is refused in words, and nothing behind
// it is followed.
namespace penstock {
namespace {

/// What the driver below shows; the tests change it.
struct Shown {
  PenstockDeviceInfo device{};
  bool is_null = false;
  bool has_ports = true;
  int times = 1;
  PenstockModelInfo summary{};
  PenstockTensorInfo port{};
  std::uint32_t depth = 0;
  std::int32_t completion = PENSTOCK_OK;
  std::int32_t create_request = PENSTOCK_OK;
};

Shown& shown() {
  static Shown now;
  return now;
}

void show_model(const PenstockModelVisitor* visitor) {
  if (!shown().has_ports) {
    return;
  }
  visitor->input(visitor->context, &shown().port);
  visitor->output(visitor->context, &shown().port);
}

template <class Handle>
Handle* some_handle() {
  static int anything = 0;
  return reinterpret_cast<Handle*>(&anything);
}

void fill_models(PenstockDriverApi& api) {
  api.explain = [](auto...) -> std::int32_t { return PENSTOCK_OK; };
  api.load = [](auto, auto, PenstockModel** model, auto) -> std::int32_t {
    *model = some_handle<PenstockModel>();
    return PENSTOCK_OK;
  };
  api.unload = [](auto...) {};
  api.describe = [](auto, const PenstockModelVisitor* visitor, auto) -> std::int32_t {
    visitor->summary(visitor->context, &shown().summary);
    if (shown().depth > 0) {
      PenstockPlacement placement{};
      placement.size = sizeof(placement);
      placement.sub_devices = 1;
      placement.depth = shown().depth;
      visitor->placement(visitor->context, &placement);
    }
    show_model(visitor);
    return PENSTOCK_OK;
  };
  api.create_request = [](auto, PenstockRequest** request, auto) -> std::int32_t {
    *request = some_handle<PenstockRequest>();
    return shown().create_request;
  };
  api.destroy_request = [](auto...) {};
  api.submit = [](auto, const PenstockJob* job, auto) -> std::int32_t {
    job->completion->code = shown().completion;
    job->completion->done(job->completion->done_argument);
    return PENSTOCK_OK;
  };
  api.cancel = [](auto...) {};
}

PenstockDriverApi driver_table() {
  PenstockDriverApi api{};
  api.size = offsetof(PenstockDriverApi, claim);
  api.abi_major = PENSTOCK_DRIVER_ABI_MAJOR;
  api.name = "odd";
  api.version = "1";
  api.create = [](auto, auto, PenstockDriver** driver, auto) -> std::int32_t {
    *driver = some_handle<PenstockDriver>();
    return PENSTOCK_OK;
  };
  api.destroy = [](auto...) {};
  api.enumerate = [](auto, auto visit, void* context, auto) -> std::int32_t {
    for (int i = 0; i < shown().times; ++i) {
      visit(context, shown().is_null ? nullptr : &shown().device);
    }
    return PENSTOCK_OK;
  };
  api.inspect = [](auto, auto, const PenstockModelVisitor* visitor, auto) -> std::int32_t {
    show_model(visitor);
    return PENSTOCK_OK;
  };
  api.open_device = [](auto, auto, auto, auto, PenstockDevice** device, auto) -> std::int32_t {
    *device = some_handle<PenstockDevice>();
    return PENSTOCK_OK;
  };
  api.close_device = [](auto...) {};
  api.poll_event = [](auto...) -> std::int32_t { return 0; };
  api.metrics = [](auto...) {};
  fill_models(api);
  return api;
}

class DriverDataTest : public ::testing::Test {
 protected:
  DriverDataTest() {
    shown() = Shown();
    shown().device.size = sizeof(PenstockDeviceInfo);
    shown().device.identity = "odd:0";
    shown().device.kind = PENSTOCK_DEVICE_NPU;
    shown().summary.size = sizeof(PenstockModelInfo);
    shown().port.size = sizeof(PenstockTensorInfo);
    shown().port.name = "pixels";
    shown().port.element_type = 1;
    shown().port.rank = 2;
    shown().port.shape[0] = 1;
    shown().port.shape[1] = 4;
    shown().port.memory_kinds = 1;
  }

  static Driver driver() {
    static const PenstockDriverApi api = driver_table();
    return Driver::create(api, std::make_shared<ManualHost>()).value();
  }

  static std::string refusal_of_devices() {
    const auto devices = driver().enumerate();
    return devices.has_value() ? "none" : devices.error().message;
  }

  static std::string refusal_of_load() {
    const auto loaded = driver().open("odd:0").value().load("m.bin", {});
    return loaded.has_value() ? "none" : loaded.error().message;
  }
};

TEST_F(DriverDataTest, IsTakenWhereItCanBe) {
  EXPECT_EQ(driver().enumerate().value().size(), 1U);
  EXPECT_EQ(refusal_of_load(), "none");
}

TEST_F(DriverDataTest, HoldsNoDeviceWithoutIdentity) {
  shown().device.identity = nullptr;
  EXPECT_EQ(refusal_of_devices(), "shows a device without identity");
  shown().is_null = true;
  EXPECT_EQ(refusal_of_devices(), "shows no device (NULL)");
  shown().is_null = false;
  shown().device.size = 0;
  EXPECT_EQ(refusal_of_devices(), "shows a device in 0 bytes: the struct has at least 64");
}

TEST_F(DriverDataTest, HoldsADeviceOnce) {
  shown().times = 2;
  EXPECT_EQ(refusal_of_devices(), "device 'odd:0' is shown twice");
}

TEST_F(DriverDataTest, HoldsDevicesOfKnownKindsOnly) {
  for (const std::uint32_t kind : {0U, 6U, 99U, 259U}) {
    shown().device.kind = kind;
    EXPECT_EQ(refusal_of_devices(),
              "device 'odd:0': kind " + std::to_string(kind) + ": must be 1 to 5");
  }
}

TEST_F(DriverDataTest, HoldsNoMoreSubDevicesThanAMaskHasBits) {
  std::vector<PenstockSubDeviceInfo> sub_devices(70);
  for (std::uint32_t i = 0; i < sub_devices.size(); ++i) {
    sub_devices[i].size = sizeof(PenstockSubDeviceInfo);
    sub_devices[i].index = i;
  }
  shown().device.sub_devices = sub_devices.data();
  shown().device.sub_device_count = 64;
  EXPECT_EQ(refusal_of_devices(), "none");
  shown().device.sub_device_count = 70;
  EXPECT_EQ(refusal_of_devices(), "device 'odd:0': 70 sub-devices: at most 64");
  shown().device.sub_device_count = 2;
  sub_devices[1].index = 64;
  EXPECT_EQ(refusal_of_devices(), "device 'odd:0': sub-device 64: at most 63");
  sub_devices[1].index = 0;
  EXPECT_EQ(refusal_of_devices(), "device 'odd:0': sub-device 0 is shown twice");
  sub_devices[0].size = 0;
  EXPECT_EQ(refusal_of_devices(),
            "device 'odd:0': sub-devices of 0 bytes: the struct has at least 24");
  shown().device.sub_devices = nullptr;
  EXPECT_EQ(refusal_of_devices(), "device 'odd:0': 2 sub-devices, but none is shown (NULL)");
}

TEST_F(DriverDataTest, HoldsNothingThatATerminalWouldObey) {
  shown().device.name = "C \x1b[2J\n board \xff";
  EXPECT_EQ(driver().enumerate().value()[0].name, "C ?[2J? board ?");
  shown().port.name = "pix\x1b[31mels";
  EXPECT_EQ(driver().inspect("m.bin").value().inputs[0].name, "pix?[31mels");
  shown().device.identity = "odd\n0";
  EXPECT_EQ(refusal_of_devices(),
            "device 'odd?0': its identity has characters that cannot be shown");
  PenstockDriverApi api = driver_table();
  api.name = "o\x1b[31md";
  EXPECT_EQ(Driver::create(api, std::make_shared<ManualHost>()).error(),
            (Error{Errc::kCorrupt, "driver's name 'o?[31md' has characters that cannot be shown"}));
}

TEST_F(DriverDataTest, NamesTheFaultWhereADriverIsAskedForByName) {
  shown().device.kind = 99;
  DriverSet set;
  ASSERT_TRUE(set.add(driver()).has_value());
  EXPECT_EQ(set.select("npu", "", "odd").error().message,
            "driver 'odd': device 'odd:0': kind 99: must be 1 to 5");
}

TEST_F(DriverDataTest, WantsNoMoreRequestsThanAQueueHasPlaces) {
  shown().summary.preferred_requests = 4096;
  EXPECT_EQ(refusal_of_load(), "none");
  shown().summary.preferred_requests = 4'000'000'000;
  EXPECT_EQ(refusal_of_load(),
            "driver 'odd': preferred_requests is 4000000000: must be at most 4096");
  shown().summary.preferred_requests = 1;
  shown().depth = 5000;
  EXPECT_EQ(refusal_of_load(),
            "driver 'odd': the depth of a placement is 5000: must be at most 4096");
}

TEST_F(DriverDataTest, HoldsNoShapeThatCannotBe) {
  shown().port.shape[0] = -1;
  EXPECT_TRUE(driver().inspect("m.bin").has_value()) << "an open extent";
  shown().port.shape[1] = -7;
  EXPECT_EQ(driver().inspect("m.bin").error().message,
            "port 'pixels': extent -7 of shape ?x-7: must be 0 or more, or -1 where it is open");
  shown().port.shape[0] = shown().port.shape[1] = std::int64_t{1} << 40;
  EXPECT_EQ(refusal_of_load(),
            "driver 'odd': port 'pixels': shape 1099511627776x1099511627776 has more bytes than "
            "can be counted");
}

TEST_F(DriverDataTest, IsNamedByTheHostWhereADriverSaysNothing) {
  CompletionQueue queue = CompletionQueue::create(1, {}).value();
  Device device = driver().open("odd:0").value();
  LoadedModel model = device.load("m.bin", {}).value();
  shown().create_request = PENSTOCK_UNAVAILABLE;
  EXPECT_EQ(model.create_request(queue).error(),
            (Error{Errc::kUnavailable, "driver 'odd' gave no reason (unavailable)"}));
  shown().create_request = 777;
  EXPECT_EQ(model.create_request(queue).error(),
            (Error{Errc::kInternal, "driver 'odd' gave no reason (unknown code 777)"}));
}

TEST_F(DriverDataTest, EndsNoInferenceWithoutAReason) {
  shown().has_ports = false;
  CompletionQueue queue = CompletionQueue::create(1, {}).value();
  Device device = driver().open("odd:0").value();
  LoadedModel model = device.load("m.bin", {}).value();
  Request request = model.create_request(queue).value();
  shown().completion = 12345;
  ASSERT_TRUE(request.submit({}, {}, 1).has_value());
  const Completion done = queue.pop().value();
  EXPECT_EQ(done.code, Errc::kInternal);
  EXPECT_EQ(done.message, "driver 'odd' gave no reason (unknown code 12345)");
}

}  // namespace
}  // namespace penstock
