#include "drivers/openvino/model_file.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>
#include <vector>

#include <openvino/core/preprocess/pre_post_process.hpp>
#include <openvino/op/identity.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <openvino/runtime/compiled_model.hpp>

#include "drivers/openvino/batchable.h"
#include "drivers/openvino/ov_convert.h"

namespace penstock::openvino {
namespace {

/// Returns the first bytes of a file, at most `bytes`.
std::string head_of(const std::string& path, std::size_t bytes = 64) {
  std::ifstream file(path, std::ios::binary);
  std::string head(bytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  return head;
}

bool is_tflite(std::string_view head) {
  return head.size() >= 8 && head.substr(4, 4) == "TFL3";
}

/// True if the first element is <net>. What is no IR OpenVINO hands to its other readers, which
/// write to stderr.
bool is_ir(const std::string& path) {
  constexpr std::size_t kRead = 4096;  // Past a declaration and a comment.
  std::string text = head_of(path, kRead);
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    const std::string_view from = std::string_view(text).substr(at);
    if (from.substr(0, 4) == "<!--") {
      at = text.find("-->", at);
    } else if (from.substr(0, 2) != "<?" && from.substr(0, 2) != "<!") {
      return from.substr(0, 5) == "<net " || from.substr(0, 5) == "<net>" ||
             from.substr(0, 5) == "<net\n";
    }
    if (at == std::string::npos) {
      break;
    }
  }
  return false;
}

/// True if the first byte can begin a field of an ONNX ModelProto; a text would make OpenVINO try
/// its other readers, which write to stderr.
bool may_be_onnx(std::string_view head) {
  constexpr std::string_view kTags = "\x08\x12\x1a\x22\x28\x32\x3a\x42\x72\xa2\xca";
  return kTags.find(head[0]) != std::string_view::npos;
}

/// Says whether OpenVINO's complaint is about an operation rather than about the file.
bool is_about_operation(const std::string& text) {
  constexpr std::array<std::string_view, 5> kSigns = {"No translator found",
                                                      "OpConversionFailure",
                                                      "No conversion rule found",
                                                      "Conversion is failed for",
                                                      "not implemented"};
  for (const std::string_view sign : kSigns) {
    if (text.find(sign) != std::string::npos) {
      return text.find("Unable to read the model") == std::string::npos;
    }
  }
  return false;
}

/// Puts an operation between each input and an output that only passes it on: OpenVINO gives such
/// an output no memory of its own, and never writes the caller's.
void keep_outputs_apart(ov::Model& model) {
  for (const std::shared_ptr<ov::op::v0::Result>& result : model.get_results()) {
    const ov::Output<ov::Node> source = result->input_value(0);
    if (ov::is_type<ov::op::v0::Parameter>(source.get_node())) {
      const auto copy = std::make_shared<ov::op::v16::Identity>(source);
      copy->set_friendly_name(result->get_friendly_name() + "/copy");
      result->input(0).replace_source_output(copy->output(0));
    }
  }
}

std::string input_label(const ov::Model& model, std::size_t index) {
  return "input " + std::to_string(index) + " '" + name_of(model.input(index)) + "'";
}

Status apply_shapes(ov::Model& model, const std::map<std::string, Shape>& wanted) {
  const ov::Model& given = model;
  std::vector<std::string> names;
  for (const auto& input : given.inputs()) {
    names.push_back(name_of(input));
  }
  std::map<std::size_t, ov::PartialShape> shapes;
  for (const auto& [key, shape] : wanted) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::size_t index, input_of(key, names));
    const ov::PartialShape& old = given.input(index).get_partial_shape();
    if (old.rank().is_static() && old.size() != shape.rank()) {
      return Error{Errc::kInvalidArgument,
                   input_label(given, index) + ": option 'shape." + key + "' has rank " +
                       std::to_string(shape.rank()) + ", model wants " + old.to_string()};
    }
    shapes.emplace(index, to_ov(shape));
  }
  try {
    model.reshape(shapes);
  } catch (const std::exception& exception) {
    return error_from(exception, Errc::kUnsupported).within("the shapes do not go through");
  }
  return {};
}

Status check_conversion(const ov::Model& model, const InputConversion& conversion) {
  if (conversion.input >= model.inputs().size()) {
    return Error{Errc::kInvalidArgument,
                 "option 'pre.input' is " + std::to_string(conversion.input) + ": the model has " +
                     std::to_string(model.inputs().size()) + " inputs, counted from 0"};
  }
  const auto port = model.input(conversion.input);
  const std::string label = input_label(model, conversion.input);
  PENSTOCK_ASSIGN_OR_RETURN(const TensorSpec spec, spec_of(port, true));
  const std::string& layout =
      conversion.model_layout.empty() ? spec.layout : conversion.model_layout;
  if (layout.empty()) {
    return Error{Errc::kInvalidArgument,
                 label + ": shape " + spec.shape.to_string() +
                     " does not tell its layout; give 'pre.model_layout'"};
  }
  if (layout.size() != spec.shape.rank() || conversion.layout.size() != layout.size()) {
    return Error{Errc::kInvalidArgument,
                 label + ": shape " + spec.shape.to_string() + ", but 'pre.layout' is " +
                     conversion.layout + " and the model's layout " + layout};
  }
  const auto channels_axis = layout.find('C');
  const std::int64_t channels =
      channels_axis == std::string::npos ? Shape::kDynamic : spec.shape[channels_axis];
  for (const auto* values : {&conversion.mean, &conversion.scale}) {
    if (values->size() > 1 && channels != static_cast<std::int64_t>(values->size())) {
      return Error{Errc::kInvalidArgument,
                   label + ": " + std::to_string(values->size()) +
                       " values of 'pre.mean' or 'pre.scale', " + std::to_string(channels) +
                       " channels"};
    }
  }
  return {};
}

