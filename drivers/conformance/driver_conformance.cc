#include "drivers/conformance/driver_conformance.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <malloc.h>

#include "drivers/api/steady_host.h"

namespace penstock::testing {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DriverConformance);

namespace {

constexpr std::uint32_t kSlots = 64;

FeatureMap filled_map(const std::shared_ptr<const TensorSpec>& spec, std::uint8_t fill) {
  const std::size_t bytes = spec->shape.dense_bytes(spec->type).value();
  Buffer buffer = Buffer::allocate(bytes);
  std::memset(buffer.mutable_data(), fill, bytes);
  return make_feature_map(spec, spec->shape, std::move(buffer)).value();
}

/// A map in the middle of a larger buffer, with a pattern on both sides.
class FencedMap {
 public:
  FencedMap(const std::shared_ptr<const TensorSpec>& spec, std::uint8_t fill)
      : bytes_(spec->shape.dense_bytes(spec->type).value()) {
    Buffer buffer = Buffer::allocate(bytes_ + 2 * kFence);
    std::memset(buffer.mutable_data(), kPattern, buffer.size());
    std::memset(buffer.mutable_data() + kFence, fill, bytes_);
    map_ = make_feature_map(spec, spec->shape, std::move(buffer), kFence).value();
  }

  [[nodiscard]] const FeatureMap& map() const { return map_; }

  [[nodiscard]] bool fences_stand() const {
    const auto intact = [](const std::byte* begin) {
      return std::all_of(
          begin, begin + kFence, [](std::byte b) { return b == std::byte{kPattern}; });
    };
    return intact(map_.buffer.data()) && intact(map_.data() + bytes_);
  }

  [[nodiscard]] bool is_filled_with(std::uint8_t fill) const {
    return std::all_of(
        map_.data(), map_.data() + bytes_, [&](std::byte b) { return b == std::byte{fill}; });
  }

 private:
  static constexpr std::size_t kFence = 4096 - 4;  // Not aligned to more than 4 bytes.
  static constexpr std::uint8_t kPattern = 0xC3;
  std::size_t bytes_;
  FeatureMap map_;
};

std::size_t heap_in_use() {
  return mallinfo2().uordblks + mallinfo2().hblkhd;
}

Device open_named(Driver& driver, const std::string& identity) {
  auto device = driver.open(identity);
  PENSTOCK_CHECK(device.has_value()) << device.error().message;
  return std::move(device).value();
}

}  // namespace

DriverConformance::DriverConformance()
    : driver_(start()),
      device_(open_named(driver_, GetParam().device)),
      queue_(CompletionQueue::create(kSlots, waiter_.doorbell()).value()) {}

void DriverConformance::SetUp() {
  // "ExplainsWhatItRefuses/0" -> "ExplainsWhatItRefuses".
  const std::string full = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const auto found = subject().unsupported.find(full.substr(0, full.find('/')));
  if (found != subject().unsupported.end()) {
    GTEST_SKIP() << "unsupported: " << found->second;
  }
}

Driver DriverConformance::start() {
  auto driver =
      Driver::create(*GetParam().api, std::make_shared<SteadyHost>(), GetParam().driver_options);
  PENSTOCK_CHECK(driver.has_value()) << driver.error().message;
  return std::move(driver).value();
}

LoadedModel DriverConformance::load(const Load& load) {
  auto model = device_.load(load.path, load.options);
  PENSTOCK_CHECK(model.has_value()) << model.error().message;
  return std::move(model).value();
}

std::vector<FeatureMap> DriverConformance::inputs_of(const LoadedModel& model, std::uint8_t fill) {
  std::vector<FeatureMap> maps;
  for (std::size_t i = 0; i < model.inputs().size(); ++i) {
    maps.push_back(filled_map(model.input_spec(i), fill));
  }
  return maps;
}

std::vector<FeatureMap> DriverConformance::outputs_of(const LoadedModel& model, std::uint8_t fill) {
  std::vector<FeatureMap> maps;
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    maps.push_back(filled_map(model.output_spec(i), fill));
  }
  return maps;
}

TEST_P(DriverConformance, ListsOnlyTestsThatExistAsUnsupported) {
  const auto* suite = ::testing::UnitTest::GetInstance()->current_test_suite();
  std::set<std::string> known;
  for (int i = 0; i < suite->total_test_count(); ++i) {
    const std::string name = suite->GetTestInfo(i)->name();
    known.insert(name.substr(0, name.find('/')));
  }
  for (const auto& [name, reason] : subject().unsupported) {
    EXPECT_EQ(known.count(name), 1U) << name;
    EXPECT_FALSE(reason.empty()) << name;
  }
}

