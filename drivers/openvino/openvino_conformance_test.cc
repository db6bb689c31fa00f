#include <string>

#include "drivers/conformance/driver_conformance.h"
#include "drivers/openvino/open_model.h"
#include "drivers/openvino/openvino_driver.h"

namespace penstock::testing {
namespace {

ConformanceSubject openvino_subject() {
  const std::string models = "../assets/models/";
  ConformanceSubject subject;
  subject.label = "openvino";
  subject.api = &openvino_driver_api();
  subject.device = "cpu:0";
  subject.quick = {models + "blazeface_128.onnx", {{"precision", "f32"}}};
  subject.slow = {models + "ssd_mobilenet_v2_oid.tflite",
                  {{"precision", "f32"}, {"streams", "1"}, {"threads", "1"}}};
  subject.bucketed = {openvino::write_open_model(::testing::TempDir()),
                      {{"precision", "f32"},
                       {"shape.image", "1x3x16x16, 1x3x32x24"},
                       {"batch", "4"},
                       {"batch.buckets", "1, 2"}}};
  subject.refused = {
      {"no file", {models + "none.onnx", {}}, Errc::kNotFound, "none.onnx"},
      {"another kind of file", {models + "../clips/x", {}}, Errc::kNotFound, "clips/x"},
      {"a bad word",
       {models + "blazeface_128.onnx", {{"hint", "fast"}}},
       Errc::kInvalidArgument,
       "throughput, latency"},
      {"a shape of another rank",
       {models + "blazeface_128.onnx", {{"shape.0", "1x3"}}},
       Errc::kInvalidArgument,
       "'shape.0'"},
      {"an input that is not there",
       {models + "blazeface_128.onnx", {{"shape.3", "1x3"}}},
       Errc::kInvalidArgument,
       "'shape.3'"},
      {"a batch that does not go through",
       {models + "blazeface_128.onnx", {{"batch", "3"}}},
       Errc::kUnsupported,
       "batch"},
  };
  subject.leak_tolerance_bytes = 2 * 1024 * 1024;
  subject.unsupported = {
      {"RefusesMoreRequestsThanTheModelAllows", "OpenVINO has no limit on requests"},
      {"ReportsALostDeviceByEventAndByCode", "a CPU is not lost, and cannot be made to be"},
      {"IsWellAgainAfterTheResetOfALostDevice", "a CPU is not lost, and cannot be made to be"},
      {"LosesWhatIsInFlightBeforeAResetIsDone", "OpenVINO cannot reset a device"},
      {"LosesResidenceByAReset", "OpenVINO cannot reset a device"},
      {"ClaimsSubDevicesAllOrNone", "OpenVINO claims nothing: only the host's locks do"},
      {"GivesClaimsBackWithTheDevice", "OpenVINO claims nothing: only the host's locks do"},
      {"BringsAPendingSettingIntoForceAndRings", "devices of OpenVINO have no settings"},
      {"RunsAModelOnlyWhereItIsResident", "its models are always resident"},
      {"RefusesASetThatIsNoPlacement", "its models are always resident"},
      {"BecomesResidentAgainAsTheFirstTime", "its models are always resident"},
      {"RefusesAModelTooManyNamingTheLimitAndTakesItLater", "its models are always resident"},
      {"GivesTheRoomOfAResidentModelBackWhenItUnloads", "its models are always resident"},
  };
  return subject;
}

INSTANTIATE_TEST_SUITE_P(Openvino, DriverConformance, ::testing::Values(openvino_subject()));

}  // namespace
}  // namespace penstock::testing
