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
#include "engine/package/package.h"

namespace penstock {

/// Reads model files with the driver of the host. What that cannot read may be a file of another
/// driver's own kind: those are asked in turn, and what the host's said stands if none of them can.
///
/// The drivers are started when the first file is read. Thread-safety: one thread at a time.
class ModelReader {
 public:
  using Start = std::function<Result<std::shared_ptr<Driver>>()>;

  /// Returns the other drivers that may read model files, of any ending. Errors: what keeps them
  /// from starting.
  using Others = std::function<Result<std::vector<std::shared_ptr<Driver>>>()>;

  /// `advice` is what a user can do about a file that none of them knows.
  explicit ModelReader(Start start, Others others = nullptr, std::string advice = {})
      : start_(std::move(start)),
        others_(std::move(others)),
        advice_(std::move(advice)) {}

  /// Returns whether files of any ending may be models: there are others that may know them.
  [[nodiscard]] bool takes_any_file() const { return static_cast<bool>(others_); }

  /// Returns the driver of the host. Errors: what keeps it from starting, every time.
  Result<std::shared_ptr<Driver>> host();

  /// Errors: of `host` and `Driver::inspect`. About a file of a kind that the host does not read
  /// all drivers that were asked are heard; `kUnavailable` where others did not start: one of them
  /// might have read it; `kUnsupported` for one of theirs without inputs or outputs.
  Result<ModelInfo> inspect(const std::string& path);

  /// Opens the package or model file at `path`: one of any ending where there are others.
  /// Errors: of `open_package` and `open_package_or_file`.
  [[nodiscard]] Result<Package> open(const std::string& path) const;

  /// Adds the advice to `error`, if it says that `path` is of a kind that nobody reads.
  [[nodiscard]] Error advised(const Error& error, const std::string& path) const;

 private:
  Start start_;
  Others others_;
  std::string advice_;
  std::optional<Result<std::shared_ptr<Driver>>> host_;
};

}  // namespace penstock
