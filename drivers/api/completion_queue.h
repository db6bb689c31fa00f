#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "drivers/api/model_info.h"
#include "engine/base/clock.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"

namespace penstock {

namespace detail {
class CompletionCore;
struct CompletionSlot;
}  // namespace detail

/// The end of one inference: `code` is `kOk` or why it failed.
struct Completion {
  std::uint64_t token = 0;  ///< What the caller gave to `submit`.
  Errc code = Errc::kOk;
  std::string message;     ///< Empty on success, so that success allocates nothing.
  Duration device_time{};  ///< Zero where the driver does not know it.
};

/// Collects the ends of inferences from the drivers' threads for one owner.
///
/// Every request reserves one slot when it is made and keeps it, so that reporting needs no memory
/// and cannot fail. A driver's thread writes the slot, pushes it and rings; the owner, once woken,
/// pops until nothing is left. A request can be submitted again once its completion was popped.
///
/// Ownership: handle and requests share the slots; completions that arrive when the handle is gone
/// are dropped without a ring, and the leases they hold go with their request.
/// Thread-safety: `pop()` by the owner only; completions come from any thread. The destructor waits
/// for a ring that is under way; after it the doorbell is not rung any more.
/// Cost: lock-free push; a ring only when the list was empty.
class CompletionQueue {
 public:
  static constexpr std::uint32_t kMaxSlots = kMaxRequests;

  /// Errors: `kInvalidArgument` for no slots or more than `kMaxSlots`.
  static Result<CompletionQueue> create(std::uint32_t slots, Doorbell doorbell);

  CompletionQueue(CompletionQueue&&) noexcept = default;
  CompletionQueue& operator=(CompletionQueue&& other) noexcept;
  ~CompletionQueue();

  /// Returns the next completion in order of arrival; nothing if none is ready.
  [[nodiscard]] std::optional<Completion> pop();

  [[nodiscard]] std::uint32_t slots() const noexcept;

  /// Returns how many slots are reserved by requests that live or whose completion waits.
  [[nodiscard]] std::uint32_t reserved() const noexcept;

 private:
  friend class LoadedModel;
  explicit CompletionQueue(std::shared_ptr<detail::CompletionCore> core);

  std::shared_ptr<detail::CompletionCore> core_;
};

}  // namespace penstock
