// Fits the costs of a simulated device's profile to published rates and prints them, with how far
// they are off. Writes nothing.
//
//   fit_costs PROFILE.yaml [FOLDER]     FOLDER: of networks.csv and published.csv (drivers/sim/fit)
//
// What it prints: the costs to put into the profile; then, with those figures rounded as printed,
// rows for docs/simulated-devices.md and for left_out.csv.

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "drivers/sim/fit/cost_fit.h"
#include "drivers/sim/fit/fit_table.h"
#include "drivers/sim/fit/published.h"
#include "drivers/sim/profiles/profile_reader.h"

namespace penstock::sim {
namespace {

Result<std::string> text_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return Error{Errc::kNotFound, "no file '" + path + "'"};
  }
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

double rounded(double value, const char* format = "%.3g") {
  char text[32];
  std::snprintf(text, sizeof(text), format, value);
  return std::stod(text);
}

FittedFigures rounded(FittedFigures figures) {
  CostFigures& costs = figures.costs;
  for (double* cost : {&costs.conv_ns_per_mmac,
                       &costs.conv_ns_per_kposition,
                       &costs.depthwise_ns_per_mmac,
                       &costs.product_ns_per_mmac,
                       &costs.other_ns_per_mop,
                       &costs.activation_ns_per_kb,
                       &costs.layer_us,
                       &costs.sharing_loss,
                       &costs.largest_ns_per_mmac,
                       &costs.host_us}) {
    *cost = rounded(*cost);
  }
  figures.link.in_bytes_per_s = rounded(figures.link.in_bytes_per_s);
  figures.link.out_bytes_per_s = rounded(figures.link.out_bytes_per_s);
  return figures;
}

void print_costs(const FittedFigures& figures) {
  const CostFigures& costs = figures.costs;
  std::printf("costs:\n");
  const auto line = [](const char* name, double value) {
    if (value > 0) {
      std::printf("  %s: %g\n", name, value);
    }
  };
  line("conv_ns_per_mmac", costs.conv_ns_per_mmac);
  line("conv_ns_per_kposition", costs.conv_ns_per_kposition);
  line("depthwise_ns_per_mmac", costs.depthwise_ns_per_mmac);
  line("product_ns_per_mmac", costs.product_ns_per_mmac);
  line("other_ns_per_mop", costs.other_ns_per_mop);
  line("activation_ns_per_kb", costs.activation_ns_per_kb);
  line("layer_us", costs.layer_us);
  line("frame_us", costs.frame_us);
  line("sharing_loss", costs.sharing_loss);
  line("largest_ns_per_mmac", costs.largest_ns_per_mmac);
  line("host_us", costs.host_us);
  std::printf("link: %g MB/s in, %g MB/s out, at %g bits a value\n",
              figures.link.in_bytes_per_s / 1e6,
              figures.link.out_bytes_per_s / 1e6,
              figures.link.value_bits);
}

Status fit(const std::string& profile_path, const std::string& folder) {
  PENSTOCK_ASSIGN_OR_RETURN(const Profile profile, load_profile(profile_path));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string networks_text, text_of(folder + "/networks.csv"));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string rates_text, text_of(folder + "/published.csv"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto networks, read_networks(networks_text));
  PENSTOCK_ASSIGN_OR_RETURN(const auto rates, read_published(rates_text));
  PENSTOCK_ASSIGN_OR_RETURN(const auto points, points_of(profile.name, networks, rates));
  FittedFigures unfitted;
  unfitted.link = profile.link;
  PENSTOCK_ASSIGN_OR_RETURN(const FittedFigures exact, fit_costs(profile.name, points, unfitted));
  const FittedFigures figures = rounded(exact);
  print_costs(figures);
  PENSTOCK_ASSIGN_OR_RETURN(auto errors, left_out_errors(profile.name, points, figures));
  for (double& error : errors) {
    error = rounded(error, "%.3f");  // The table is made from left_out.csv again.
  }
  std::printf("\n%s", fit_table(points, figures, errors).c_str());
  std::printf("\nmedian %.3f, 90th percentile %.3f\n\n",
              absolute_quantile(errors, 0.5),
              absolute_quantile(errors, 0.9));
  std::size_t next = 0;
  for (const FitPoint& point : points) {
    if (!point.rate.sets_sharing) {
      const auto& bits = point.rate.value_bits;
      std::printf("%s,%s,%s,%.3f\n",
                  profile.name.c_str(),
                  point.rate.network.c_str(),
                  bits.has_value() ? std::to_string(std::lround(*bits)).c_str() : "own",
                  errors[next++]);
    }
  }
  return {};
}

}  // namespace
}  // namespace penstock::sim

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: fit_costs PROFILE.yaml [FOLDER]\n");
    return 2;
  }
  const penstock::Status status =
      penstock::sim::fit(argv[1], argc == 3 ? argv[2] : "drivers/sim/fit");
  if (!status.has_value()) {
    std::fprintf(stderr, "fit_costs: %s\n", status.error().message.c_str());
    return 1;
  }
  return 0;
}
