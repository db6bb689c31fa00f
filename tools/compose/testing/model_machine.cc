#include "tools/compose/testing/model_machine.h"

#include <chrono>
#include <cstring>
#include <span>
#include <utility>

#include <gtest/gtest.h>

#include "drivers/noop/noop_driver.h"
#include "drivers/sim/sim_driver.h"

namespace penstock::testing {

FeatureMap map_of(const std::shared_ptr<const TensorSpec>& spec) {
  return make_feature_map(
             spec, spec->shape, Buffer::allocate(spec->shape.dense_bytes(spec->type).value()))
      .value();
}

ModelMachine::ModelMachine(const Words& words) : words_(words) {
  DevicePool::Options options;
  options.clock = &clock_;
  options.on_note = [](const DevicePool::Note& /*note*/) {};
  auto pool = std::make_unique<DevicePool>(std::move(options));
  ModelLoader::Parts parts;
  parts.select = [this](const DeviceSpec& device) { return select(device); };
  parts.pool = pool.get();
  ModelLoader loader(std::move(parts));
  const GraphSpec spec = graph();
  status_ = loader.load_all(spec, [&](const ModelLoader::Loaded& model) { loaded_ = model; });
  if (!status_.has_value()) {
    return;
  }
  const BackendFactory factory = loader.backend_of(spec.actors.front(), Plan());
  workers_.emplace(actors::Workers::start(2).value());
  pool_ = actors::RunningPool::start(*workers_, std::move(pool), &clock_);
  backend_ = factory(bell_.doorbell()).value();
}

std::vector<ModelMachine::Answer> ModelMachine::run(const std::vector<FeatureMap>& inputs) {
  std::vector<std::vector<FeatureMap>> outputs;
  std::vector<Answer> answers(inputs.size());
  EXPECT_LE(inputs.size(), slots());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    outputs.emplace_back();
    for (const auto& spec : backend_->outputs()) {
      outputs.back().push_back(map_of(spec));
    }
    InferenceJob job;
    job.slot = static_cast<std::uint32_t>(i);
    job.token = i;
    job.maps = JobMaps::create({inputs[i]}, outputs.back());
    EXPECT_TRUE(backend_->submit(job).has_value());
  }
  for (std::size_t ended = 0; ended < inputs.size();) {
    auto done = backend_->pop();
    if (!done.has_value()) {
      if (!bell_.wait("an answer", std::chrono::minutes(1)).has_value()) {
        ADD_FAILURE() << "only " << ended << " frames came back";
        return answers;
      }
      continue;
    }
    backend_->taken(done->frames);
    Answer& answer = answers.at(done->token);
    for (const FeatureMap& map : outputs.at(done->token)) {
      const auto* const first = map.as<float>();
      answer.outputs.emplace_back(first, first + map.shape.element_count().value());
    }
    answer.done = std::move(*done);
    ++ended;
  }
  return answers;
}

FeatureMap ModelMachine::input(const std::vector<float>& values) const {
  FeatureMap map = map_of(backend_->inputs()[0]);
  std::memcpy(map.mutable_data(), values.data(), values.size() * sizeof(float));
  return map;
}

GraphSpec ModelMachine::graph() const {
  GraphSpec spec;
  spec.name = "test";
  spec.devices = {words_.device};
  ModelSpec model;
  model.name = "cut";
  model.file = words_.file;
  model.device = words_.device.name;
  model.devices = {words_.device.name};
  model.batch_size = words_.batch;
  model.driver_options.set("precision", "f32");
  spec.models = {model};
  ActorSpec actor;
  actor.name = "detect";
  actor.model = model.name;
  actor.device = model.device;
  actor.devices = model.devices;
  spec.actors = {actor};
  return spec;
}

Result<DeviceChoice> ModelMachine::select(const DeviceSpec& device) {
  const PenstockDriverApi& api = device.type == "sim"    ? sim_driver_api()
                                 : device.type == "noop" ? noop_driver_api()
                                                         : openvino_driver_api();
  const DriverOptions options = device.type == "sim" ? words_.simulation : DriverOptions();
  PENSTOCK_ASSIGN_OR_RETURN(Driver driver, Driver::create(api, host_, options));
  auto shared = std::make_shared<Driver>(std::move(driver));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceInfo> devices, shared->enumerate());
  return DeviceChoice{shared, devices.front()};
}

}  // namespace penstock::testing
