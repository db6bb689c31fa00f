#include "drivers/plugin/penstock_driver.h"

#include <cstddef>

#include <gtest/gtest.h>

#include "drivers/api/device_info.h"
#include "engine/base/result.h"
#include "engine/memory/buffer.h"
#include "engine/tensor/element_type.h"
#include "engine/tensor/shape.h"

// The layout of version 1 on 64-bit machines. A failure here means that drivers built before would
// read garbage: new members go to the end, and get a new line below.
static_assert(sizeof(PenstockError) == 520);
static_assert(offsetof(PenstockError, size) == 0);
static_assert(offsetof(PenstockError, code) == 4);
static_assert(offsetof(PenstockError, message) == 8);

static_assert(sizeof(PenstockOption) == 24);
static_assert(offsetof(PenstockOption, size) == 0);
static_assert(offsetof(PenstockOption, reserved) == 4);
static_assert(offsetof(PenstockOption, key) == 8);
static_assert(offsetof(PenstockOption, value) == 16);

static_assert(sizeof(PenstockOptions) == 16);
static_assert(offsetof(PenstockOptions, size) == 0);
static_assert(offsetof(PenstockOptions, count) == 4);
static_assert(offsetof(PenstockOptions, items) == 8);

static_assert(sizeof(PenstockHost) == 56);  // 48 in 1.0
static_assert(offsetof(PenstockHost, size) == 0);
static_assert(offsetof(PenstockHost, reserved) == 4);
static_assert(offsetof(PenstockHost, context) == 8);
static_assert(offsetof(PenstockHost, log) == 16);
static_assert(offsetof(PenstockHost, now_ns) == 24);
static_assert(offsetof(PenstockHost, call_at) == 32);
static_assert(offsetof(PenstockHost, cancel_call) == 40);
static_assert(offsetof(PenstockHost, reference_driver) == 48);

static_assert(sizeof(PenstockSubDeviceInfo) == 40);  // 24 in 1.0
static_assert(offsetof(PenstockSubDeviceInfo, size) == 0);
static_assert(offsetof(PenstockSubDeviceInfo, index) == 4);
static_assert(offsetof(PenstockSubDeviceInfo, name) == 8);
static_assert(offsetof(PenstockSubDeviceInfo, memory_bytes) == 16);
static_assert(offsetof(PenstockSubDeviceInfo, group) == 24);
static_assert(offsetof(PenstockSubDeviceInfo, reserved) == 28);
static_assert(offsetof(PenstockSubDeviceInfo, in_use_by) == 32);

static_assert(sizeof(PenstockDeviceInfo) == 80);  // 64 in 1.0
static_assert(offsetof(PenstockDeviceInfo, size) == 0);
static_assert(offsetof(PenstockDeviceInfo, kind) == 4);
static_assert(offsetof(PenstockDeviceInfo, identity) == 8);
static_assert(offsetof(PenstockDeviceInfo, name) == 16);
static_assert(offsetof(PenstockDeviceInfo, board) == 24);
static_assert(offsetof(PenstockDeviceInfo, firmware) == 32);
static_assert(offsetof(PenstockDeviceInfo, memory_bytes) == 40);
static_assert(offsetof(PenstockDeviceInfo, sub_device_count) == 48);
static_assert(offsetof(PenstockDeviceInfo, reserved) == 52);
static_assert(offsetof(PenstockDeviceInfo, sub_devices) == 56);
static_assert(offsetof(PenstockDeviceInfo, shared_memory_bytes) == 64);
static_assert(offsetof(PenstockDeviceInfo, max_resident) == 72);
static_assert(offsetof(PenstockDeviceInfo, reserved2) == 76);

static_assert(sizeof(PenstockTensorInfo) == 192);
static_assert(offsetof(PenstockTensorInfo, size) == 0);
static_assert(offsetof(PenstockTensorInfo, element_type) == 4);
static_assert(offsetof(PenstockTensorInfo, name) == 8);
static_assert(offsetof(PenstockTensorInfo, layout) == 16);
static_assert(offsetof(PenstockTensorInfo, rank) == 24);
static_assert(offsetof(PenstockTensorInfo, memory_kinds) == 28);
static_assert(offsetof(PenstockTensorInfo, alignment) == 32);
static_assert(offsetof(PenstockTensorInfo, scale) == 36);
static_assert(offsetof(PenstockTensorInfo, zero_point) == 40);
static_assert(offsetof(PenstockTensorInfo, channel_axis) == 44);
static_assert(offsetof(PenstockTensorInfo, channel_count) == 48);
static_assert(offsetof(PenstockTensorInfo, reserved) == 52);
static_assert(offsetof(PenstockTensorInfo, channel_scales) == 56);
static_assert(offsetof(PenstockTensorInfo, shape) == 64);
static_assert(offsetof(PenstockTensorInfo, padding) == 128);

