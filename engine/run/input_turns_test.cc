#include "engine/run/input_turns.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

using Inputs = std::vector<std::size_t>;

/// Serves `count` frames, each of the first input in the order that has one.
Inputs serve(
    InputTurns& turns,
    std::size_t count,
    const std::function<bool(std::size_t input)>& has_frame = [](std::size_t) { return true; }) {
  Inputs served;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t place = 0; place < turns.size(); ++place) {
      if (const std::size_t input = turns.at(place); has_frame(input)) {
        served.push_back(input);
        turns.serve(place);
        break;
      }
    }
  }
  return served;
}

Inputs counts(const Inputs& served, std::size_t inputs) {
  Inputs result(inputs);
  for (const std::size_t input : served) {
    ++result[input];
  }
  return result;
}

TEST(InputTurns, GoRoundAmongEquals) {
  InputTurns turns({{}, {}, {}});
  EXPECT_EQ(serve(turns, 6), (Inputs{0, 1, 2, 0, 1, 2}));
}

TEST(InputTurns, ServeTheHighestRankFirst) {
  InputTurns turns({{.rank = 0}, {.rank = 2}, {.rank = 1}});
  EXPECT_EQ(serve(turns, 3), (Inputs{1, 1, 1}));
  EXPECT_EQ(serve(turns, 2, [](std::size_t input) { return input != 1; }), (Inputs{2, 2}));
}

TEST(InputTurns, ShareByWeightWithinARank) {
  InputTurns turns({{.weight = 1}, {.weight = 3}, {.weight = 0.5}});
  EXPECT_EQ(counts(serve(turns, 90), 3), (Inputs{20, 60, 10}));
}

TEST(InputTurns, GiveNobodyThePastThatItDidNotClaim) {
  InputTurns turns({{}, {}});
  serve(turns, 100, [](std::size_t input) { return input == 0; });
  EXPECT_EQ(counts(serve(turns, 10), 2), (Inputs{5, 5}));
}

TEST(InputTurns, LeaveOtherRanksWhereTheyAre) {
  InputTurns turns({{.rank = 1}, {.rank = 0}, {.rank = 0}});
  const auto low = [](std::size_t input) { return input != 0; };
  EXPECT_EQ(serve(turns, 1, low), (Inputs{1}));
  EXPECT_EQ(serve(turns, 2), (Inputs{0, 0}));
  EXPECT_EQ(serve(turns, 2, low), (Inputs{2, 1}));
}

}  // namespace
}  // namespace penstock
