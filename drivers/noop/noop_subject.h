#pragma once

#include "drivers/conformance/driver_conformance.h"

namespace penstock::testing {

/// Returns what the conformance suite needs to know of noop; the driver is that of `api`, linked in
/// or loaded.
inline ConformanceSubject noop_subject(const PenstockDriverApi& api) {
  ConformanceSubject subject;
  subject.label = "noop";
  subject.api = &api;
  subject.driver_options = {{"devices", "2"},
                            {"sub_devices", "3"},
                            {"max_resident", "2"},
                            {"settle", "2ms"},
                            {"reset", "1ms"}};
  subject.device = "noop:1";
  subject.quick.options = {{"inputs", "image:u8:1x8x8x3:NHWC, size:f32:2"},
                           {"outputs", "boxes:f32:1x10x4, scores:f32:1x10"},
                           {"latency", "20us"}};
  subject.slow.options = {{"latency", "5ms"}};
  subject.limited.options = {{"max_requests", "2"}};
  subject.lost.options = {{"fault_after", "1"}};
  subject.placed.options = {
      {"placements", "1+2, 0, 1"}, {"activation", "1ms"}, {"latency", "100us"}};
  subject.bucketed.options = {{"inputs", "image:f32:?x3x?x?:NCHW, bias:i32:?"},
                              {"outputs", "copy:f32:?x3x?x?, sum:u8:?x4"},
                              {"write", "copy"},
                              {"shape.image", "1x3x4x4, 1x3x6x8"},
                              {"shape.bias", "1"},
                              {"batch", "4"},
                              {"batch.buckets", "1, 2"}};
  subject.pending = {"slowdown", "2", -1};
  subject.refused = {
      {"a bad shape",
       {"", {{"inputs", "image:u8:1xx3"}}},
       Errc::kInvalidArgument,
       "'inputs' is 'image:u8:1xx3'"},
      {"a bad type", {"", {{"outputs", "a:f33:1"}}}, Errc::kInvalidArgument, "a:f33:1"},
      {"no unit", {"", {{"latency", "5"}}}, Errc::kInvalidArgument, "'latency' is '5'"},
      {"a sub-device too many",
       {"", {{"placements", "3"}}},
       Errc::kInvalidArgument,
       "'placements' is '3'"},
      {"a shape that changes a fixed extent",
       {"", {{"inputs", "image:u8:1x3x?"}, {"shape.0", "1x4x8"}}},
       Errc::kInvalidArgument,
       "changes an extent that the model fixes: 1x3x?"},
      {"buckets that do not ascend",
       {"", {{"inputs", "image:u8:1x?"}, {"shape.image", "1x8, 1x4"}}},
       Errc::kInvalidArgument,
       "1x4 is smaller than the one before"},
      {"on demand", {"", {{"fail_load", "as asked"}}}, Errc::kInvalidArgument, "as asked"},
  };
  subject.inferences = 500;
  return subject;
}

}  // namespace penstock::testing
