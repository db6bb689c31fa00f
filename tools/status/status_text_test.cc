#include "tools/status/status_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tools/status/status_document.h"

namespace penstock {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

StatusDocument document() {
  StatusDocument document;
  document.version = "0.1.0";
  document.process = 4711;
  document.started = "2026-01-01T00:00:00Z";
  document.uptime = std::chrono::seconds(3723);
  document.now = TimePoint(std::chrono::seconds(100));
  document.run.graph = "two-models";
  RunStatus::Stream stream;
  stream.name = "cam";
  stream.totals.delivered = 90;
  stream.totals.refused = 3;
  stream.totals.failed = 2;
  stream.totals.by_reason[1] = 3;
  stream.totals.by_reason[9] = 2;
  stream.in_flight = 1;
  stream.window = 2;
  stream.latency_p50_ns = 12'000'000;
  stream.latency_p99_ns = 30'500'000;
  document.run.streams = {stream};
  document.run.nodes = {{"detect.infer", "", 90, 1, 0, 2, 1000, 2000}};
  RunStatus::Edge edge;
  edge.name = "cam -> detect";
  edge.stats.waiting = 3;
  edge.stats.capacity = 4;
  document.run.edges = {edge};
  document.rates.stream_fps = {24.96};
  document.rates.queue_oldest_ns = {1'500'000'000};
  PoolStatus::Device device;
  device.name = "npu";
  device.identity = "mx3-0";
  device.simulated = true;
  device.state = "loaded";
  device.health = "degraded";
  device.reason = "88 C";
  device.sub_devices = {{0, {"cars"}, 2, 0.5}, {1, {"cars", "plates"}, 0, 0}};
  device.sub_devices[0].coming_in = {"plates"};
  document.pool.devices = {device};
  PoolStatus::Package package;
  package.name = "cars";
  package.hash = std::string(64, 'a');
  package.resident_on = {"npu:0", "npu:1"};
  package.swaps = 7;
  package.mode = "group4";
  package.service_time = "calibrated: cars (a table)";
  package.swap_ns = 21'000'000;
  document.pool.packages = {package};
  PoolStatus::Client client;
  client.name = "detect cam";
  client.priority = "high";
  client.weight = 2;
  client.done = 60;
  client.failed = 4;
  client.dropped = {{"deadline", 5}};
  document.pool.clients = {client};
  document.pool.decisions = {{TimePoint(std::chrono::seconds(98)), "npu swaps cars -> plates"}};
  document.pool.decision_count = 40;
  return document;
}

TEST(StatusDocument, SaysEverythingInJson) {
  const auto json = nlohmann::json::parse(status_json(document()));
  EXPECT_EQ(json.at("graph"), "two-models");
  EXPECT_EQ(json.at("pid"), 4711);
  EXPECT_EQ(json.at("streams").at(0).at("by_reason").at("latest_wins"), 3);
  EXPECT_EQ(json.at("streams").at(0).at("latency_ms").at("p99"), 30.5);
  EXPECT_EQ(json.at("queues").at(0).at("oldest_ms"), 1500);
  EXPECT_EQ(json.at("devices").at(0).at("simulated"), true);
  EXPECT_EQ(json.at("devices").at(0).at("sub_devices").at(1).at("resident").at(1), "plates");
  EXPECT_EQ(json.at("devices").at(0).at("sub_devices").at(0).at("coming_in").at(0), "plates");
  EXPECT_EQ(json.at("packages").at(0).at("coming_in_on"), nlohmann::json::array());
  EXPECT_EQ(json.at("packages").at(0).at("swap_ms"), 21);
  EXPECT_EQ(json.at("packages").at(0).at("service_time"), "calibrated: cars (a table)");
  EXPECT_EQ(json.at("clients").at(0).at("dropped").at("deadline"), 5);
  EXPECT_EQ(json.at("clients").at(0).at("failed"), 4);
  EXPECT_EQ(json.at("decisions").at(0).at("age_s"), 2);
  EXPECT_EQ(json.at("decision_count"), 40);
}

TEST(StatusDocument, SurvivesNamesThatAreNoText) {
  StatusDocument broken = document();
  broken.run.graph = "\xff\xfe";
  EXPECT_TRUE(nlohmann::json::accept(status_json(broken)));
}

TEST(StatusText, ShowsEveryTable) {
  const auto text = status_text(status_json(document()));
  ASSERT_TRUE(text.has_value()) << text.error().message;
  EXPECT_EQ(text->rfind("two-models: process 4711, up 1:02:03, started 2026-01-01T00:00:00Z\n", 0),
            0U)
      << *text;
  EXPECT_TRUE(contains(*text,
                       "cam     25.0         90        3        0          0       2        1/2   "
                       "12.0/30.5  latest_wins 3, device_failed 2\n"))
      << *text;
  EXPECT_TRUE(contains(*text, "cam -> detect      3/4   1.5 s")) << *text;
  EXPECT_TRUE(contains(*text, "npu     mx3-0 (simulated)  degraded  loaded    0         50 %"))
      << *text;
  EXPECT_TRUE(contains(*text, "cars, plates")) << *text;
  EXPECT_TRUE(contains(*text, "plates (coming in)")) << *text;
  EXPECT_TRUE(contains(*text, "88 C")) << *text;
  EXPECT_TRUE(contains(*text, "aaaaaaaaaaaa  group4")) << *text;
  EXPECT_TRUE(contains(*text, "npu:0, npu:1  calibrated: cars (a table)\n")) << *text;
  EXPECT_TRUE(contains(*text, "deadline 5")) << *text;
  EXPECT_TRUE(contains(*text, "2.0 s ago  npu swaps cars -> plates")) << *text;
}

TEST(StatusText, ShowsBothRatesOfADeviceThatTheHostLimits) {
  StatusDocument slow = document();
  PoolStatus::Device& device = slow.pool.devices[0];
  device.host_limited = true;
  device.device_fps = 2339;
  device.host_fps = 58.24;
  const auto text = status_text(status_json(slow));
  ASSERT_TRUE(text.has_value());
  EXPECT_TRUE(contains(*text, "88 C; limited by the host: device 2339.0 fps, host 58.2 fps\n"))
      << *text;
  const auto json = nlohmann::json::parse(status_json(slow));
  EXPECT_EQ(json.at("devices").at(0).at("device_fps"), 2339);
  EXPECT_EQ(json.at("devices").at(0).at("host_fps"), 58.24);
}

TEST(StatusText, TellsWhatIsNotMeasuredFromNothing) {
  StatusDocument mixed = document();
  mixed.pool.devices[0].sub_devices[0].utilisation = 0.0;
  mixed.pool.devices[0].sub_devices[1].utilisation.reset();
  const auto json = nlohmann::json::parse(status_json(mixed));
  EXPECT_EQ(json.at("devices").at(0).at("sub_devices").at(0).at("utilisation"), 0.0);
  EXPECT_TRUE(json.at("devices").at(0).at("sub_devices").at(1).at("utilisation").is_null());
  const auto text = status_text(status_json(mixed));
  ASSERT_TRUE(text.has_value());
  EXPECT_TRUE(contains(*text, "   0          0 %          2  cars")) << *text;
  EXPECT_TRUE(contains(*text, "   1            -          0  cars, plates")) << *text;
}

TEST(StatusText, ShowsHowTheDataOfAStreamIsDamaged) {
  StatusDocument damaged = document();
  damaged.run.streams[0].decode_errors = 1;
  damaged.run.streams[0].missing_frames = 779;
  const auto text = status_text(status_json(damaged));
  ASSERT_TRUE(text.has_value());
  EXPECT_TRUE(contains(*text,
                       "latest_wins 3, device_failed 2; 1 decode error, 779 frames missing at its "
                       "end\n"))
      << *text;
}

TEST(StatusText, CountsDecisionsThatSayTheSame) {
  StatusDocument busy = document();
  busy.pool.decisions.assign(100, {TimePoint(std::chrono::seconds(99)), "npu: cars runs"});
  busy.pool.decisions.insert(busy.pool.decisions.begin() + 50,
                             {TimePoint(std::chrono::seconds(98)), "npu swaps"});
  const auto text = status_text(status_json(busy));
  ASSERT_TRUE(text.has_value());
  EXPECT_TRUE(contains(*text,
                       "1.0 s ago  npu: cars runs         (50 times)\n"
                       "2.0 s ago  npu swaps\n"
                       "1.0 s ago  npu: cars runs         (50 times)\n"))
      << *text;
}

TEST(StatusText, ShowsWhatIsRareAmongRunsOfBatches) {
  StatusDocument busy = document();
  busy.pool.decisions = {{TimePoint(std::chrono::seconds(98)), "npu: fault", "device_fault"}};
  for (int i = 0; i < 50; ++i) {
    busy.pool.decisions.push_back(
        {TimePoint(std::chrono::seconds(99)), "npu: runs " + std::to_string(i), "run", 3});
  }
  const auto text = status_text(status_json(busy));
  ASSERT_TRUE(text.has_value());
  EXPECT_TRUE(contains(*text, "2.0 s ago  npu: fault\n1.0 s ago  npu: runs 46\n")) << *text;
  EXPECT_TRUE(contains(*text, "npu: runs 49\n")) << *text;
}

TEST(StatusText, LeavesOutTablesWithoutRows) {
  StatusDocument plain = document();
  plain.pool = PoolStatus();
  const auto text = status_text(status_json(plain));
  ASSERT_TRUE(text.has_value());
  EXPECT_FALSE(contains(*text, "DEVICE"));
  EXPECT_FALSE(contains(*text, "DECISIONS"));
}

TEST(StatusText, PassesARefusalOn) {
  const auto text = status_text("{\"error\":\"too many ask at once\"}");
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().code, Errc::kUnavailable);
  EXPECT_EQ(text.error().message, "too many ask at once");
}

TEST(StatusText, SurvivesAnswersOfAnyShape) {
  EXPECT_EQ(status_text("").error().code, Errc::kCorrupt);
  EXPECT_EQ(status_text("[1]").error().code, Errc::kCorrupt);
  for (const char* answer : {"{}",
                             R"({"streams":7,"nodes":{"a":1},"queues":[1,"x",null]})",
                             R"({"devices":[{"sub_devices":"x"},3],"clients":[{"dropped":[1]}]})",
                             R"({"decisions":{"a":1},"packages":[{"resident_on":{"a":2}}]})",
                             R"({"graph":["x"],"pid":"y","streams":[{"by_reason":{"a":"b"}}]})"}) {
    EXPECT_TRUE(status_text(answer).has_value()) << answer;
  }
}

TEST(StatusText, GivesATerminalNothingToObey) {
  const auto text = status_text(R"({"graph":"\u001b[2J\u0007x","streams":[{"name":"a\nb"}]})");
  ASSERT_TRUE(text.has_value());
  EXPECT_FALSE(contains(*text, "\x1b"));
  EXPECT_TRUE(contains(*text, "?[2J?x"));
  EXPECT_TRUE(contains(*text, "a?b"));
}

TEST(StatusText, FitsAScreen) {
  EXPECT_EQ(fit_to_screen("abcdef\ngh\nij\n", 4, 2), "abcd\ngh");
  EXPECT_EQ(fit_to_screen("\xC3\xA4\xC3\xB6x\n", 2, 9), "\xC3\xA4\xC3\xB6\n");
}

TEST(StatusText, KeepsLatenciesOnANarrowScreen) {
  StatusDocument crowd = document();
  for (int i = 0; i < 40; ++i) {
    crowd.run.streams.push_back(crowd.run.streams.front());
    crowd.run.streams.back().name = "camera at the long side " + std::to_string(i);
  }
  const auto text = status_text(status_json(crowd), {80, 40});
  ASSERT_TRUE(text.has_value());
  const std::string screen = fit_to_screen(*text, 80, 40);
  EXPECT_TRUE(contains(screen, "12.0/30.5")) << screen;
  EXPECT_TRUE(contains(screen, "MS p50/p99")) << screen;
  EXPECT_TRUE(contains(screen, "WAIT MS p50/p99")) << screen;
  EXPECT_TRUE(contains(screen, " more\n")) << screen;
  EXPECT_TRUE(contains(screen, "npu swaps cars -> plates")) << "no table is pushed out";
}

TEST(StatusText, FindsTheNameOfTheGraph) {
  EXPECT_EQ(graph_name(status_json(document())), "two-models");
  EXPECT_EQ(graph_name("no json"), "");
}

}  // namespace
}  // namespace penstock
