#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/run/graph_run.h"
#include "engine/telemetry/pool_status.h"

namespace penstock {

/// Lets `penstock status` and `penstock top` look at a running graph, for as long as it lives.
///
/// Ownership: has a thread that reads the books of the run once a second: the run, the clock and
/// what `pool` uses outlive it.
/// Thread-safety: one thread.
class GraphStatus {
 public:
  struct Options {
    const GraphRun* run = nullptr;
    const Clock* clock = nullptr;      ///< Of the run.
    std::function<PoolStatus()> pool;  ///< What its devices do; may be empty.
    std::string version;
    std::string folder;  ///< "" = the user's run directory.
  };

  /// Errors: of the folder (`ClaimFolder::open`), and of `StatusServer::start`. A graph runs as
  /// well without.
  static Result<std::unique_ptr<GraphStatus>> start(Options options);

  GraphStatus(const GraphStatus&) = delete;
  GraphStatus& operator=(const GraphStatus&) = delete;
  ~GraphStatus();

 private:
  class Books;
  struct Parts;
  explicit GraphStatus(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

/// Returns the folder in which processes of this user are found: that of their claims.
/// Errors: of `ClaimFolder::open`.
Result<std::string> status_folder();

}  // namespace penstock
