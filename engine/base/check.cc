#include "engine/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace penstock::detail {

CheckFailure::CheckFailure(const char* file, int line, const char* condition) {
  text_ << file << ":" << line << ": check failed: " << condition << " ";
}

CheckFailure::~CheckFailure() {
  std::fputs((text_.str() + "\n").c_str(), stderr);
  std::fflush(stderr);
  std::abort();
}

}  // namespace penstock::detail