TEST_P(DriverConformance, ListsTheSameDevicesInTheSameOrder) {
  const auto first = driver_.enumerate().value();
  EXPECT_EQ(first, driver_.enumerate().value());
  EXPECT_EQ(first, start().enumerate().value());
  std::set<std::string> identities;
  for (const DeviceInfo& device : first) {
    EXPECT_TRUE(identities.insert(device.identity).second) << device.identity;
    EXPECT_TRUE(device_kind_from(to_string(device.kind)).has_value()) << device.identity;
    EXPECT_EQ(device.identity.find_first_of(" \t\n,"), std::string::npos) << device.identity;
  }
  EXPECT_EQ(identities.count(subject().device), 1U);
}

TEST_P(DriverConformance, HasANameAndAVersion) {
  EXPECT_FALSE(driver_.name().empty());
  EXPECT_FALSE(driver_.version().empty());
}

TEST_P(DriverConformance, RefusesADeviceItDoesNotHave) {
  const auto opened = driver_.open("none:7");
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Errc::kNotFound);
  EXPECT_NE(opened.error().message.find(subject().device), std::string::npos);
}

TEST_P(DriverConformance, OpensADeviceMoreThanOnce) {
  const auto second = driver_.open(subject().device);
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_EQ(second->info(), device_.info());
}

TEST_P(DriverConformance, RefusesAnUnknownDriverOptionNamingIt) {
  const auto driver =
      Driver::create(*subject().api, std::make_shared<SteadyHost>(), {{"no_such_option", "1"}});
  ASSERT_FALSE(driver.has_value());
  EXPECT_EQ(driver.error().code, Errc::kInvalidArgument);
  EXPECT_NE(driver.error().message.find("no_such_option"), std::string::npos);
}

TEST_P(DriverConformance, RefusesAnUnknownLoadOptionNamingIt) {
  Load wrong = subject().quick;
  wrong.options["no_such_option"] = "1";
  const auto model = device_.load(wrong.path, wrong.options);
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error().code, Errc::kInvalidArgument);
  EXPECT_NE(model.error().message.find("no_such_option"), std::string::npos);
}

TEST_P(DriverConformance, DescribesAModelAlike) {
  const LoadedModel first = load(subject().quick);
  const LoadedModel second = load(subject().quick);
  EXPECT_EQ(first.info(), second.info());
  EXPECT_GE(first.info().preferred_requests, 1U);
  ASSERT_FALSE(first.inputs().empty());
  ASSERT_FALSE(first.outputs().empty());
  EXPECT_EQ(first.info().input_memory.size(), first.inputs().size());
  EXPECT_EQ(first.info().output_memory.size(), first.outputs().size());
}

TEST_P(DriverConformance, HasNothingAgainstAModelItLoads) {
  for (const Load& good : {subject().quick, subject().slow}) {
    const auto obstacles = device_.explain(good.path, good.options).value();
    EXPECT_TRUE(obstacles.empty()) << obstacles.front().text;
    EXPECT_TRUE(device_.load(good.path, good.options).has_value());
  }
}

TEST_P(DriverConformance, ExplainsBeforeTheLoadWhatItRefuses) {
  for (const RefusedLoad& refused : subject().refused) {
    const auto model = device_.load(refused.load.path, refused.load.options);
    ASSERT_FALSE(model.has_value()) << refused.why;
    EXPECT_EQ(model.error().code, refused.code) << refused.why << ": " << model.error().message;
    EXPECT_NE(model.error().message.find(refused.in_message), std::string::npos)
        << refused.why << ": " << model.error().message;
    EXPECT_EQ(model.error().message.find('\n'), std::string::npos) << refused.why;

    const auto obstacles = device_.explain(refused.load.path, refused.load.options);
    ASSERT_TRUE(obstacles.has_value()) << refused.why << ": " << obstacles.error().message;
    ASSERT_FALSE(obstacles->empty()) << refused.why;
    EXPECT_EQ(obstacles->front().code, refused.code) << refused.why;
    EXPECT_FALSE(obstacles->front().text.empty()) << refused.why;
  }
}

