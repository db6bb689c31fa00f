#include "engine/run/testing/station_world.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

namespace penstock::testing {
namespace {

using std::chrono::milliseconds;

/// What the tests put into a frame's only tensor.
std::int32_t number_of(StreamId stream, std::uint64_t seq) {
  return (static_cast<std::int32_t>(stream) * 1000) + static_cast<std::int32_t>(seq);
}

}  // namespace

StationWorld::StationWorld(Setup setup, FakeDevice::Options device)
    : setup_(std::move(setup)),
      graph_(setup_.seed) {
  device.batch = setup_.batch;
  device_ = std::make_unique<FakeDevice>(graph_.runner(), graph_.clock(), std::move(device));
  pool_ = std::make_unique<BufferPool>(
      std::move(BufferPool::create({"tensors", 4096, 64, MemoryKind::kHost})).value());
  one_ = std::make_shared<TensorSpec>(*device_->spec());
  one_->shape.set(0, 1);
  outputs_.resize(setup_.streams);
  tombstones_.resize(setup_.streams);
  build();
}

void StationWorld::expect_finished() {
  EXPECT_TRUE(graph_.all_finished());
  EXPECT_EQ(device_->alive(), 0);
  EXPECT_EQ(device_books_->in_flight.load(), 0U);
  EXPECT_EQ(pool_->stats().in_use, 0U);
  for (std::uint32_t s = 0; s < setup_.streams; ++s) {
    EXPECT_EQ(imbalance(totals(s)), "") << "stream " << s;
    EXPECT_EQ(graph_.pump(s).in_flight(), 0U) << "stream " << s;
    EXPECT_EQ(totals(s).delivered, outputs_[s].size()) << "stream " << s;
  }
  expect_order();
}

void StationWorld::expect_order() {
  for (std::uint32_t s = 0; s < setup_.streams; ++s) {
    EXPECT_TRUE(std::is_sorted(outputs_[s].begin(), outputs_[s].end())) << "stream " << s;
    EXPECT_TRUE(std::adjacent_find(outputs_[s].begin(), outputs_[s].end()) == outputs_[s].end())
        << "stream " << s << " has a frame twice";
  }
  EXPECT_EQ(wrong_values_, 0);
}

void StationWorld::build() {
  Station::Options options;
  std::vector<std::size_t> ins;
  std::vector<std::size_t> outs;
  for (std::uint32_t s = 0; s < setup_.streams; ++s) {
    const StreamId stream{s};
    const auto raw = graph_.edge(4);
    ins.push_back(graph_.edge(4));
    outs.push_back(graph_.edge(setup_.out_queue));
    graph_.source({.stream = stream,
                   .script = {.count = setup_.frames,
                              .period = setup_.period.value_or(milliseconds(40)),
                              .live = setup_.period.has_value()},
                   .window = setup_.window,
                   .deadline = setup_.deadline,
                   .outputs = {{raw}}});
    graph_.segment(
        {.nodes = {tensor_maker()}, .inputs = {{raw, 0, {stream}}}, .outputs = {{ins.back()}}});
    graph_.segment({.nodes = {sink(s)}, .inputs = {{outs.back(), 0, {stream}}}});
    options.inputs.push_back({&graph_.ring(ins.back()), {stream}});
    options.outputs.push_back({&graph_.ring(outs.back()), 0, stream});
  }
  options.name = "detect";
  options.make = device_->factory();
  options.clock = &graph_.clock();
  options.batch_size = setup_.batch;
  options.batch_wait = setup_.batch_wait;
  options.shares = setup_.shares;
  options.batch_per_stream = setup_.batch_per_stream;
  options.max_frames = setup_.streams * setup_.window;
  options.node_ledger = node_books_;
  options.device_ledger = device_books_;
  auto station = std::make_unique<Station>(std::move(options));
  station_ = station.get();
  graph_.add(std::move(station), ins, outs);
}

NodeFactory StationWorld::tensor_maker() {
  return processing([this](Frame& frame, Emit& /*emit*/) -> Status {
    if (setup_.bare && setup_.bare(frame.stream(), frame.seq())) {
      return {};
    }
    auto buffer = pool_->acquire(sizeof(std::int32_t));
    const std::int32_t number = number_of(frame.stream(), frame.seq());
    std::memcpy(buffer->mutable_data(), &number, sizeof number);
    PENSTOCK_ASSIGN_OR_RETURN(FeatureMap map,
                              make_feature_map(one_, one_->shape, std::move(*buffer)));
    map.to_source = Affine{2, 0, 3, 0, 2, static_cast<float>(frame.seq())};
    frame.set_tensors({&map, 1});
    return {};
  });
}

NodeFactory StationWorld::sink(std::uint32_t stream) {
  return scripted({.process = [this, stream](std::size_t, Frame& frame, Emit&) -> Status {
                     outputs_[stream].push_back(frame.seq());
                     check(frame);
                     return {};
                   },
                   .note = [this, stream](const ControlRecord& record, Emit&) -> Status {
                     if (const auto* t = std::get_if<Tombstone>(&record)) {
                       tombstones_[stream].push_back(*t);
                     }
                     return {};
                   }});
}

void StationWorld::check(const Frame& frame) {
  const auto maps = frame.tensors();
  if (maps.size() != 1 || maps[0].shape != Shape{1, 1} ||
      maps[0].as<std::int32_t>()[0] !=
          number_of(frame.stream(), frame.seq()) + FakeDevice::kAdded ||
      maps[0].to_source != Affine{2, 0, 3, 0, 2, static_cast<float>(frame.seq())}) {
    ++wrong_values_;
  }
}

}  // namespace penstock::testing