/// Compiles the conversion into the model; its input is then what the caller gives.
Result<std::shared_ptr<ov::Model>> apply_conversion(const std::shared_ptr<ov::Model>& model,
                                                    const InputConversion& conversion) {
  PENSTOCK_RETURN_IF_ERROR(check_conversion(*model, conversion));
  const std::shared_ptr<const ov::Model> given = model;
  const std::string label = input_label(*given, conversion.input);
  try {
    PENSTOCK_ASSIGN_OR_RETURN(const TensorSpec spec, spec_of(given->input(conversion.input), true));
    ov::preprocess::PrePostProcessor processor(model);
    auto& input = processor.input(conversion.input);
    input.tensor()
        .set_element_type(to_ov(conversion.type))
        .set_layout(ov::Layout(conversion.layout));
    input.model().set_layout(
        ov::Layout(conversion.model_layout.empty() ? spec.layout : conversion.model_layout));
    auto& steps = input.preprocess();
    steps.convert_element_type(ov::element::f32);
    if (conversion.reverse_channels) {
      steps.reverse_channels();
    }
    if (conversion.mean.size() == 1) {
      steps.mean(conversion.mean[0]);
    } else if (!conversion.mean.empty()) {
      steps.mean(conversion.mean);
    }
    if (conversion.scale.size() == 1) {
      steps.scale(conversion.scale[0]);
    } else if (!conversion.scale.empty()) {
      steps.scale(conversion.scale);
    }
    steps.convert_element_type(to_ov(spec.type));
    return processor.build();
  } catch (const std::exception& exception) {
    return error_from(exception, Errc::kInvalidArgument).within(label);
  }
}

}  // namespace

Status check_model_file(const std::string& path) {
  std::error_code fault;
  const auto status = std::filesystem::status(path, fault);
  if (!std::filesystem::exists(status)) {
    return Error{Errc::kNotFound, "model '" + path + "': no such file"};
  }
  if (!std::filesystem::is_regular_file(status)) {
    return Error{Errc::kUnsupported, "model '" + path + "': not a file"};
  }
  const std::string head = head_of(path);
  if (head.empty()) {
    return Error{Errc::kCorrupt, "model '" + path + "': empty, or not readable"};
  }
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension != ".onnx" && extension != ".tflite" && extension != ".xml") {
    return Error{Errc::kUnsupported,
                 "model '" + path + "': openvino reads .onnx, .tflite and .xml"};
  }
  if (extension == ".tflite" && !is_tflite(head)) {
    return Error{Errc::kCorrupt,
                 "model '" + path + "': not a TFLite model: no mark TFL3 at byte 4"};
  }
  if (extension == ".onnx" && !may_be_onnx(head)) {
    return Error{Errc::kCorrupt,
                 "model '" + path + "': not an ONNX model: its first byte begins none"};
  }
  if (extension == ".xml" && !is_ir(path)) {
    return Error{Errc::kCorrupt,
                 "model '" + path + "': not an OpenVINO IR: its first element is no <net>"};
  }
  return {};
}

Result<std::shared_ptr<ov::Model>> read_model(ov::Core& core,
                                              const DriverHost& host,
                                              const std::string& path) {
  PENSTOCK_RETURN_IF_ERROR(check_model_file(path));
  std::shared_ptr<ov::Model> model;
  try {
    model = core.read_model(path);
  } catch (const std::exception& exception) {
    const std::string label = "model '" + path + "'";
    host.log(DriverLogLevel::kDebug, label + ": " + exception.what());
    const Errc code = is_about_operation(exception.what()) ? Errc::kUnsupported : Errc::kCorrupt;
    return error_from(exception, code).within(label);
  }
  keep_outputs_apart(*model);
  return model;
}

Result<std::shared_ptr<ov::Model>> adapt_model(const std::shared_ptr<ov::Model>& model,
                                               const ShapeChoice& choice,
                                               const InputConversion& conversion) {
  if (!choice.shapes.empty()) {
    PENSTOCK_RETURN_IF_ERROR(apply_shapes(*model, choice.shapes));
  }
  if (choice.batch > 0) {
    PENSTOCK_RETURN_IF_ERROR(set_batch(*model, choice.batch));
  }
  return conversion.is_wanted() ? apply_conversion(model, conversion)
                                : Result<std::shared_ptr<ov::Model>>(model);
}

template <class Ported>
Status describe_ports(const Ported& model, ModelInfo* info) {
  for (const auto& port : model.inputs()) {
    PENSTOCK_ASSIGN_OR_RETURN(TensorSpec spec, spec_of(port, true));
    info->inputs.push_back(std::move(spec));
  }
  for (const auto& port : model.outputs()) {
    PENSTOCK_ASSIGN_OR_RETURN(TensorSpec spec, spec_of(port, false));
    info->outputs.push_back(std::move(spec));
  }
  PortMemory memory;
  memory.kinds = (1U << static_cast<unsigned>(MemoryKind::kHost)) |
                 (1U << static_cast<unsigned>(MemoryKind::kShared));
  info->input_memory.assign(info->inputs.size(), memory);
  info->output_memory.assign(info->outputs.size(), memory);
  return {};
}

template Status describe_ports(const ov::Model& model, ModelInfo* info);
template Status describe_ports(const ov::CompiledModel& model, ModelInfo* info);

}  // namespace penstock::openvino
