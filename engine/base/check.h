#pragma once

#include <sstream>

namespace penstock::detail {

/// Collects what a failed check streams; its destructor prints it and ends the process.
class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const char* condition);
  CheckFailure(const CheckFailure&) = delete;
  CheckFailure& operator=(const CheckFailure&) = delete;
  [[noreturn]] ~CheckFailure();

  template <class T>
  CheckFailure& operator<<(const T& value) {
    text_ << value;
    return *this;
  }

 private:
  std::ostringstream text_;
};

/// Gives the two branches of `PENSTOCK_CHECK` one type.
struct CheckVoidify {
  void operator&(const CheckFailure& /*failure*/) const {}
};

}  // namespace penstock::detail

/// Ends the process, in release too, when `condition` is false: for bugs, never for data from
/// outside. Values may be streamed: `PENSTOCK_CHECK(taken <= capacity) << taken;`
#define PENSTOCK_CHECK(condition)                    \
  (condition) ? static_cast<void>(0)                 \
              : ::penstock::detail::CheckVoidify() & \
                    ::penstock::detail::CheckFailure(__FILE__, __LINE__, #condition)
