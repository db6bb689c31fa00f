#include "drivers/sim/fit/published.h"

#include <optional>

#include "drivers/sim/fit/csv_table.h"

namespace penstock::sim {

Result<std::map<std::string, ModelWork>> read_networks(const std::string& text) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto rows, read_csv(text));
  std::map<std::string, ModelWork> networks;
  for (const auto& row : rows) {
    std::map<std::string, std::string> properties;
    for (const auto& [name, cell] : row) {
      properties["work." + name] = cell;
    }
    const std::optional<ModelWork> work = work_from(properties);
    const auto name = row.find("network");
    if (!work.has_value() || name == row.end()) {
      return Error{Errc::kCorrupt,
                   "network '" + (name == row.end() ? "" : name->second) +
                       "': a column of its work is missing or no number"};
    }
    networks.emplace(name->second, *work);
  }
  return networks;
}

Result<std::vector<PublishedRate>> read_published(const std::string& text) {
  PENSTOCK_ASSIGN_OR_RETURN(auto rows, read_csv(text));
  std::vector<PublishedRate> rates;
  for (auto& row : rows) {
    PublishedRate rate;
    rate.profile = row["profile"];
    rate.network = row["network"];
    rate.source = row["source"];
    rate.sets_sharing = row["use"] == "sharing";
    PENSTOCK_ASSIGN_OR_RETURN(const double sub_devices, number_in(row, "sub_devices"));
    PENSTOCK_ASSIGN_OR_RETURN(const double units, number_in(row, "units"));
    if (row["value_bits"] != "own") {
      PENSTOCK_ASSIGN_OR_RETURN(rate.value_bits, number_in(row, "value_bits"));
    }
    PENSTOCK_ASSIGN_OR_RETURN(rate.fps, number_in(row, "fps"));
    if (sub_devices < 1 || sub_devices > 64 || units < 1 || units > 64 || rate.fps <= 0) {
      return Error{Errc::kCorrupt,
                   rate.profile + " " + rate.network +
                       ": sub_devices and units are 1 to 64, fps is above 0"};
    }
    rate.sub_devices = static_cast<int>(sub_devices);
    rate.units = static_cast<int>(units);
    rates.push_back(std::move(rate));
  }
  return rates;
}

}  // namespace penstock::sim
