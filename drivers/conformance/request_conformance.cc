#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "drivers/conformance/conformance_support.h"
#include "drivers/conformance/driver_conformance.h"

// Inferences: the caller's memory, exactly one completion, cancels, limits.
namespace penstock::testing {

TEST_P(DriverConformance, WritesOutputsIntoTheCallersMemoryAndNothingElse) {
  LoadedModel model = load_ready(subject().quick);
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
  LoadedModel model = load_ready(subject().quick);
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
  LoadedModel model = load_ready(subject().quick);
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
  LoadedModel model = load_ready(subject().quick);
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
  LoadedModel model = load_ready(subject().slow);
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
  LoadedModel model = load_ready(subject().slow);
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
  LoadedModel model = load_ready(subject().slow);
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
    make_resident(model);
    return model.create_request(queue_).value();
  };
  const LoadedModel model = load(subject().quick);
  Request request = lonely();
  ASSERT_TRUE(request.submit(inputs_of(model, 1), outputs_of(model, 0), 4).has_value());
  EXPECT_EQ(waiter_.next(queue_).token, 4U);
}

TEST_P(DriverConformance, DropsCompletionsWhoseQueueIsGone) {
  LoadedModel model = load_ready(subject().slow);
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
  LoadedModel model = load_ready(subject().quick);
  CompletionQueue queue = CompletionQueue::create(2, {}).value();
  std::optional<Request> first(model.create_request(queue).value());
  Request second = model.create_request(queue).value();
  EXPECT_EQ(model.create_request(queue).error().code, Errc::kUnavailable);
  first.reset();
  EXPECT_TRUE(model.create_request(queue).has_value());
}

TEST_P(DriverConformance, RefusesMoreRequestsThanTheModelAllows) {
  LoadedModel model = load_ready(subject().limited);
  ASSERT_EQ(model.info().max_requests, 2U);
  std::optional<Request> first(model.create_request(queue_).value());
  Request second = model.create_request(queue_).value();
  EXPECT_EQ(model.create_request(queue_).error().code, Errc::kUnavailable);
  EXPECT_EQ(queue_.reserved(), 2U);
  first.reset();
  EXPECT_TRUE(model.create_request(queue_).has_value());
}

TEST_P(DriverConformance, RefusesMapsWithStridesAndWorksOnDenseOnesAfter) {
  LoadedModel model = load_ready(subject().quick);
  Request request = model.create_request(queue_).value();
  const auto inputs = inputs_of(model, 1);
  const auto outputs = outputs_of(model, 0x5A);
  const auto with_strides = [](std::vector<FeatureMap> maps) {
    maps[0].strides_bytes[0] = 1U << 16U;
    return maps;
  };
  for (const Status& status : {request.submit(with_strides(inputs), outputs, 1),
                               request.submit(inputs, with_strides(outputs), 2)}) {
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, Errc::kUnsupported);
    EXPECT_NE(status.error().message.find("strides"), std::string::npos) << status.error().message;
  }
  EXPECT_EQ(std::to_integer<int>(outputs[0].data()[0]), 0x5A);
  ASSERT_TRUE(request.submit(inputs, outputs, 3).has_value());
  EXPECT_EQ(waiter_.next(queue_).token, 3U);
}

TEST_P(DriverConformance, CancelsFromOtherThreadsWhileItCompletes) {
  constexpr std::uint64_t kRounds = 40;
  LoadedModel model = load_ready(subject().quick);
  Request request = model.create_request(queue_).value();
  const auto inputs = inputs_of(model, 1);
  const auto outputs = outputs_of(model, 0);
  std::atomic<bool> stop{false};
  std::thread canceller([&] {
    while (!stop) {
      request.cancel();
      std::this_thread::yield();
    }
  });
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    ASSERT_TRUE(request.submit(inputs, outputs, round).has_value());
    const Completion completion = waiter_.next(queue_);
    EXPECT_EQ(completion.token, round);
    EXPECT_TRUE(completion.code == Errc::kCancelled || completion.code == Errc::kOk)
        << completion.message;
  }
  stop = true;
  canceller.join();
  EXPECT_FALSE(queue_.pop().has_value());
}

}  // namespace penstock::testing
