#include "tools/cli/run_report.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace penstock {
namespace {

RunStatus with_stream(std::uint64_t delivered, std::uint64_t failed, std::uint64_t lost) {
  RunStatus::Stream stream;
  stream.name = "cam";
  stream.totals.delivered = delivered;
  stream.totals.failed = failed;
  stream.totals.lost = lost;
  RunStatus status;
  status.streams.push_back(stream);
  return status;
}

TEST(RunReport, ShowsFailureWhenAStreamFailedAndDeliveredNothing) {
  EXPECT_TRUE(shows_failure(with_stream(0, 795, 0)));
}

TEST(RunReport, ShowsNoFailureWhenSomeFramesFailed) {
  EXPECT_FALSE(shows_failure(with_stream(794, 1, 0)));
}

TEST(RunReport, ShowsNoFailureForAnEmptyStream) {
  EXPECT_FALSE(shows_failure(with_stream(0, 0, 0)));
}

TEST(RunReport, ShowsFailureForALostFrame) {
  EXPECT_TRUE(shows_failure(with_stream(794, 0, 1)));
}

}  // namespace
}  // namespace penstock
