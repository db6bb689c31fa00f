#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drivers/sim/model_work.h"
#include "engine/base/result.h"

namespace penstock::sim {

/// A rate that somebody published for a network on a device: a line of `published.csv`.
/// Units: frames a second.
struct PublishedRate {
  std::string profile;
  std::string network;
  int sub_devices = 1;  ///< That work on one frame together.
  int units = 1;        ///< Such groups, which take frames in turn.
  /// Bits of one value on the link in that run; nothing: those of the profile's link.
  std::optional<double> value_bits;
  double fps = 0;
  bool sets_sharing = false;  ///< Used for the profile's `sharing_loss` alone, and not judged.
  std::string source;
};

/// Reads the text of `networks.csv` (written by `tools/dev/count_networks`).
/// Errors: `kCorrupt` for a column or a number that is missing or wrong, with the line.
Result<std::map<std::string, ModelWork>> read_networks(const std::string& text);

/// Reads the text of `published.csv`.
/// Errors: as `read_networks`.
Result<std::vector<PublishedRate>> read_published(const std::string& text);

}  // namespace penstock::sim
