#include "drivers/openvino/batchable.h"

#include <map>
#include <string>
#include <vector>

#include <openvino/core/graph_util.hpp>
#include <openvino/core/rt_info.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/reshape.hpp>

#include "drivers/openvino/ov_convert.h"

namespace penstock::openvino {
namespace {

/// Returns the constant target of a Reshape that ties its batch of 1, or nothing.
std::vector<std::int64_t> tied_target(const ov::op::v1::Reshape& reshape) {
  const auto constant = ov::as_type_ptr<ov::op::v0::Constant>(reshape.get_input_node_shared_ptr(1));
  const ov::PartialShape& data = reshape.get_input_partial_shape(0);
  if (constant == nullptr || data.rank().is_dynamic() || data.size() == 0 || data[0].is_dynamic() ||
      data[0].get_length() != 1) {
    return {};
  }
  std::vector<std::int64_t> target = constant->cast_vector<std::int64_t>();
  if (target.empty() || target[0] != 1) {
    return {};
  }
  // 0 copies an extent of the data once special_zero is set: a real 0 would change its meaning.
  for (const std::int64_t extent : target) {
    if (extent == 0 && !reshape.get_special_zero()) {
      return {};
    }
  }
  return target;
}

void untie_reshapes(ov::Model& model) {
  for (const std::shared_ptr<ov::Node>& node : model.get_ordered_ops()) {
    const auto reshape = ov::as_type_ptr<ov::op::v1::Reshape>(node);
    std::vector<std::int64_t> target =
        reshape == nullptr ? std::vector<std::int64_t>() : tied_target(*reshape);
    if (target.empty()) {
      continue;
    }
    target[0] = 0;
    const auto constant =
        ov::op::v0::Constant::create(ov::element::i64, ov::Shape{target.size()}, target);
    const auto untied =
        std::make_shared<ov::op::v1::Reshape>(reshape->input_value(0), constant, true);
    untied->set_friendly_name(reshape->get_friendly_name());
    ov::copy_runtime_info(reshape, untied);
    ov::replace_node(reshape, untied);
  }
}

std::string first_extent_complaint(const std::string& role,
                                   const ov::Output<const ov::Node>& port,
                                   const std::string& rule) {
  return role + " '" + name_of(port) + "': shape " + port.get_partial_shape().to_string() + ", " +
         rule;
}

}  // namespace

Status set_batch(ov::Model& model, std::int64_t batch) {
  const ov::Model& given = model;
  std::map<std::size_t, ov::PartialShape> shapes;
  bool is_tied = false;
  for (std::size_t i = 0; i < given.inputs().size(); ++i) {
    ov::PartialShape shape = given.input(i).get_partial_shape();
    if (shape.rank().is_dynamic() || shape.size() == 0 || !shape[0].compatible(1)) {
      return Error{
          Errc::kUnsupported,
          first_extent_complaint(
              "input", given.input(i), "a batch needs a first extent of 1 or an open one")};
    }
    is_tied = is_tied || (shape[0].is_static() && batch != 1);
    shape[0] = batch;
    shapes.emplace(i, shape);
  }
  if (is_tied) {
    untie_reshapes(model);
  }
  try {
    model.reshape(shapes);
  } catch (const std::exception& exception) {
    return error_from(exception, Errc::kUnsupported)
        .within("batch " + std::to_string(batch) + " does not go through the model");
  }
  for (const auto& output : given.outputs()) {
    const ov::PartialShape& shape = output.get_partial_shape();
    if (shape.rank().is_dynamic() || shape.size() == 0 || shape[0].is_dynamic() ||
        shape[0].get_length() != batch) {
      return Error{Errc::kUnsupported,
                   first_extent_complaint("output",
                                          output,
                                          "must begin with the batch " + std::to_string(batch) +
                                              ": this model cannot be batched")};
    }
  }
  return {};
}

}  // namespace penstock::openvino
