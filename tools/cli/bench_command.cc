#include "tools/cli/bench_command.h"

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

#include "tools/cli/bench_folder.h"
#include "tools/cli/console.h"

namespace penstock {
namespace {

constexpr const char* kHelp = R"(usage: penstock bench [NAME [--json] ...]

Runs a benchmark, or lists them. Each prints a table, or one JSON object with --json; what else
stands behind NAME is the benchmark's own. `tools/penstock bench` builds them first.

example: penstock bench preprocess --json
)";

/// The benchmarks lie where Bazel puts them: beside the folder of this program.
std::filesystem::path bench_folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return program.parent_path().parent_path() / "bench";
}

int list() {
  const std::vector<Bench> benches = built_benches(bench_folder());
  if (benches.empty()) {
    return report_error({Errc::kNotFound,
                         "no benchmark is built in '" + bench_folder().string() +
                             "' (bazel build //tools/bench/...)"},
                        kExitSetup);
  }
  for (const Bench& bench : benches) {
    const std::string name = bench.name;
    std::cout << name << std::string(12 - name.size(), ' ') << bench.summary << "\n";
  }
  return kExitDone;
}

/// Becomes the program `file`. Returns only if that fails.
int become(const std::filesystem::path& file, std::span<const std::string> args) {
  std::vector<std::string> words = {file.string()};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  std::cout.flush();
  execv(file.c_str(), pointers.data());
  return report_error(
      {Errc::kUnavailable,
       "cannot start '" + file.string() + "': " + std::generic_category().message(errno)},
      kExitFailed);
}

int run(std::span<const std::string> args) {
  if (args.empty()) {
    return list();
  }
  const auto file = find_bench(bench_folder(), args.front());
  if (!file.has_value()) {
    return file.error().code == Errc::kNotFound ? report_error(file.error(), kExitSetup)
                                                : report_usage("bench", file.error());
  }
  return become(*file, args.subspan(1));
}

}  // namespace

Command bench_command() {
  return {"bench", "run a benchmark, or list them", kHelp, run};
}

}  // namespace penstock