TEST_P(DriverConformance, GivesMemoryBackWhenItUnloads) {
  // The first cycles fill the allocator's caches: later ones are compared with each other.
  constexpr int kWarmUp = 4;
  constexpr int kCycles = 6;
  std::size_t least = SIZE_MAX;
  std::size_t last = 0;
  for (int i = 0; i < kWarmUp + kCycles; ++i) {
    {
      LoadedModel model = load(subject().quick);
      Request request = model.create_request(queue_).value();
      ASSERT_TRUE(request.submit(inputs_of(model, 1), outputs_of(model, 0), 1).has_value());
      EXPECT_EQ(waiter_.next(queue_).code, Errc::kOk);
    }
    last = heap_in_use();
    if (i >= kWarmUp) {
      least = std::min(least, last);
    }
  }
  EXPECT_LE(last, least + subject().leak_tolerance_bytes);
}

TEST_P(DriverConformance, WritesOutputsIntoTheCallersMemoryAndNothingElse) {
  LoadedModel model = load(subject().quick);
  Request request = model.create_request(queue_).value();
  // Twice with the same request: dense memory of its own, then memory inside a larger buffer.
  ASSERT_TRUE(request.submit(inputs_of(model, 7), outputs_of(model, 0), 1).has_value());
  ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
  std::vector<FencedMap> fenced_inputs;
  std::vector<FencedMap> fenced_outputs;
  std::vector<FeatureMap> inputs;
  std::vector<FeatureMap> outputs;
  for (std::size_t i = 0; i < model.inputs().size(); ++i) {
    inputs.push_back(fenced_inputs.emplace_back(model.input_spec(i), 7).map());
  }
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    outputs.push_back(fenced_outputs.emplace_back(model.output_spec(i), 0xA5).map());
  }

  ASSERT_TRUE(request.submit(inputs, outputs, 2).has_value());
  const Completion completion = waiter_.next(queue_);

  ASSERT_EQ(completion.code, Errc::kOk) << completion.message;
  for (const FencedMap& input : fenced_inputs) {
    EXPECT_TRUE(input.fences_stand());
    EXPECT_TRUE(input.is_filled_with(7));
  }
  for (const FencedMap& output : fenced_outputs) {
    EXPECT_TRUE(output.fences_stand());
    EXPECT_FALSE(output.is_filled_with(0xA5));
  }
}

TEST_P(DriverConformance, GivesTheSameOutputsForTheSameInputs) {
  LoadedModel model = load(subject().quick);
  Request first = model.create_request(queue_).value();
  Request second = model.create_request(queue_).value();
  const auto inputs = inputs_of(model, 61);
  const auto outputs_a = outputs_of(model, 0x11);
  const auto outputs_b = outputs_of(model, 0x22);
  ASSERT_TRUE(first.submit(inputs, outputs_a, 1).has_value());
  ASSERT_TRUE(second.submit(inputs, outputs_b, 2).has_value());
  ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
  ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
  for (std::size_t i = 0; i < outputs_a.size(); ++i) {
    EXPECT_EQ(std::memcmp(outputs_a[i].data(), outputs_b[i].data(), outputs_a[i].buffer.size()), 0);
    EXPECT_EQ(first.output_shape(i), model.outputs()[i].shape);
  }
}

TEST_P(DriverConformance, CompletesEachSubmitOfManyThreadsExactlyOnce) {
  constexpr std::size_t kThreads = 3;
  constexpr std::size_t kRequests = 2;
  LoadedModel model = load(subject().quick);
  std::atomic<std::size_t> wrong{0};
  const auto work = [&](std::size_t thread) {
    CompletionWaiter waiter;
    CompletionQueue queue = CompletionQueue::create(kRequests, waiter.doorbell()).value();
    std::vector<Request> requests;
    std::vector<std::vector<FeatureMap>> outputs;
    for (std::size_t r = 0; r < kRequests; ++r) {
      requests.push_back(model.create_request(queue).value());
      outputs.push_back(outputs_of(model, 0));
    }
    const auto inputs = inputs_of(model, static_cast<std::uint8_t>(thread));
    std::vector<std::optional<std::uint64_t>> expected(kRequests);
    std::uint64_t next_token = 0;
    const auto submit = [&](std::size_t r) {
      // The token says which request it was.
      const std::uint64_t token = next_token++ * kRequests + r;
      expected[r] = token;
      wrong += requests[r].submit(inputs, outputs[r], token).has_value() ? 0 : 1;
    };
    for (std::size_t r = 0; r < kRequests; ++r) {
      submit(r);
    }
    for (std::size_t i = 0; i < subject().inferences; ++i) {
      const Completion completion = waiter.next(queue);
      const std::size_t r = completion.token % kRequests;
      wrong += completion.code == Errc::kOk && expected[r] == completion.token ? 0 : 1;
      expected[r].reset();
      if (next_token < subject().inferences) {
        submit(r);
      }
    }
    wrong += queue.pop().has_value() ? 1 : 0;
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back(work, i);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong.load(), 0U);
}

