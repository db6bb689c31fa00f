#include "tools/cli/bench_folder.h"

#include <unistd.h>

#include "engine/yaml/nearest_word.h"

namespace penstock {
namespace {

bool is_built(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::is_regular_file(file, error) && access(file.c_str(), X_OK) == 0;
}

}  // namespace

const std::vector<Bench>& known_benches() {
  static const std::vector<Bench> kBenches = {
      {"decide", "cost of one decision of the device scheduler"},
      {"device", "cost of a device per frame, and frames through four sub-devices"},
      {"hop", "cost of one stage per frame, against TBB's flow graph"},
      {"infer", "engine against bare OpenVINO requests"},
      {"memory", "allocations per frame, and the heap after many frames"},
      {"paced", "many paced streams: processor time per frame, and the way of a lone frame"},
      {"preprocess", "picture to tensor in one pass, against libyuv and OpenCV"},
      {"schedule", "use, fairness and waits of devices that swap models, in virtual time"},
      {"sim", "virtual seconds that a simulated device makes of one second"}};
  return kBenches;
}

std::vector<Bench> built_benches(const std::filesystem::path& folder) {
  std::vector<Bench> built;
  for (const Bench& bench : known_benches()) {
    if (is_built(folder / bench.name)) {
      built.push_back(bench);
    }
  }
  return built;
}

Result<std::filesystem::path> find_bench(const std::filesystem::path& folder,
                                         const std::string& name) {
  std::vector<std::string> known;
  for (const Bench& bench : known_benches()) {
    if (name == bench.name) {
      const std::filesystem::path file = folder / name;
      if (is_built(file)) {
        return file;
      }
      return Error{Errc::kNotFound,
                   "benchmark '" + name + "' is not built: there is no program '" + file.string() +
                       "' (bazel build //tools/bench/...)"};
    }
    known.emplace_back(bench.name);
  }
  const std::string near = did_you_mean(name, known);
  return Error{Errc::kInvalidArgument,
               "no benchmark '" + name + "'; " + (near.empty() ? "wants " + one_of(known) : near)};
}

}  // namespace penstock
