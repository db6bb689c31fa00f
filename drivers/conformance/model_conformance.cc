#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "drivers/conformance/conformance_support.h"
#include "drivers/conformance/driver_conformance.h"

// Loading: what is said before, what happens, and what is left behind.
namespace penstock::testing {

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
      LoadedModel model = load_ready(subject().quick);
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

TEST_P(DriverConformance, SaysOfEachLoadWhatItDoes) {
  std::vector<Load> loads = {
      subject().quick, subject().slow, subject().limited, subject().lost, subject().placed};
  for (const RefusedLoad& refused : subject().refused) {
    loads.push_back(refused.load);
  }
  for (const Load& load : loads) {
    // A load that the subject leaves out is as good a load as any: explained and refused, or not.
    const auto obstacles = device_.explain(load.path, load.options);
    const auto model = device_.load(load.path, load.options);
    ASSERT_TRUE(obstacles.has_value()) << load.path << ": " << obstacles.error().message;
    EXPECT_EQ(obstacles->empty(), model.has_value()) << load.path;
  }
}

TEST_P(DriverConformance, LoadsFromSeveralThreadsAtOnce) {
  constexpr int kThreads = 3;
  std::atomic<int> wrong{0};
  const LoadedModel alone = load(subject().quick);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const auto model = device_.load(subject().quick.path, subject().quick.options);
      wrong += model.has_value() && model->inputs().size() == alone.inputs().size() ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace penstock::testing
