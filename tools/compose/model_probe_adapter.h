#pragma once

#include <string>
#include <utility>
#include <vector>

#include "drivers/api/model_info.h"
#include "engine/base/result.h"
#include "engine/graph/model_probe.h"
#include "tools/compose/model_files.h"
#include "tools/compose/model_reader.h"

namespace penstock {

/// Returns what the engine's checks want to know of `info`.
ModelFacts facts_of(const ModelInfo& info);

/// Reads facts from model files through a driver, for checking graphs against their models. Of a
/// package with graphs for the host it tells what goes into the first and comes out of the last.
///
/// Drivers are started when the first model is asked for: a graph without models waits for none.
/// Without others than the host's, endings that it does not know are refused (see `ModelReader`).
/// Thread-safety: one thread at a time.
class DriverModelProbe final : public ModelProbe {
 public:
  /// As `ModelReader`.
  explicit DriverModelProbe(ModelReader::Start start,
                            ModelReader::Others others = nullptr,
                            std::string advice = {})
      : reader_(std::move(start), std::move(others), std::move(advice)),
        files_(reader_.takes_any_file() ? ModelFiles::Kinds::kAny : ModelFiles::Kinds::kKnown) {}

  /// Errors: what keeps the host's driver from starting, every time; those of `ModelFiles::find`
  /// and `read_chain`.
  Result<ModelFacts> probe(const ModelChoice& choice) override;
  /// Errors: of `open_package`.
  Result<std::vector<NetworkNames>> networks(const std::string& path) override;

 private:
  ModelReader reader_;
  ModelFiles files_;
};

}  // namespace penstock
