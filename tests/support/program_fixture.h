#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/child_program.h"

namespace penstock::testing {

/// Runs `penstock` as a person would, in a folder of this test's own.
///
/// The folder has a run directory and a cache of its own: neither claims nor results of other tests
/// reach it. The test's `data` names `//tools/cli:penstock`.
class ProgramFixture : public ::testing::Test {
 protected:
  ProgramFixture();

  /// Copies graphs of the checkout into `graphs/`, and shows `models/` and `clips/` beside it as a
  /// checkout does.
  void take_graphs(const std::vector<std::string>& names) const;
  void link_from_checkout(const std::string& place) const;
  void write(const std::string& file, const std::string& text) const;

  /// Starts the program with `words`.
  [[nodiscard]] ChildProgram penstock(std::vector<std::string> words) const;

  /// Runs a graph to its end; returns its summary, and leaves `code_` and `err_`.
  nlohmann::json run_to_any_end(std::vector<std::string> words);
  /// The same, and expects that all went well.
  nlohmann::json run(std::vector<std::string> words);

  /// Returns the lines of a file, each of which is expected to be JSON.
  [[nodiscard]] std::vector<nlohmann::json> lines(const std::string& file) const;

  const std::filesystem::path folder_;
  int code_ = -1;
  std::string err_;
};

}  // namespace penstock::testing
