#include "drivers/sim/fit/fit_table.h"

#include <cstdio>

#include "engine/base/check.h"

namespace penstock::sim {
namespace {

std::string percent(double part) {
  char text[32];
  std::snprintf(text, sizeof(text), "%+.0f %%", part * 100);
  return text;
}

}  // namespace

std::string fit_table(const std::vector<FitPoint>& points,
                      const FittedFigures& figures,
                      const std::vector<double>& left_out) {
  std::string rows =
      "| network | sub-devices x units | bits a value | published | simulated | off | left out |\n"
      "|---|---|---|---|---|---|---|\n";
  std::size_t next = 0;
  for (const FitPoint& point : points) {
    const PublishedRate& rate = point.rate;
    const double simulated = simulated_fps(point, figures);
    std::string error = "sets the sharing";
    if (!rate.sets_sharing) {
      PENSTOCK_CHECK(next < left_out.size());
      error = percent(left_out[next++]);
    }
    char row[256];
    std::snprintf(row,
                  sizeof(row),
                  "| %s | %d x %d | %g | %g | %.0f | %s | %s |\n",
                  rate.network.c_str(),
                  rate.sub_devices,
                  rate.units,
                  rate.value_bits.value_or(figures.link.value_bits),
                  rate.fps,
                  simulated,
                  percent(simulated / rate.fps - 1).c_str(),
                  error.c_str());
    rows += row;
  }
  return rows;
}

}  // namespace penstock::sim
