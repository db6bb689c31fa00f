#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/api/driver.h"
#include "drivers/api/model_info.h"
#include "engine/base/result.h"
#include "engine/graph/model_probe.h"
#include "tools/compose/model_files.h"

namespace penstock {

/// Returns what the engine's checks want to know of `info`.
ModelFacts facts_of(const ModelInfo& info);

/// Reads facts from model files through a driver, for checking graphs against their models. Of a
/// package with graphs for the host it tells what goes into the first and comes out of the last.
///
/// The driver is started when the first model is asked for: a graph without models waits for none.
/// What it cannot read may be a file of another driver's own kind: those are asked in turn, and
/// what it said itself stands if none of them can. Without others, endings that it does not know
/// are refused.
/// Thread-safety: one thread at a time.
class DriverModelProbe final : public ModelProbe {
 public:
  using Start = std::function<Result<std::shared_ptr<Driver>>()>;

  /// Returns the other drivers that may read model files, of any ending.
  using Others = std::function<std::vector<std::shared_ptr<Driver>>()>;

  explicit DriverModelProbe(Start start, Others others = nullptr)
      : start_(std::move(start)),
        others_(std::move(others)),
        files_(others_ ? ModelFiles::Kinds::kAny : ModelFiles::Kinds::kKnown) {}

  /// Errors: what keeps the driver from starting, every time; those of `ModelFiles::find`,
  /// `Driver::inspect` and `read_chain`.
  Result<ModelFacts> probe(const ModelChoice& choice) override;
  /// Errors: of `open_package`.
  Result<std::vector<NetworkNames>> networks(const std::string& path) override;

 private:
  Result<ModelInfo> inspect(const std::string& path);

  Start start_;
  Others others_;
  ModelFiles files_;
  std::optional<Result<std::shared_ptr<Driver>>> driver_;
};

}  // namespace penstock
