#pragma once

#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "tools/status/status_client.h"

namespace penstock {

/// A graph that runs in a process of this user, and what it said when it was found.
struct RunningGraphView {
  StatusConnection connection;
  std::string graph;
  std::string answer;
};

/// How long a process may take to say how it is.
inline constexpr Duration kStatusPatience = std::chrono::seconds(3);

/// Returns the running graphs that `wanted` means: a process or the name of a graph; all if it is
/// empty. `folder` is where they are found. Warns of processes that do not answer within
/// `patience`. Errors: `kUnavailable` if none runs; `kDeadlineExceeded` if what is meant, or all
/// that runs, does not answer; `kNotFound`, naming those that do, if none is meant.
Result<std::vector<RunningGraphView>> find_graphs(const std::string& folder,
                                                  const std::string& wanted,
                                                  Duration patience = kStatusPatience);

}  // namespace penstock