static_assert(sizeof(PenstockModelInfo) == 40);  // 24 in 1.0
static_assert(offsetof(PenstockModelInfo, size) == 0);
static_assert(offsetof(PenstockModelInfo, preferred_requests) == 4);
static_assert(offsetof(PenstockModelInfo, max_requests) == 8);
static_assert(offsetof(PenstockModelInfo, min_batch) == 12);
static_assert(offsetof(PenstockModelInfo, max_batch) == 16);
static_assert(offsetof(PenstockModelInfo, loaded_from_cache) == 20);
static_assert(offsetof(PenstockModelInfo, needs_activation) == 24);
static_assert(offsetof(PenstockModelInfo, reserved) == 28);
static_assert(offsetof(PenstockModelInfo, mode) == 32);

static_assert(sizeof(PenstockPlacement) == 48);
static_assert(offsetof(PenstockPlacement, size) == 0);
static_assert(offsetof(PenstockPlacement, depth) == 4);
static_assert(offsetof(PenstockPlacement, sub_devices) == 8);
static_assert(offsetof(PenstockPlacement, memory_bytes) == 16);
static_assert(offsetof(PenstockPlacement, shared_bytes) == 24);
static_assert(offsetof(PenstockPlacement, activation_ns) == 32);
static_assert(offsetof(PenstockPlacement, service_ns) == 40);

static_assert(sizeof(PenstockShape) == 72);
static_assert(offsetof(PenstockShape, size) == 0);
static_assert(offsetof(PenstockShape, rank) == 4);
static_assert(offsetof(PenstockShape, extents) == 8);

static_assert(sizeof(PenstockBucket) == 32);
static_assert(offsetof(PenstockBucket, size) == 0);
static_assert(offsetof(PenstockBucket, input_count) == 4);
static_assert(offsetof(PenstockBucket, output_count) == 8);
static_assert(offsetof(PenstockBucket, reserved) == 12);
static_assert(offsetof(PenstockBucket, inputs) == 16);
static_assert(offsetof(PenstockBucket, outputs) == 24);

static_assert(sizeof(PenstockModelVisitor) == 64);  // 48 in 1.0, 56 in 1.1
static_assert(offsetof(PenstockModelVisitor, size) == 0);
static_assert(offsetof(PenstockModelVisitor, reserved) == 4);
static_assert(offsetof(PenstockModelVisitor, context) == 8);
static_assert(offsetof(PenstockModelVisitor, summary) == 16);
static_assert(offsetof(PenstockModelVisitor, input) == 24);
static_assert(offsetof(PenstockModelVisitor, output) == 32);
static_assert(offsetof(PenstockModelVisitor, property) == 40);
static_assert(offsetof(PenstockModelVisitor, placement) == 48);
static_assert(offsetof(PenstockModelVisitor, bucket) == 56);

static_assert(sizeof(PenstockReason) == 24);
static_assert(offsetof(PenstockReason, size) == 0);
static_assert(offsetof(PenstockReason, code) == 4);
static_assert(offsetof(PenstockReason, subject) == 8);
static_assert(offsetof(PenstockReason, text) == 16);

static_assert(sizeof(PenstockMetric) == 32);
static_assert(offsetof(PenstockMetric, size) == 0);
static_assert(offsetof(PenstockMetric, sub_device) == 4);
static_assert(offsetof(PenstockMetric, name) == 8);
static_assert(offsetof(PenstockMetric, unit) == 16);
static_assert(offsetof(PenstockMetric, value) == 24);

static_assert(sizeof(PenstockProperty) == 96);
static_assert(offsetof(PenstockProperty, size) == 0);
static_assert(offsetof(PenstockProperty, sub_device) == 4);
static_assert(offsetof(PenstockProperty, name) == 8);
static_assert(offsetof(PenstockProperty, unit) == 16);
static_assert(offsetof(PenstockProperty, help) == 24);
static_assert(offsetof(PenstockProperty, value) == 32);
static_assert(offsetof(PenstockProperty, pending_value) == 40);
static_assert(offsetof(PenstockProperty, choices) == 48);
static_assert(offsetof(PenstockProperty, minimum) == 56);
static_assert(offsetof(PenstockProperty, maximum) == 64);
static_assert(offsetof(PenstockProperty, step) == 72);
static_assert(offsetof(PenstockProperty, type) == 80);
static_assert(offsetof(PenstockProperty, is_writable) == 84);
static_assert(offsetof(PenstockProperty, is_pending) == 88);
static_assert(offsetof(PenstockProperty, reserved) == 92);

