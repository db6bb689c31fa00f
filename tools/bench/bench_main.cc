#include "tools/bench/bench_main.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

namespace penstock {

int bench_main(int argc,
               char** argv,
               BenchWords words,
               const std::function<std::optional<BenchReport>(const BenchWords&)>& measure) {
  constexpr int kUsage = 64;
  bool wants_json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--json") {
      wants_json = true;
    } else if (word == "--rounds" && i + 1 < argc) {
      words.rounds = std::strtoul(argv[++i], nullptr, 10);
    } else if (word == "--model" && i + 1 < argc) {
      words.model = argv[++i];
    } else {
      std::fprintf(stderr, "usage: %s [--json] [--rounds N] [--model FILE]\n", argv[0]);
      return kUsage;
    }
  }
  if (words.rounds == 0) {
    std::fprintf(stderr, "%s: --rounds must be at least 1\n", argv[0]);
    return kUsage;
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
  const char* caller = std::getenv("BUILD_WORKING_DIRECTORY");
  if (caller != nullptr && chdir(caller) != 0) {
    std::perror(caller);
    return 1;
  }
  const auto report = measure(words);
  if (!report.has_value()) {
    return 1;
  }
  const std::string text = wants_json ? report->to_json() + "\n" : report->to_table();
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace penstock
