#include "tools/package/model_run.h"

#include <chrono>
#include <utility>

namespace penstock {
namespace {

constexpr std::chrono::minutes kLimit{1};

}  // namespace

Result<std::unique_ptr<ModelRun>> ModelRun::create(LoadedModel model) {
  std::unique_ptr<ModelRun> run(new ModelRun(std::move(model)));
  for (std::size_t i = 0; i < run->model_.outputs().size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(run->add_output(run->model_.output_spec(i)));
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto queue, CompletionQueue::create(1, run->bell_.doorbell()));
  run->completions_.emplace(std::move(queue));
  PENSTOCK_ASSIGN_OR_RETURN(auto request, run->model_.create_request(*run->completions_));
  run->request_.emplace(std::move(request));
  return run;
}

Status ModelRun::add_output(const std::shared_ptr<const TensorSpec>& spec) {
  Shape shape = spec->shape;
  if (shape.rank() > 0 && shape[0] == Shape::kDynamic) {
    shape.set(0, 1);
  }
  const auto bytes = shape.dense_bytes(spec->type);
  if (!bytes.has_value()) {
    return Error{Errc::kUnsupported,
                 "output '" + spec->name + "' is " + spec->to_string() + ": its size is open"};
  }
  PENSTOCK_ASSIGN_OR_RETURN(FeatureMap map,
                            make_feature_map(spec, shape, Buffer::allocate(*bytes)));
  outputs_.push_back(std::move(map));
  return {};
}

Status ModelRun::run(std::span<const FeatureMap> inputs) {
  PENSTOCK_RETURN_IF_ERROR(request_->submit(inputs, outputs_, 0));
  auto done = completions_->pop();
  while (!done.has_value()) {
    PENSTOCK_RETURN_IF_ERROR(bell_.wait("the inference", kLimit));
    done = completions_->pop();
  }
  if (done->code != Errc::kOk) {
    return Error{done->code, done->message};
  }
  return {};
}

}  // namespace penstock
