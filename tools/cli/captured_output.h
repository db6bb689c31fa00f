#pragma once

#include <iostream>
#include <sstream>
#include <string>

namespace penstock::testing {

/// Collects what is written to `std::cout` and `std::cerr` for as long as it lives.
class CapturedOutput {
 public:
  CapturedOutput()
      : out_(std::cout.rdbuf(out_text_.rdbuf())),
        err_(std::cerr.rdbuf(err_text_.rdbuf())) {}

  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;

  ~CapturedOutput() {
    std::cout.rdbuf(out_);
    std::cerr.rdbuf(err_);
  }

  [[nodiscard]] std::string out() const { return out_text_.str(); }

  [[nodiscard]] std::string err() const { return err_text_.str(); }

 private:
  std::ostringstream out_text_;
  std::ostringstream err_text_;
  std::streambuf* out_;
  std::streambuf* err_;
};

/// What a command said, and the exit code that it gave.
struct Answer {
  int code = 0;
  std::string out;
  std::string err;
};

/// Returns what `call`, which returns an exit code, says.
template <class Call>
Answer answer_of(Call call) {
  const CapturedOutput output;
  const int code = call();
  return {code, output.out(), output.err()};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace penstock::testing
