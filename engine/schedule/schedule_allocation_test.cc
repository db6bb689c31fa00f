/// In its steady state the scheduler allocates nothing: it shares a process with what must not wait
/// for the heap. Memory is counted by this binary's own `operator new`.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <span>
#include <variant>

#include <gtest/gtest.h>

#include "engine/schedule/scheduler.h"

namespace {

bool is_counting = false;
std::uint64_t allocations = 0;

void* allocate(std::size_t bytes) {
  allocations += is_counting ? 1 : 0;
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) {
  return allocate(bytes);
}

void* operator new[](std::size_t bytes) {
  return allocate(bytes);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete[](void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  std::free(memory);
}

void operator delete[](void* memory, std::size_t /*bytes*/) noexcept {
  std::free(memory);
}

namespace penstock {
namespace {

using namespace std::chrono_literals;

/// A queue of the test's own that needs no memory.
template <class T>
class Fifo {
 public:
  void push(const T& item) { items_[(first_ + count_++) % items_.size()] = item; }

  T pop() {
    const T item = items_[first_];
    first_ = (first_ + 1) % items_.size();
    --count_;
    return item;
  }

  [[nodiscard]] bool empty() const { return count_ == 0; }

 private:
  std::array<T, 4096> items_{};
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

/// Two devices, four packages of which two do not fit together, eight clients that always have
/// work, each for two flows.
class SteadyWorld {
 public:
  static constexpr std::uint32_t kDevices = 2;
  static constexpr std::uint32_t kPackages = 4;
  static constexpr std::uint32_t kClients = 8;

  SteadyWorld() {
    for (std::uint32_t i = 0; i < kDevices; ++i) {
      scheduler_.apply(AddDevice{DeviceNumber{i}, {1, 100, 0, 0}}, now_);
    }
    for (std::uint32_t i = 0; i < kPackages; ++i) {
      BatchKnobs batch;
      batch.preferred_frames = 1 + i % 2;
      scheduler_.apply(AddPackage{PackageNumber{i}, batch}, now_);
      for (std::uint32_t device = 0; device < kDevices; ++device) {
        PlacementFacts facts;
        facts.depth = 2;
        facts.memory_bytes = 60;
        facts.activation_estimate = 2ms;
        facts.service_estimate = 1ms;
        scheduler_.apply(PlacePackage{PackageNumber{i}, DeviceNumber{device}, {facts}, false},
                         now_);
      }
    }
    for (std::uint32_t i = 0; i < kClients; ++i) {
      AddClient client;
      client.client = ClientNumber{i};
      client.knobs.weight = 1 + i % 3;
      client.knobs.priority = i == 7 ? PriorityClass::kHigh : PriorityClass::kNormal;
      scheduler_.apply(client, now_);
      OpenFlow flow;
      flow.flow = FlowNumber{i};
      flow.client = client.client;
      flow.package = PackageNumber{i % kPackages};
      flow.devices = {DeviceNumber{i % kDevices}, DeviceNumber{(i + 1) % kDevices}};
      flow.failover = true;
      flow.knobs.frame_limit = 20;
      flow.knobs.max_wait = 500ms;
      scheduler_.apply(flow, now_);
      flow.flow = companion_of(flow.flow);
      scheduler_.apply(flow, now_);
      flow.flow = FlowNumber{i};
      for (int k = 0; k < 4; ++k) {
        submit(flow.flow);
      }
    }
    decide();
  }

  /// The end of a batch or of a change of residence, and all that follows from it.
  void cycle() {
    now_ += 500us;
    if (!changes_.empty()) {
      const ResidenceChanged changed = changes_.pop();
      swaps_ += 1;
      count([&] { scheduler_.apply(changed, now_); });
    } else if (!batches_.empty()) {
      const BatchDone done{batches_.pop(), Errc::kOk, 1ms};
      count([&] { scheduler_.apply(done, now_); });
    }
    decide();
    while (!done_.empty()) {
      const FlowNumber flow = flow_of_[done_.pop().value % flow_of_.size()];
      count([&] { scheduler_.apply(OutputTaken{ClientNumber{flow.value}, 3}, now_); });
      submit(flow);
      ++finished_;
    }
    decide();
  }

  [[nodiscard]] std::uint64_t swaps() const { return swaps_; }

  [[nodiscard]] std::uint64_t finished() const { return finished_; }

 private:
  /// Counts what the scheduler allocates, not what the test does.
  template <class Call>
  static void count(Call call) {
    is_counting = true;
    call();
    is_counting = false;
  }

  void submit(FlowNumber flow) {
    SubmitRequest request;
    request.request = RequestNumber{++last_request_};
    request.flow = flow;
    request.deadline = now_ + 10s;
    // Every other one has frames of a second flow.
    const FlowPart other{companion_of(flow), 2};
    if (last_request_ % 2 == 0) {
      request.others = std::span(&other, 1);
    }
    flow_of_[request.request.value % flow_of_.size()] = flow;
    Admission admission;
    count([&] { admission = scheduler_.admit(request, now_); });
    ASSERT_EQ(admission.verdict, Admission::Verdict::kAccepted);
  }

  static FlowNumber companion_of(FlowNumber flow) { return {flow.value + kClients}; }

  void decide() {
    actions_.clear();
    count([&] { static_cast<void>(scheduler_.decide(now_, actions_)); });
    for (const SchedulerAction& action : actions_.all()) {
      if (const auto* run = std::get_if<RunBatch>(&action); run != nullptr) {
        batches_.push(run->batch);
      } else if (const auto* change = std::get_if<ChangeResidence>(&action); change != nullptr) {
        changes_.push({change->device, change->epoch, Errc::kOk, 2ms});
      } else if (const auto* finish = std::get_if<FinishRequest>(&action); finish != nullptr) {
        ASSERT_EQ(finish->reason, FinishReason::kDone);
        done_.push(finish->request);
      }
    }
  }

  Scheduler scheduler_{SchedulerKnobs()};
  SchedulerActions actions_;
  TimePoint now_{1s};
  std::uint64_t last_request_ = 0;
  std::array<FlowNumber, 4096> flow_of_{};
  Fifo<BatchNumber> batches_;
  Fifo<ResidenceChanged> changes_;
  Fifo<RequestNumber> done_;
  std::uint64_t swaps_ = 0;
  std::uint64_t finished_ = 0;
};

TEST(ScheduleAllocation, IsCounted) {
  allocations = 0;
  is_counting = true;
  ::operator delete(::operator new(sizeof(int)));  // A new-expression may be optimised away.
  is_counting = false;
  EXPECT_EQ(allocations, 1U);
}

TEST(ScheduleAllocation, ThereIsNoneInTheSteadyState) {
  SteadyWorld world;
  for (int i = 0; i < 20'000; ++i) {
    world.cycle();
  }
  const std::uint64_t swaps = world.swaps();
  const std::uint64_t finished = world.finished();
  allocations = 0;
  for (int i = 0; i < 50'000; ++i) {
    world.cycle();
  }
  EXPECT_EQ(allocations, 0U);
  EXPECT_GT(world.swaps() - swaps, 20U) << "swaps belong to the steady state";
  EXPECT_GT(world.finished() - finished, 10'000U);
}

}  // namespace
}  // namespace penstock
