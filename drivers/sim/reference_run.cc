#include "drivers/sim/reference_run.h"

#include <utility>

namespace penstock::sim {
namespace {

/// Memory that is written again and again: the map holds it alone, so that it may be.
Result<FeatureMap> own_map(const std::shared_ptr<const TensorSpec>& spec) {
  const auto bytes = spec->shape.dense_bytes(spec->type);
  if (!bytes.has_value()) {
    return Error{Errc::kUnsupported, "port '" + spec->name + "' has open extents"};
  }
  return make_feature_map(spec, spec->shape, Buffer::allocate(*bytes));
}

}  // namespace

ReferenceRun::ReferenceRun(std::shared_ptr<LoadedModel> model, Doorbell ended)
    : model_(std::move(model)),
      ended_(ended) {}

Result<std::unique_ptr<ReferenceRun>> ReferenceRun::create(std::shared_ptr<LoadedModel> model,
                                                           Doorbell ended) {
  auto run = std::make_unique<ReferenceRun>(std::move(model), ended);
  PENSTOCK_RETURN_IF_ERROR(run->prepare());
  return run;
}

Status ReferenceRun::prepare() {
  LoadedModel& model = *model_;
  for (std::size_t i = 0; i < model.inputs().size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(FeatureMap map, own_map(model.input_spec(i)));
    inputs_.push_back(std::move(map));
  }
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(FeatureMap map, own_map(model.output_spec(i)));
    outputs_.push_back(std::move(map));
  }
  const Doorbell bell([](void* self) { static_cast<ReferenceRun*>(self)->on_ring(); }, this);
  PENSTOCK_ASSIGN_OR_RETURN(CompletionQueue queue, CompletionQueue::create(1, bell));
  queue_.emplace(std::move(queue));
  PENSTOCK_ASSIGN_OR_RETURN(Request request, model.create_request(*queue_));
  request_.emplace(std::move(request));
  return {};
}

Status ReferenceRun::start() {
  return request_->submit(inputs_, outputs_, 0);
}

void ReferenceRun::on_ring() {
  const std::optional<Completion> completion = queue_->pop();
  if (!completion.has_value()) {
    return;
  }
  result_ = completion->code == Errc::kOk
                ? Status()
                : Status(Error{completion->code, completion->message}.within("on the host"));
  ended_.ring();
}

}  // namespace penstock::sim
