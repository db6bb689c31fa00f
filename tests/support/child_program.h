#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace penstock::testing {

/// A program that a test runs, reads and signals.
///
/// Ownership: the destructor kills what still runs. Thread-safety: one thread.
class ChildProgram {
 public:
  /// Starts `words[0]` with the others as its arguments, in `folder`.
  ChildProgram(std::vector<std::string> words, const std::filesystem::path& folder);
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;
  ~ChildProgram();

  /// Reads until one of its outputs contains `text`; returns false if it ends without that.
  bool read_until(std::string_view text);
  void send(int signal) const;
  /// Reads to its end; returns the exit code, or 1000 + the signal that ended it.
  int wait();

  [[nodiscard]] const std::string& out() const noexcept { return texts_[0]; }

  [[nodiscard]] const std::string& err() const noexcept { return texts_[1]; }

 private:
  /// Waits for more output; returns false at the end of both.
  bool read_more();

  pid_t child_ = -1;
  std::array<int, 2> pipes_ = {-1, -1};
  std::array<std::string, 2> texts_;
};

}  // namespace penstock::testing
