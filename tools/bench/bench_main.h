#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "tools/bench/bench_report.h"

namespace penstock {

/// What every benchmark understands on its command line.
struct BenchWords {
  std::size_t rounds = 0;
  std::string model;  ///< A model file, for benchmarks that run one.
};

/// Reads `[--json] [--rounds N] [--model FILE]`, measures, and prints the table or, with `--json`,
/// the object. Starts from the folder that `bazel run` was called in, so that relative names mean
/// what they say. Returns the exit code: 64 for words that it does not know, 1 if `measure` gave
/// nothing.
int bench_main(int argc,
               char** argv,
               BenchWords words,
               const std::function<std::optional<BenchReport>(const BenchWords&)>& measure);

}  // namespace penstock
