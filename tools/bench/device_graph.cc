#include "tools/bench/device_graph.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <utility>

#include "tools/bench/bench_graph.h"

namespace penstock {
namespace {

/// So many different frames: more would only fill memory.
constexpr std::size_t kInputs = 4;

/// Fills a tensor with values that any model takes: from 0 to 1, or any byte; wider integers may be
/// indexes of something, so they are 0.
void fill(ElementType type, std::mt19937& random, Buffer& buffer) {
  std::byte* const data = buffer.mutable_data();
  const std::size_t bytes = buffer.size();
  if (type == ElementType::kF32) {
    std::uniform_real_distribution<float> value(0.0F, 1.0F);
    for (std::size_t at = 0; at + sizeof(float) <= bytes; at += sizeof(float)) {
      const float one = value(random);
      std::memcpy(data + at, &one, sizeof(one));
    }
  } else if (type == ElementType::kU8 || type == ElementType::kI8) {
    std::generate(data, data + bytes, [&] { return static_cast<std::byte>(random() & 0xFFU); });
  } else {
    std::memset(data, 0, bytes);
  }
}

/// Returns what one frame brings to a model that takes `batch` of them at once.
Result<std::shared_ptr<const TensorSpec>> frame_spec(const std::shared_ptr<const TensorSpec>& spec,
                                                     std::uint32_t batch) {
  if (!spec->shape.dense_bytes(spec->type).has_value()) {
    return Error{Errc::kUnsupported,
                 "input '" + spec->name + "' is " + spec->to_string() +
                     ": a benchmark needs a model whose sizes are fixed"};
  }
  if (batch == 1 || spec->shape.rank() == 0) {
    return spec;
  }
  auto one = std::make_shared<TensorSpec>(*spec);
  one->shape.set(0, spec->shape[0] / batch);
  return std::shared_ptr<const TensorSpec>(std::move(one));
}

}  // namespace

Result<BackendFactory> DeviceGraph::load(Words& words, DevicePool& pool) {
  words.model.device = words.device.name;
  words.model.devices = {words.device.name};
  GraphSpec spec;
  spec.name = "bench";
  spec.devices = {words.device};
  spec.models = {words.model};
  ActorSpec actor;
  actor.name = words.model.name;
  actor.model = words.model.name;
  actor.device = words.device.name;
  actor.devices = words.model.devices;
  spec.actors = {actor};
  ModelLoader loader({words.select, words.claims, &pool});
  PENSTOCK_RETURN_IF_ERROR(
      loader.load_all(spec, [this](const ModelLoader::Loaded& loaded) { loaded_ = loaded; }));
  return loader.backend_of(actor, Plan());
}

Status DeviceGraph::make_inputs(std::uint32_t batch) {
  std::mt19937 random(7);
  inputs_.resize(kInputs);
  for (const auto& spec : loaded_.inputs) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto one, frame_spec(spec, batch));
    const std::size_t bytes = one->shape.dense_bytes(one->type).value_or(0);
    BufferPool::Options options;
    options.name = "input '" + spec->name + "'";
    options.max_slots = kInputs;
    PENSTOCK_ASSIGN_OR_RETURN(BufferPool pool, BufferPool::create(std::move(options)));
    for (auto& frame : inputs_) {
      auto buffer = pool.acquire(bytes);
      if (!buffer.has_value()) {
        return Error{Errc::kUnavailable, "no memory for the inputs"};
      }
      fill(one->type, random, *buffer);
      PENSTOCK_ASSIGN_OR_RETURN(FeatureMap map,
                                make_feature_map(one, one->shape, std::move(*buffer)));
      frame.push_back(std::move(map));
    }
    input_pools_.push_back(std::move(pool));
  }
  return {};
}

Result<std::unique_ptr<DeviceGraph>> DeviceGraph::start(Words words,
                                                        actors::Workers& workers,
                                                        const Clock& clock) {
  std::unique_ptr<DeviceGraph> made(new DeviceGraph());
  DevicePool::Options options;
  options.clock = &clock;
  options.on_note = [quiet = words.quiet](const DevicePool::Note& note) {
    if (note.is_warning || !quiet) {
      std::fprintf(stderr, "%s\n", note.text.c_str());
    }
  };
  auto pool = std::make_unique<DevicePool>(std::move(options));
  PENSTOCK_ASSIGN_OR_RETURN(BackendFactory backend, made->load(words, *pool));
  const auto batch = static_cast<std::uint32_t>(std::max<std::int64_t>(1, words.model.batch_size));
  PENSTOCK_RETURN_IF_ERROR(made->make_inputs(batch));
  made->pool_ = actors::RunningPool::start(workers, std::move(pool), &clock);
  BenchGraph graph("bench");
  // Room for all that the device can have, and as much again on the way to it and from it.
  const std::uint32_t in_flight = made->loaded_.requests * batch;
  const auto source = graph.source(
      "source",
      {"s"},
      [&](const std::string& /*stream*/) {
        return GatedSource::factory(made->gate_,
                                    [inputs = &made->inputs_](std::uint64_t seq, SourceFrame& out) {
                                      out.tensors = (*inputs)[seq % inputs->size()];
                                    });
      },
      2 * in_flight);
  const auto station =
      graph.station(words.model.name, source, std::move(backend), in_flight, batch, words.queue);
  graph.sink(
      "sink",
      station,
      [&](const std::string& /*stream*/) { return GateSink::factory(made->gate_); },
      words.queue);
  PENSTOCK_ASSIGN_OR_RETURN(made->graph_, graph.start(workers, clock));
  return made;
}

}  // namespace penstock
