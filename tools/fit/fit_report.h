#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/fit/fit_search.h"

namespace penstock {

/// What was asked.
struct FitQuestion {
  std::string graph;
  std::vector<std::pair<std::string, std::string>> devices;  ///< ("npu", "sim:mx3")
  double fps = 30;
  bool is_fps_assumed = false;  ///< Nobody said it.
  std::uint32_t seconds = 10;
  FitGoal goal;
};

/// Returns the answer for a person; says that it is simulated.
std::string fit_text(const FitQuestion& question, const FitAnswer& answer);

/// Returns the same as one JSON object.
std::string fit_json(const FitQuestion& question, const FitAnswer& answer);

}  // namespace penstock