static_assert(sizeof(PenstockHealthEvent) == 208);
static_assert(offsetof(PenstockHealthEvent, size) == 0);
static_assert(offsetof(PenstockHealthEvent, health) == 4);
static_assert(offsetof(PenstockHealthEvent, time_ns) == 8);
static_assert(offsetof(PenstockHealthEvent, reason) == 16);

static_assert(sizeof(PenstockModelSource) == 32);
static_assert(offsetof(PenstockModelSource, size) == 0);
static_assert(offsetof(PenstockModelSource, reserved) == 4);
static_assert(offsetof(PenstockModelSource, path) == 8);
static_assert(offsetof(PenstockModelSource, options) == 16);

static_assert(sizeof(PenstockTensor) == 120);
static_assert(offsetof(PenstockTensor, size) == 0);
static_assert(offsetof(PenstockTensor, memory_kind) == 4);
static_assert(offsetof(PenstockTensor, data) == 8);
static_assert(offsetof(PenstockTensor, byte_length) == 16);
static_assert(offsetof(PenstockTensor, segment) == 24);
static_assert(offsetof(PenstockTensor, segment_offset) == 32);
static_assert(offsetof(PenstockTensor, generation) == 40);
static_assert(offsetof(PenstockTensor, element_type) == 44);
static_assert(offsetof(PenstockTensor, rank) == 48);
static_assert(offsetof(PenstockTensor, reserved) == 52);
static_assert(offsetof(PenstockTensor, shape) == 56);

static_assert(sizeof(PenstockCompletion) == 232);
static_assert(offsetof(PenstockCompletion, size) == 0);
static_assert(offsetof(PenstockCompletion, code) == 4);
static_assert(offsetof(PenstockCompletion, token) == 8);
static_assert(offsetof(PenstockCompletion, device_ns) == 16);
static_assert(offsetof(PenstockCompletion, done) == 24);
static_assert(offsetof(PenstockCompletion, done_argument) == 32);
static_assert(offsetof(PenstockCompletion, message) == 40);

static_assert(sizeof(PenstockJob) == 56);  // 40 in 1.0, 48 in 1.1
static_assert(offsetof(PenstockJob, size) == 0);
static_assert(offsetof(PenstockJob, input_count) == 4);
static_assert(offsetof(PenstockJob, output_count) == 8);
static_assert(offsetof(PenstockJob, reserved) == 12);
static_assert(offsetof(PenstockJob, inputs) == 16);
static_assert(offsetof(PenstockJob, outputs) == 24);
static_assert(offsetof(PenstockJob, completion) == 32);
static_assert(offsetof(PenstockJob, sub_devices) == 40);
static_assert(offsetof(PenstockJob, frames) == 48);
static_assert(offsetof(PenstockJob, reserved2) == 52);

static_assert(sizeof(PenstockDriverApi) == 208);  // 152 in 1.0
static_assert(offsetof(PenstockDriverApi, size) == 0);
static_assert(offsetof(PenstockDriverApi, abi_major) == 4);
static_assert(offsetof(PenstockDriverApi, abi_minor) == 6);
static_assert(offsetof(PenstockDriverApi, name) == 8);
static_assert(offsetof(PenstockDriverApi, version) == 16);
static_assert(offsetof(PenstockDriverApi, create) == 24);
static_assert(offsetof(PenstockDriverApi, destroy) == 32);
static_assert(offsetof(PenstockDriverApi, enumerate) == 40);
static_assert(offsetof(PenstockDriverApi, inspect) == 48);
static_assert(offsetof(PenstockDriverApi, open_device) == 56);
static_assert(offsetof(PenstockDriverApi, close_device) == 64);
static_assert(offsetof(PenstockDriverApi, explain) == 72);
static_assert(offsetof(PenstockDriverApi, load) == 80);
static_assert(offsetof(PenstockDriverApi, unload) == 88);
static_assert(offsetof(PenstockDriverApi, describe) == 96);
static_assert(offsetof(PenstockDriverApi, create_request) == 104);
static_assert(offsetof(PenstockDriverApi, destroy_request) == 112);
static_assert(offsetof(PenstockDriverApi, submit) == 120);
static_assert(offsetof(PenstockDriverApi, cancel) == 128);
static_assert(offsetof(PenstockDriverApi, poll_event) == 136);
static_assert(offsetof(PenstockDriverApi, metrics) == 144);
static_assert(offsetof(PenstockDriverApi, claim) == 152);
static_assert(offsetof(PenstockDriverApi, release) == 160);
static_assert(offsetof(PenstockDriverApi, properties) == 168);
static_assert(offsetof(PenstockDriverApi, configure) == 176);
static_assert(offsetof(PenstockDriverApi, reset) == 184);
static_assert(offsetof(PenstockDriverApi, activate) == 192);
static_assert(offsetof(PenstockDriverApi, deactivate) == 200);

