#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/result.h"

namespace penstock::actors {

/// The workers on which all graphs and devices of a process run. One a process is enough.
///
/// Ownership: outlives what runs on it.
/// Thread-safety: any thread.
class Workers {
 public:
  struct System;

  static constexpr std::uint32_t kMax = 256;

  /// Starts `count` worker threads; 0 means as many as the machine has cores.
  /// Errors: `kInvalidArgument` above `kMax`.
  static Result<Workers> start(std::uint32_t count);

  Workers(Workers&&) noexcept;
  Workers& operator=(Workers&&) noexcept;
  ~Workers();

  [[nodiscard]] std::uint32_t count() const noexcept;

 private:
  friend class RunningGraph;
  friend class RunningPool;
  explicit Workers(std::shared_ptr<System> system);
  std::shared_ptr<System> system_;  // Kept by devices that could not be closed, too.
};

}  // namespace penstock::actors
