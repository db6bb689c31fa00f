#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "engine/base/check.h"

namespace penstock {

/// What a caller can do about a failure. Closed; values are append-only because they cross the
/// driver ABI and the wire. `docs/errors.md` has a row for each.
enum class Errc : int {
  kOk = 0,  ///< Never inside an `Error`; the number that stands for success in C structs.
  kInvalidArgument = 1,   ///< Fix the call.
  kUnsupported = 2,       ///< Never here; go elsewhere.
  kUnavailable = 3,       ///< Not now; retry.
  kDeadlineExceeded = 4,  ///< The time limit of the wait or of the frame passed.
  kCancelled = 5,         ///< Somebody asked for it.
  kDeviceLost = 6,        ///< Place the work anew.
  kPeerGone = 7,          ///< The other process or host ended.
  kCorrupt = 8,           ///< Data from outside breaks its own format.
  kInternal = 9,          ///< Our mistake, or a library's: report it.
  kNotFound = 10,         ///< The named thing does not exist.
};

/// Returns the word for `code`, as logs, JSON and metrics print it ("invalid_argument").
const char* to_string(Errc code) noexcept;

/// A failure that a caller can act on: the code says what to do, the message names the thing, the
/// value and the rule.
struct Error {
  Errc code = Errc::kInternal;
  std::string message;

  /// Returns the same failure with `prefix: ` before its message; for adding context on the way up.
  [[nodiscard]] Error within(const std::string& prefix) const {
    return {code, prefix + ": " + message};
  }

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value or an `Error`. The names are those of `std::expected`, so that one day it is an alias.
///
/// Thread-safety: as `T`.
/// Cost: no allocation of its own.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = Error;

  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {
  }  // NOLINT(google-explicit-constructor): `return value;` is the point

  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {
  }  // NOLINT(google-explicit-constructor): `return error;` is the point

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }

  explicit operator bool() const noexcept { return has_value(); }

  /// Pre: `has_value()`.
  T& value() & {
    PENSTOCK_CHECK(has_value()) << error_text();
    return *std::get_if<0>(&state_);
  }

  const T& value() const& {
    PENSTOCK_CHECK(has_value()) << error_text();
    return *std::get_if<0>(&state_);
  }

  T&& value() && {
    PENSTOCK_CHECK(has_value()) << error_text();
    return std::move(*std::get_if<0>(&state_));
  }

  T& operator*() & { return value(); }

  const T& operator*() const& { return value(); }

  T&& operator*() && { return std::move(*this).value(); }

  T* operator->() { return &value(); }

  const T* operator->() const { return &value(); }

  /// Pre: `!has_value()`.
  const Error& error() const {
    PENSTOCK_CHECK(!has_value()) << "error() of a Result that holds a value";
    return *std::get_if<1>(&state_);
  }

 private:
  std::string error_text() const {
    const Error* error = std::get_if<1>(&state_);
    return error == nullptr ? std::string() : error->message;
  }

  std::variant<T, Error> state_;
};

/// Success or an `Error`.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  using error_type = Error;

  Result() = default;

  Result(Error error)
      : error_(std::move(error)) {
  }  // NOLINT(google-explicit-constructor): `return error;` is the point

  [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }

  explicit operator bool() const noexcept { return has_value(); }

  /// Pre: `!has_value()`.
  const Error& error() const {
    PENSTOCK_CHECK(error_.has_value()) << "error() of a Result that holds a value";
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace penstock

#define PENSTOCK_CONCAT_INNER(a, b) a##b
#define PENSTOCK_CONCAT(a, b) PENSTOCK_CONCAT_INNER(a, b)

/// Leaves the enclosing function with the error of `expression`, if it has one.
#define PENSTOCK_RETURN_IF_ERROR(expression)                                 \
  do {                                                                       \
    if (auto penstock_status = (expression); !penstock_status.has_value()) { \
      return penstock_status.error();                                        \
    }                                                                        \
  } while (false)

/// `target = value of expression`, or leaves the enclosing function with its error.
#define PENSTOCK_ASSIGN_OR_RETURN(target, expression) \
  PENSTOCK_ASSIGN_OR_RETURN_INNER(PENSTOCK_CONCAT(penstock_result_, __LINE__), target, expression)
#define PENSTOCK_ASSIGN_OR_RETURN_INNER(result, target, expression) \
  auto result = (expression);                                       \
  if (!result.has_value()) {                                        \
    return result.error();                                          \
  }                                                                 \
  target = std::move(result).value()