TEST_P(DriverConformance, RefusesMapsThatDoNotFitNamingThePort) {
  LoadedModel model = load(subject().quick);
  Request request = model.create_request(queue_).value();
  const auto good = inputs_of(model, 1);
  const auto outputs = outputs_of(model, 0);
  const auto refusal = [&](const FeatureMap& wrong) {
    auto inputs = good;
    inputs[0] = wrong;
    const Status status = request.submit(inputs, outputs, 1);
    EXPECT_FALSE(status.has_value());
    const std::string name = "input '" + model.inputs()[0].name + "'";
    EXPECT_NE(status.error().message.find(name), std::string::npos) << status.error().message;
    return status.error().code;
  };
  TensorSpec spec = model.inputs()[0];
  spec.type = spec.type == ElementType::kU8 ? ElementType::kF32 : ElementType::kU8;
  EXPECT_EQ(refusal(filled_map(std::make_shared<const TensorSpec>(spec), 0)),
            Errc::kInvalidArgument);

  spec = model.inputs()[0];
  spec.shape.set(spec.shape.rank() - 1, spec.shape[spec.shape.rank() - 1] + 1);
  EXPECT_EQ(refusal(filled_map(std::make_shared<const TensorSpec>(spec), 0)),
            Errc::kInvalidArgument);

  FeatureMap strided = good[0];
  strided.strides_bytes[0] = 1024;
  EXPECT_EQ(refusal(strided), Errc::kUnsupported);

  FeatureMap past_the_end = good[0];
  past_the_end.offset = 1;
  EXPECT_EQ(refusal(past_the_end), Errc::kInvalidArgument);

  auto fewer = good;
  fewer.pop_back();
  EXPECT_EQ(request.submit(fewer, outputs, 1).error().code, Errc::kInvalidArgument);

  ASSERT_TRUE(request.submit(good, outputs, 2).has_value());
  EXPECT_EQ(waiter_.next(queue_).token, 2U);
  EXPECT_FALSE(queue_.pop().has_value());
}

TEST_P(DriverConformance, RefusesASecondSubmitUntilTheFirstWasPopped) {
  LoadedModel model = load(subject().slow);
  Request request = model.create_request(queue_).value();
  const auto inputs = inputs_of(model, 1);
  const auto outputs = outputs_of(model, 0);
  ASSERT_TRUE(request.submit(inputs, outputs, 1).has_value());
  EXPECT_FALSE(request.is_idle());
  EXPECT_EQ(request.submit(inputs, outputs, 2).error().code, Errc::kUnavailable);
  EXPECT_EQ(waiter_.next(queue_).token, 1U);
  ASSERT_TRUE(request.submit(inputs, outputs, 3).has_value());
  EXPECT_EQ(waiter_.next(queue_).token, 3U);
}

TEST_P(DriverConformance, CompletesACancelledRequestOnceAndUsesItAgain) {
  LoadedModel model = load(subject().slow);
  Request request = model.create_request(queue_).value();
  const auto inputs = inputs_of(model, 1);
  const auto outputs = outputs_of(model, 0);
  request.cancel();
  for (std::uint64_t round = 0; round < 5; ++round) {
    ASSERT_TRUE(request.submit(inputs, outputs, round).has_value());
    request.cancel();
    const Completion completion = waiter_.next(queue_);
    EXPECT_EQ(completion.token, round);
    EXPECT_TRUE(completion.code == Errc::kCancelled || completion.code == Errc::kOk)
        << completion.message;
    EXPECT_FALSE(queue_.pop().has_value());
  }
  ASSERT_TRUE(request.submit(inputs, outputs, 99).has_value());
  const Completion completion = waiter_.next(queue_);
  EXPECT_EQ(completion.token, 99U);
  EXPECT_EQ(completion.code, Errc::kOk) << completion.message;
}

TEST_P(DriverConformance, CompletesARequestThatIsDestroyedInFlight) {
  LoadedModel model = load(subject().slow);
  const auto inputs = inputs_of(model, 1);
  const auto outputs = outputs_of(model, 0);
  for (std::uint64_t round = 0; round < 5; ++round) {
    {
      Request request = model.create_request(queue_).value();
      ASSERT_TRUE(request.submit(inputs, outputs, round).has_value());
    }
    const auto completion = queue_.pop();
    ASSERT_TRUE(completion.has_value()) << "round " << round;
    EXPECT_EQ(completion->token, round);
    EXPECT_FALSE(queue_.pop().has_value());
  }
  EXPECT_EQ(queue_.reserved(), 0U);
  EXPECT_TRUE(inputs[0].buffer.is_unique());
}

