#include "tools/cli/run_report.h"

#include <chrono>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/frame/outcome.h"

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

RunStatus with_every_outcome() {
  RunStatus status = with_stream(90, 2, 0);
  StreamLedger::Totals& totals = status.streams[0].totals;
  totals.offered = 100;
  totals.refused = 3;
  totals.dropped = 1;
  totals.cancelled = 4;
  totals.by_reason[static_cast<std::size_t>(Reason::kLatestWins)] = 3;
  totals.by_reason[static_cast<std::size_t>(Reason::kDeviceFailed)] = 2;
  return status;
}

TEST(RunReport, ShowsEachOutcomeByItsOwnWordInTheStatusLine) {
  const std::string line =
      status_line({{}, with_every_outcome(), std::chrono::seconds(1), std::chrono::seconds(1)}, 0);
  EXPECT_NE(line.find("3 refused, 1 dropped, 4 cancelled, 2 failed"), std::string::npos) << line;
}

TEST(RunReport, SaysNothingOfOutcomesThatThereWereNot) {
  const std::string line =
      status_line({{}, with_stream(90, 0, 0), std::chrono::seconds(1), std::chrono::seconds(1)}, 0);
  EXPECT_EQ(line, "cam: 90 frames, 90.0 fps, 0/0 in flight");
}

TEST(RunReport, ShowsOutcomesAndReasonsInTheSummary) {
  const std::string text = summary_text(with_every_outcome(), {}, {});
  EXPECT_NE(text.find("    not delivered: 3 refused, 1 dropped, 4 cancelled, 2 failed "
                      "(latest_wins 3, device_failed 2)\n"),
            std::string::npos)
      << text;
  const auto json = nlohmann::json::parse(summary_json(with_every_outcome(), {}, {}));
  EXPECT_EQ(json.at("streams").at(0).at("failed"), 2);
  EXPECT_EQ(json.at("streams").at(0).at("dropped"), 1);
}

TEST(RunReport, NamesWhatWasCutOff) {
  const RunEnd end{std::chrono::seconds(90), std::chrono::seconds(30), {"mp4[cam]", "log"}};
  const std::string text = summary_text(with_stream(90, 0, 0), {}, end);
  EXPECT_NE(text.find("  cut off 30s after the stop (see --drain-limit): 'mp4[cam]', 'log'\n"),
            std::string::npos)
      << text;
  const auto json = nlohmann::json::parse(summary_json(with_stream(90, 0, 0), {}, end));
  EXPECT_EQ(json.at("cut_off").at(0), "mp4[cam]");
}

TEST(RunReport, CountsTheFramesThatAHungNodeHolds) {
  RunStatus status = with_stream(90, 0, 0);
  status.streams[0].in_flight = 3;
  const std::string text = summary_text(status, {}, {});
  EXPECT_NE(text.find("    not ended: 3, held by what hangs\n"), std::string::npos) << text;
}

TEST(RunReport, SaysNothingOfCuttingOffWhereAllHasFinished) {
  EXPECT_EQ(summary_text(with_stream(90, 0, 0), {}, {}).find("cut off"), std::string::npos);
}

TEST(RunReport, SaysHowTheDataOfAStreamIsDamaged) {
  RunStatus status = with_stream(16, 0, 0);
  EXPECT_EQ(summary_text(status, {}, {std::chrono::seconds(1)}).find("damaged"), std::string::npos);
  status.streams[0].decode_errors = 1;
  status.streams[0].missing_frames = 779;
  const std::string text = summary_text(status, {}, {std::chrono::seconds(1)});
  EXPECT_NE(text.find("its data is damaged: 1 decode error, 779 frames missing at its end\n"),
            std::string::npos)
      << text;
  const std::string json = summary_json(status, {}, {std::chrono::seconds(1)});
  EXPECT_NE(json.find(R"("decode_errors":1,"missing_frames":779)"), std::string::npos) << json;
}

TEST(RunReport, TellsTimeWithWorkFromTimeInWhichADeviceComputes) {
  RunStatus status = with_stream(90, 0, 0);
  status.devices = {{"detect.infer", 90, 90, 0, 750'000'000, 0, 1000, 2000}};
  RunEnd end;
  end.elapsed = std::chrono::seconds(1);
  const std::string text = summary_text(status, {}, end);
  EXPECT_NE(text.find("90 inferences, with work 75 %, p50"), std::string::npos) << text;
  const auto json = nlohmann::json::parse(summary_json(status, {}, end));
  EXPECT_EQ(json.at("devices").at(0).at("with_work"), 0.75);
}

TEST(RunReport, ShowsBothRatesOfADeviceThatTheHostLimits) {
  PoolStatus pool;
  PoolStatus::Device device;
  device.name = "npu";
  device.identity = "metis-0:1:0";
  device.simulated = true;
  device.device_fps = 2339;
  device.host_fps = 58.24;
  pool.devices = {device};
  const RunEnd end{std::chrono::seconds(1)};
  EXPECT_NE(summary_text({}, pool, end).find("  device 'npu' is metis-0:1:0, simulated\n"),
            std::string::npos);
  pool.devices[0].host_limited = true;
  const std::string text = summary_text({}, pool, end);
  EXPECT_NE(text.find("simulated, limited by the host: device 2339.0 fps, host 58.2 fps\n"),
            std::string::npos)
      << text;
  const auto json = nlohmann::json::parse(summary_json({}, pool, end));
  EXPECT_EQ(json.at("pool").at("devices").at(0).at("device_fps"), 2339);
  EXPECT_EQ(json.at("pool").at("devices").at(0).at("host_fps"), 58.24);
}

TEST(RunReport, SaysWhereASimulatedServiceTimeIsFrom) {
  PoolStatus pool;
  PoolStatus::Package package;
  package.name = "cars";
  pool.packages = {package};
  const RunEnd end{std::chrono::seconds(1)};
  EXPECT_EQ(summary_text({}, pool, end).find("cars"), std::string::npos) << "no device simulated";
  pool.packages[0].service_time = "calibrated: cars (a table)";
  const std::string text = summary_text({}, pool, end);
  EXPECT_NE(text.find("  model 'cars' took simulated time: calibrated: cars (a table)\n"),
            std::string::npos)
      << text;
  const auto json = nlohmann::json::parse(summary_json({}, pool, end));
  EXPECT_EQ(json.at("pool").at("models").at(0).at("service_time"), "calibrated: cars (a table)");
}

TEST(RunReport, TellsNoLatencyOfAStreamWithoutFrames) {
  const auto text = [](std::uint64_t delivered) {
    return summary_text(with_stream(delivered, 0, 0), {}, {std::chrono::seconds(1)});
  };
  EXPECT_NE(text(1).find("latency"), std::string::npos) << text(1);
  EXPECT_EQ(text(0).find("latency"), std::string::npos) << text(0);
}

}  // namespace
}  // namespace penstock