namespace penstock {
namespace {

TEST(PenstockDriver, SharesItsCodesWithErrc) {
  EXPECT_EQ(PENSTOCK_OK, static_cast<int>(Errc::kOk));
  EXPECT_EQ(PENSTOCK_INVALID_ARGUMENT, static_cast<int>(Errc::kInvalidArgument));
  EXPECT_EQ(PENSTOCK_UNSUPPORTED, static_cast<int>(Errc::kUnsupported));
  EXPECT_EQ(PENSTOCK_UNAVAILABLE, static_cast<int>(Errc::kUnavailable));
  EXPECT_EQ(PENSTOCK_DEADLINE_EXCEEDED, static_cast<int>(Errc::kDeadlineExceeded));
  EXPECT_EQ(PENSTOCK_CANCELLED, static_cast<int>(Errc::kCancelled));
  EXPECT_EQ(PENSTOCK_DEVICE_LOST, static_cast<int>(Errc::kDeviceLost));
  EXPECT_EQ(PENSTOCK_PEER_GONE, static_cast<int>(Errc::kPeerGone));
  EXPECT_EQ(PENSTOCK_CORRUPT, static_cast<int>(Errc::kCorrupt));
  EXPECT_EQ(PENSTOCK_INTERNAL, static_cast<int>(Errc::kInternal));
  EXPECT_EQ(PENSTOCK_NOT_FOUND, static_cast<int>(Errc::kNotFound));
}

TEST(PenstockDriver, SharesItsHealthAndPropertyTypesWithTheWrapper) {
  EXPECT_EQ(PENSTOCK_HEALTH_OK, static_cast<unsigned>(Health::kOk));
  EXPECT_EQ(PENSTOCK_HEALTH_RESETTING, static_cast<unsigned>(Health::kResetting));
  EXPECT_EQ(PENSTOCK_PROPERTY_TEXT, static_cast<unsigned>(DeviceProperty::Type::kText));
  EXPECT_EQ(PENSTOCK_PROPERTY_INTEGER, static_cast<unsigned>(DeviceProperty::Type::kInteger));
  EXPECT_EQ(PENSTOCK_PROPERTY_REAL, static_cast<unsigned>(DeviceProperty::Type::kReal));
  EXPECT_EQ(PENSTOCK_PROPERTY_BOOLEAN, static_cast<unsigned>(DeviceProperty::Type::kBoolean));
  EXPECT_EQ(PENSTOCK_PROPERTY_CHOICE, static_cast<unsigned>(DeviceProperty::Type::kChoice));
}

TEST(PenstockDriver, SharesItsMemoryKindsAndRankWithTheEngine) {
  EXPECT_EQ(PENSTOCK_MEMORY_HOST, static_cast<unsigned>(MemoryKind::kHost));
  EXPECT_EQ(PENSTOCK_MEMORY_SHARED, static_cast<unsigned>(MemoryKind::kShared));
  EXPECT_EQ(PENSTOCK_MEMORY_DMABUF, static_cast<unsigned>(MemoryKind::kDmaBuf));
  EXPECT_EQ(PENSTOCK_MEMORY_DEVICE, static_cast<unsigned>(MemoryKind::kDevice));
  EXPECT_EQ(static_cast<std::size_t>(PENSTOCK_MAX_RANK), Shape::kMaxRank);
}

TEST(PenstockDriver, SharesItsElementTypesWithTheEngine) {
  // The ABI has no names of its own for them, so the engine's numbers are part of it.
  EXPECT_EQ(1, static_cast<int>(ElementType::kF32));
  EXPECT_EQ(2, static_cast<int>(ElementType::kF16));
  EXPECT_EQ(3, static_cast<int>(ElementType::kBf16));
  EXPECT_EQ(5, static_cast<int>(ElementType::kU8));
  EXPECT_EQ(12, static_cast<int>(ElementType::kI64));
  EXPECT_EQ(15, static_cast<int>(ElementType::kI4));
}

}  // namespace
}  // namespace penstock
