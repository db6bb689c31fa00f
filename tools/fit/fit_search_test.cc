#include "tools/fit/fit_search.h"

#include <set>

#include <gtest/gtest.h>

namespace penstock {
namespace {

/// A device that takes `most` streams, and what it was asked.
struct Asked {
  std::uint32_t most = 0;
  std::multiset<std::uint32_t> trials;

  FitTrial trial() {
    return [this](std::uint32_t streams) -> Result<FitFigures> {
      trials.insert(streams);
      FitFigures figures;
      figures.streams = streams;
      figures.drop_rate = streams <= most ? 0.01 : 0.02;
      return figures;
    };
  }
};

TEST(SearchFit, FindsTheLastThatFitsAndTheFirstThatDoesNot) {
  for (std::uint32_t most = 1; most < 64; ++most) {
    Asked asked{most, {}};
    const auto answer = search_fit({0.01, 64}, asked.trial());
    ASSERT_TRUE(answer.has_value());
    ASSERT_TRUE(answer->best.has_value() && answer->next.has_value()) << most;
    EXPECT_EQ(answer->best->streams, most);
    EXPECT_EQ(answer->next->streams, most + 1);
    EXPECT_LE(asked.trials.size(), 14U) << most;
    EXPECT_EQ(asked.trials.size(),
              std::set<std::uint32_t>(asked.trials.begin(), asked.trials.end()).size())
        << "none twice";
  }
}

TEST(SearchFit, SaysThatNoneFits) {
  Asked asked{0, {}};
  const auto answer = search_fit({0.01, 64}, asked.trial());
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->best.has_value());
  ASSERT_TRUE(answer->next.has_value());
  EXPECT_EQ(answer->next->streams, 1U);
}

TEST(SearchFit, EndsAtTheMostThatItMayTry) {
  Asked asked{1000, {}};
  const auto answer = search_fit({0.01, 50}, asked.trial());
  ASSERT_TRUE(answer.has_value() && answer->best.has_value());
  EXPECT_EQ(answer->best->streams, 50U);
  EXPECT_FALSE(answer->next.has_value());
  EXPECT_EQ(*asked.trials.rbegin(), 50U);
}

TEST(SearchFit, PassesTheErrorOfATrialOn) {
  const auto answer = search_fit({0.01, 50}, [](std::uint32_t streams) -> Result<FitFigures> {
    if (streams == 4) {
      return Error{Errc::kUnavailable, "four"};
    }
    FitFigures figures;
    figures.streams = streams;
    return figures;
  });
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().message, "four");
}

TEST(SearchFit, TakesNoStreamsThatFailOrComeOutOfOrder) {
  FitFigures figures;
  EXPECT_TRUE(does_fit(figures, {}));
  figures.failed = 1;
  EXPECT_FALSE(does_fit(figures, {}));
  figures.failed = 0;
  figures.in_order = false;
  EXPECT_FALSE(does_fit(figures, {}));
}

}  // namespace
}  // namespace penstock
