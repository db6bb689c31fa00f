#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "drivers/conformance/conformance_support.h"
#include "drivers/conformance/driver_conformance.h"

// Where a model is resident, and how it comes and goes.
namespace penstock::testing {

namespace {

/// Returns where `placed` is tried: its first placement.
SubDeviceMask first_place(const LoadedModel& model) {
  return model.info().placements.empty() ? 1 : model.info().placements[0].sub_devices;
}

}  // namespace

TEST_P(DriverConformance, ShowsPlacementsThatTheDeviceHas) {
  const SubDeviceMask all = all_sub_devices(device_.info());
  for (const Load& load : {subject().quick, subject().slow, subject().placed}) {
    if (load.path.empty() && load.options.empty()) {
      continue;  // Left out: the driver has no such model.
    }
    const LoadedModel model = this->load(load);
    std::set<SubDeviceMask> sets;
    for (const ModelPlacement& placement : model.info().placements) {
      EXPECT_NE(placement.sub_devices, 0U);
      EXPECT_EQ(placement.sub_devices & ~all, 0U);
      EXPECT_TRUE(sets.insert(placement.sub_devices).second) << placement.sub_devices;
      EXPECT_GE(placement.depth, 1U);
      EXPECT_GE(placement.activation_time, Duration::zero());
      EXPECT_GE(placement.service_time, Duration::zero());
    }
    EXPECT_FALSE(model.info().needs_activation && sets.empty());
  }
}

TEST_P(DriverConformance, ChangesNothingAtOnceForAModelThatIsAlwaysResident) {
  LoadedModel model = load(subject().quick);
  ASSERT_FALSE(model.info().needs_activation);
  Activation activation = model.create_activation(queue_).value();
  ASSERT_TRUE(activation.activate(first_place(model), 1).has_value());
  EXPECT_EQ(waiter_.next(queue_).code, Errc::kOk);
  ASSERT_TRUE(activation.deactivate(first_place(model), 2).has_value());
  EXPECT_EQ(waiter_.next(queue_).code, Errc::kOk);
  Request request = model.create_request(queue_).value();
  ASSERT_TRUE(request.submit(inputs_of(model, 1), outputs_of(model, 0), 3).has_value());
  EXPECT_EQ(waiter_.next(queue_).code, Errc::kOk);
}

TEST_P(DriverConformance, RunsAModelOnlyWhereItIsResident) {
  LoadedModel model = load(subject().placed);
  ASSERT_TRUE(model.info().needs_activation);
  Activation activation = model.create_activation(queue_).value();
  Request request = model.create_request(queue_).value();
  const auto inputs = inputs_of(model, 1);
  const auto outputs = outputs_of(model, 0);
  const SubDeviceMask place = first_place(model);
  EXPECT_EQ(request.submit(inputs, outputs, 1, place).error().code, Errc::kUnavailable);

  ASSERT_TRUE(activation.activate(place, 2).has_value());
  ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
  for (const SubDeviceMask where : {place, SubDeviceMask{0}}) {
    ASSERT_TRUE(request.submit(inputs, outputs, 3, where).has_value());
    EXPECT_EQ(waiter_.next(queue_).code, Errc::kOk);
  }
  for (const ModelPlacement& placement : model.info().placements) {
    if (placement.sub_devices != place) {
      EXPECT_EQ(request.submit(inputs, outputs, 4, placement.sub_devices).error().code,
                Errc::kUnavailable);
    }
  }

  ASSERT_TRUE(activation.deactivate(place, 5).has_value());
  ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
  EXPECT_EQ(request.submit(inputs, outputs, 6, place).error().code, Errc::kUnavailable);
  EXPECT_EQ(request.submit(inputs, outputs, 7).error().code, Errc::kUnavailable);
}

TEST_P(DriverConformance, RefusesASetThatIsNoPlacement) {
  LoadedModel model = load(subject().placed);
  Activation activation = model.create_activation(queue_).value();
  Request request = model.create_request(queue_).value();
  const SubDeviceMask none = ~all_sub_devices(device_.info());
  EXPECT_EQ(activation.activate(none, 1).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(request.submit(inputs_of(model, 1), outputs_of(model, 0), 2, none).error().code,
            Errc::kInvalidArgument);
  EXPECT_FALSE(queue_.pop().has_value());
}

TEST_P(DriverConformance, BecomesResidentAgainAsTheFirstTime) {
  constexpr int kCycles = 8;
  LoadedModel model = load(subject().placed);
  Activation activation = model.create_activation(queue_).value();
  std::size_t at_first = 0;
  for (int i = 0; i < kCycles; ++i) {
    ASSERT_TRUE(activation.activate(first_place(model), 1).has_value());
    ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
    ASSERT_TRUE(activation.deactivate(first_place(model), 2).has_value());
    ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
    at_first = i == kCycles / 2 ? heap_in_use() : at_first;
  }
  EXPECT_LE(heap_in_use(), at_first + subject().leak_tolerance_bytes);
}

TEST_P(DriverConformance, RefusesAModelTooManyNamingTheLimitAndTakesItLater) {
  std::vector<LoadedModel> models;
  std::vector<Activation> activations;
  Status last;
  for (std::size_t i = 0; i < subject().crowd && last.has_value(); ++i) {
    models.push_back(load(subject().placed));
    activations.push_back(models.back().create_activation(queue_).value());
    last = activations.back().activate(first_place(models.back()), i);
    if (last.has_value()) {
      ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
    }
  }
  ASSERT_FALSE(last.has_value()) << "all " << subject().crowd << " fit";
  EXPECT_EQ(last.error().code, Errc::kUnavailable);
  EXPECT_NE(last.error().message.find_first_of("0123456789"), std::string::npos)
      << "names no figure: " << last.error().message;
  ASSERT_GE(activations.size(), 2U) << "not even one fits";

  ASSERT_TRUE(activations.front().deactivate(first_place(models.front()), 98).has_value());
  ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
  ASSERT_TRUE(activations.back().activate(first_place(models.back()), 99).has_value());
  EXPECT_EQ(waiter_.next(queue_).code, Errc::kOk);
}

TEST_P(DriverConformance, GivesTheRoomOfAResidentModelBackWhenItUnloads) {
  for (std::size_t i = 0; i < subject().crowd; ++i) {
    LoadedModel model = load(subject().placed);
    make_resident(model);
  }
}

TEST_P(DriverConformance, LosesResidenceByAReset) {
  Bell bell;
  Device device = open_named(driver_, subject().device, bell.doorbell());
  LoadedModel model = device.load(subject().placed.path, subject().placed.options).value();
  Activation activation = model.create_activation(queue_).value();
  Request request = model.create_request(queue_).value();
  // Once with the change in flight, and once when it is done.
  for (const bool is_done : {false, true}) {
    ASSERT_TRUE(activation.activate(first_place(model), 1).has_value());
    if (is_done) {
      ASSERT_EQ(waiter_.next(queue_).code, Errc::kOk);
    }
    ASSERT_TRUE(device.reset().has_value());
    ASSERT_TRUE(bell.wait_for(device, Health::kOk));
    if (!is_done) {
      const auto completion = queue_.pop();
      ASSERT_TRUE(completion.has_value());
      EXPECT_TRUE(completion->code == Errc::kDeviceLost || completion->code == Errc::kOk);
    }
    EXPECT_EQ(request.submit(inputs_of(model, 1), outputs_of(model, 0), 2).error().code,
              Errc::kUnavailable);
  }
  make_resident(model);
  ASSERT_TRUE(request.submit(inputs_of(model, 1), outputs_of(model, 0), 3).has_value());
  EXPECT_EQ(waiter_.next(queue_).code, Errc::kOk);
}

}  // namespace penstock::testing
