#include "tools/fit/fit_limit.h"

#include <functional>

#include <gtest/gtest.h>

namespace penstock {
namespace {

/// Figures of a run in which nothing is full.
FitFigures at_ease() {
  FitFigures figures;
  figures.streams = 4;
  figures.models = 1;
  figures.utilisation = 0.5;
  figures.with_work = 0.6;
  figures.swap_share_limit = 0.2;
  return figures;
}

FitFigures taking_turns(double swap_share) {
  FitFigures figures = at_ease();
  figures.models = 2;
  figures.swaps_per_second = 3;
  figures.swap_share = swap_share;
  return figures;
}

TEST(FitLimit, NamesWhatIsFull) {
  struct Row {
    const char* what;
    std::function<void(FitFigures&)> change;
    FitLimit::Kind kind;
  };

  const Row rows[] = {
      {"units", [](auto& f) { f.utilisation = 0.95; }, FitLimit::Kind::kDevice},
      {"units, though also fed",
       [](auto& f) { f.utilisation = f.with_work = 1; },
       FitLimit::Kind::kDevice},
      {"transfers", [](auto& f) { f.with_work = 0.99; }, FitLimit::Kind::kLink},
      {"places", [](auto&) {}, FitLimit::Kind::kWindow},
      {"failures before all else",
       [](auto& f) {
         f.failed = 3;
         f.utilisation = 1;
       },
       FitLimit::Kind::kFailures},
      {"a device that does not work before what follows from it",
       [](auto& f) {
         f.trouble = "device 'npu' does not work (fault): shut down at 120 C";
         f.failed = 3;
         f.with_work = 1;
         f.utilisation = 0;
       },
       FitLimit::Kind::kHealth},
      {"units, although models take turns",
       [](auto& f) {
         f.models = 2;
         f.swaps_per_second = 3;
         f.utilisation = 0.95;
         f.swap_share = 0.04;
       },
       FitLimit::Kind::kDevice},
      {"a wrong order before all else",
       [](auto& f) {
         f.in_order = false;
         f.failed = 3;
       },
       FitLimit::Kind::kOrder},
  };
  for (const Row& row : rows) {
    FitFigures figures = at_ease();
    row.change(figures);
    EXPECT_EQ(limit_of(figures).kind, row.kind) << row.what;
  }
}

TEST(FitLimit, TellsTooManySwapsFromTooLittleMemory) {
  EXPECT_EQ(limit_of(taking_turns(0.19)).kind, FitLimit::Kind::kSwapShare);
  EXPECT_EQ(limit_of(taking_turns(0.05)).kind, FitLimit::Kind::kMemory);
  FitFigures together = taking_turns(0);
  together.swaps_per_second = 0;
  EXPECT_EQ(limit_of(together).kind, FitLimit::Kind::kWindow) << "both models stay on the device";
}

TEST(FitLimit, SaysWhyWithFigures) {
  FitFigures figures = at_ease();
  figures.drops = {{"queue_oldest", 2}, {"latest_wins", 17}};
  const FitLimit limit = limit_of(figures);
  EXPECT_NE(limit.why.find("50 %"), std::string::npos) << limit.why;
  EXPECT_NE(limit.why.find("latest_wins"), std::string::npos) << limit.why;
}

}  // namespace
}  // namespace penstock
