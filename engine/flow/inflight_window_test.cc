#include "engine/flow/inflight_window.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

struct Bell {
  std::atomic<int> rings{0};

  Doorbell doorbell() {
    return {[](void* self) { static_cast<Bell*>(self)->rings.fetch_add(1); }, this};
  }
};

InflightWindow window_of(std::uint32_t capacity) {
  return std::move(InflightWindow::create(capacity)).value();
}

TEST(InflightWindow, AdmitsAsManyFramesAsItHasPlaces) {
  InflightWindow window = window_of(2);
  const auto first = window.admit();
  const auto second = window.admit();
  EXPECT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(window.in_flight(), 2U);
}

TEST(InflightWindow, AdmitsNothingWhenFull) {
  InflightWindow window = window_of(1);
  const auto place = window.admit();
  EXPECT_FALSE(window.has_room());
  EXPECT_FALSE(window.admit().has_value());
}

TEST(InflightWindow, AdmitsAgainAfterAPlaceCameBack) {
  InflightWindow window = window_of(1);
  auto place = window.admit();
  place.reset();
  EXPECT_EQ(window.in_flight(), 0U);
  EXPECT_TRUE(window.admit().has_value());
}

TEST(InflightWindow, RefusesCapacitiesOutside1To1024) {
  EXPECT_EQ(InflightWindow::create(0).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(InflightWindow::create(1025).error().code, Errc::kInvalidArgument);
  EXPECT_TRUE(InflightWindow::create(1024).has_value());
}

TEST(InflightWindow, RingsOnlyWhenItLeavesTheFullState) {
  Bell bell;
  InflightWindow window = window_of(2);
  window.set_doorbell(bell.doorbell());
  auto first = window.admit();
  first.reset();
  EXPECT_EQ(bell.rings, 0);
  first = window.admit();
  auto second = window.admit();
  first.reset();
  EXPECT_EQ(bell.rings, 1);
  second.reset();
  EXPECT_EQ(bell.rings, 1);
}

TEST(InflightWindow, GivesAPlaceBackOnce) {
  InflightWindow window = window_of(2);
  const auto other = window.admit();
  auto place = window.admit();
  place->give_back();
  place->give_back();
  EXPECT_FALSE(static_cast<bool>(*place));
  place.reset();
  EXPECT_EQ(window.in_flight(), 1U);
}

TEST(InflightWindow, MovesAPlaceWithoutGivingItBack) {
  InflightWindow window = window_of(2);
  Place a = std::move(*window.admit());
  Place b = std::move(a);
  EXPECT_EQ(window.in_flight(), 1U);
  Place& same = b;
  b = std::move(same);
  EXPECT_EQ(window.in_flight(), 1U);
  b = Place();
  EXPECT_EQ(window.in_flight(), 0U);
}

TEST(InflightWindow, AdmitsNothingAndRingsNobodyOnceClosed) {
  Bell bell;
  InflightWindow window = window_of(1);
  window.set_doorbell(bell.doorbell());
  auto place = window.admit();
  window.close();
  place.reset();
  EXPECT_EQ(bell.rings, 0);
  EXPECT_EQ(window.in_flight(), 0U);
  EXPECT_FALSE(window.admit().has_value());
}

TEST(InflightWindow, MayGoBeforeItsPlaces) {
  auto bell = std::make_unique<Bell>();
  std::optional<Place> place;
  {
    InflightWindow window = window_of(1);
    window.set_doorbell(bell->doorbell());
    place = window.admit();
  }
  bell.reset();
  place.reset();  // Nobody is rung: the bell is gone.
}

TEST(InflightWindow, TakesTheLastPlacesOfAFullWindowBackAfterItHasGone) {
  std::vector<Place> places;
  {
    InflightWindow window = window_of(2);
    places.push_back(std::move(*window.admit()));
    places.push_back(std::move(*window.admit()));
  }
  places.pop_back();
  places.pop_back();  // A leak, or memory that is used after it was freed, shows under ASan.
}

TEST(InflightWindow, MayGoWhileItsPlacesComeBack) {
  for (int round = 0; round < 200; ++round) {
    auto bell = std::make_unique<Bell>();
    auto window = std::make_unique<InflightWindow>(window_of(2));
    window->set_doorbell(bell->doorbell());
    Place first = std::move(*window->admit());
    Place second = std::move(*window->admit());
    std::thread one([&] { first.give_back(); });
    std::thread other([&] { second.give_back(); });
    window.reset();
    bell.reset();  // Whoever still rang it would be seen by a sanitizer.
    one.join();
    other.join();
  }
}

TEST(InflightWindow, ClosesTheWindowThatItReplaces) {
  auto bell = std::make_unique<Bell>();
  InflightWindow window = window_of(1);
  window.set_doorbell(bell->doorbell());
  auto place = window.admit();
  window = window_of(3);
  EXPECT_EQ(window.capacity(), 3U);
  place.reset();
  EXPECT_EQ(bell->rings, 0);
}

TEST(InflightWindow, TakesPlacesBackFromOtherThreadsAndLosesNoRing) {
  constexpr int kFrames = 2'000;
  InflightWindow window = window_of(3);
  std::atomic<std::uint32_t> rings{0};
  window.set_doorbell({[](void* context) {
                         auto& count = *static_cast<std::atomic<std::uint32_t>*>(context);
                         count.fetch_add(1);
                         count.notify_one();
                       },
                       &rings});
  std::vector<std::atomic<bool>> ready(kFrames);
  std::vector<Place> places(kFrames);
  const auto give_back = [&](int first) {
    for (int i = first; i < kFrames; i += 2) {
      ready[static_cast<std::size_t>(i)].wait(false);
      places[static_cast<std::size_t>(i)].give_back();
    }
  };
  std::thread even(give_back, 0);
  std::thread odd(give_back, 1);
  for (std::size_t i = 0; i < kFrames; ++i) {
    while (true) {
      const std::uint32_t seen = rings.load();
      if (auto place = window.admit(); place.has_value()) {
        places[i] = std::move(*place);
        break;
      }
      rings.wait(seen);  // A lost ring hangs here.
    }
    ready[i].store(true);
    ready[i].notify_all();
  }
  even.join();
  odd.join();
  EXPECT_EQ(window.in_flight(), 0U);
}

}  // namespace
}  // namespace penstock
