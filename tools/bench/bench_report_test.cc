#include "tools/bench/bench_report.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

BenchReport example() {
  BenchReport report;
  report.benchmark = "hop";
  report.machine = "a CPU, 2 cores";
  BenchRow floor;
  floor.name = "floor";
  floor.value = 80;
  floor.unit = "ns";
  BenchRow ours;
  ours.name = "edge";
  ours.value = 40;
  ours.unit = "ns";
  ours.min = 38.5;
  ours.max = 44;
  ours.ratio = 0.5;
  ours.against = "floor";
  ours.goal = 0.9;
  ours.met = true;
  report.rows = {floor, ours};
  return report;
}

TEST(BenchReport, PrintsOneJsonObjectWithoutWhatARowLacks) {
  EXPECT_EQ(example().to_json(),
            R"({"benchmark":"hop","machine":"a CPU, 2 cores","rows":[)"
            R"({"name":"floor","value":80.0,"unit":"ns"},)"
            R"({"name":"edge","value":40.0,"unit":"ns","min":38.5,"max":44.0,"ratio":0.5,)"
            R"("against":"floor","goal":0.9,"met":true}]})");
}

TEST(BenchReport, PrintsATableWithAlignedColumns) {
  EXPECT_EQ(example().to_table(),
            "hop on a CPU, 2 cores\n"
            "name   value  unit  [min-max]  ratio  against  goal  met\n"
            "floor  80     ns\n"
            "edge   40     ns    [38.5-44]  0.5    floor    0.9   met\n");
}

TEST(BenchReport, SaysWhereAGoalIsMissed) {
  BenchReport report = example();
  report.rows[1].met = false;
  EXPECT_NE(report.to_table().find("missed"), std::string::npos);
  EXPECT_NE(report.to_json().find("\"met\":false"), std::string::npos);
}

TEST(BenchReport, PrintsLargeNumbersInFull) {
  BenchReport report = example();
  report.rows[0].value = 1234567;
  EXPECT_NE(report.to_table().find("1234567"), std::string::npos);
}

TEST(MachineName, NamesCpuAndCores) {
  EXPECT_NE(machine_name().find("cores"), std::string::npos);
}

}  // namespace
}  // namespace penstock