TEST_P(DriverConformance, GoesOnWhenOnlyTheRequestIsLeft) {
  const auto lonely = [&]() -> Request {
    Driver driver = start();
    Device device = open_named(driver, subject().device);
    LoadedModel model = device.load(subject().quick.path, subject().quick.options).value();
    return model.create_request(queue_).value();
  };
  const LoadedModel model = load(subject().quick);
  Request request = lonely();
  ASSERT_TRUE(request.submit(inputs_of(model, 1), outputs_of(model, 0), 4).has_value());
  EXPECT_EQ(waiter_.next(queue_).token, 4U);
}

TEST_P(DriverConformance, DropsCompletionsWhoseQueueIsGone) {
  LoadedModel model = load(subject().slow);
  const auto inputs = inputs_of(model, 1);
  std::optional<Request> request;
  {
    std::atomic<bool> is_alive{true};
    const Doorbell doorbell(
        [](void* alive) { EXPECT_TRUE(static_cast<std::atomic<bool>*>(alive)->load()); },
        &is_alive);
    CompletionQueue queue = CompletionQueue::create(1, doorbell).value();
    request.emplace(model.create_request(queue).value());
    ASSERT_TRUE(request->submit(inputs, outputs_of(model, 0), 1).has_value());
  }
  EXPECT_FALSE(request->submit(inputs, outputs_of(model, 0), 2).has_value());
  request.reset();
  EXPECT_TRUE(inputs[0].buffer.is_unique());
}

TEST_P(DriverConformance, ReservesASlotForEachRequest) {
  LoadedModel model = load(subject().quick);
  CompletionQueue queue = CompletionQueue::create(2, {}).value();
  std::optional<Request> first(model.create_request(queue).value());
  Request second = model.create_request(queue).value();
  EXPECT_EQ(model.create_request(queue).error().code, Errc::kUnavailable);
  first.reset();
  EXPECT_TRUE(model.create_request(queue).has_value());
}

TEST_P(DriverConformance, RefusesMoreRequestsThanTheModelAllows) {
  LoadedModel model = load(subject().limited);
  ASSERT_EQ(model.info().max_requests, 2U);
  std::optional<Request> first(model.create_request(queue_).value());
  Request second = model.create_request(queue_).value();
  EXPECT_EQ(model.create_request(queue_).error().code, Errc::kUnavailable);
  EXPECT_EQ(queue_.reserved(), 2U);
  first.reset();
  EXPECT_TRUE(model.create_request(queue_).has_value());
}

TEST_P(DriverConformance, ReportsALostDeviceByEventAndByCode) {
  std::atomic<int> rings{0};
  const Doorbell doorbell([](void* count) { static_cast<std::atomic<int>*>(count)->fetch_add(1); },
                          &rings);
  Device device = driver_.open(subject().device, doorbell).value();
  LoadedModel model = device.load(subject().lost.path, subject().lost.options).value();
  Request request = model.create_request(queue_).value();
  ASSERT_TRUE(request.submit(inputs_of(model, 1), outputs_of(model, 0), 1).has_value());
  EXPECT_EQ(waiter_.next(queue_).code, Errc::kOk);
  ASSERT_TRUE(request.submit(inputs_of(model, 1), outputs_of(model, 0), 2).has_value());
  EXPECT_EQ(waiter_.next(queue_).code, Errc::kDeviceLost);
  EXPECT_EQ(rings.load(), 1);
  const auto event = device.poll_event();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->health, Health::kFault);
  EXPECT_FALSE(event->reason.empty());
}

TEST_P(DriverConformance, HasNoHealthEventWhileAllIsWell) {
  EXPECT_FALSE(device_.poll_event().has_value());
}

TEST_P(DriverConformance, NamesItsMetricsAndTheirUnits) {
  std::set<std::pair<std::string, std::int32_t>> names;
  for (const DeviceMetric& metric : device_.metrics()) {
    EXPECT_FALSE(metric.name.empty());
    EXPECT_FALSE(metric.unit.empty()) << metric.name;
    EXPECT_TRUE(names.emplace(metric.name, metric.sub_device).second) << metric.name;
  }
}

}  // namespace penstock::testing
