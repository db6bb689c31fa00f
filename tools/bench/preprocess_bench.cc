/// Measures how long a 1080p picture takes to become a model's input, against libyuv's and OpenCV's
/// ways. `--json` prints one object, `--rounds N` sets the number of rounds.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/tensor/kernels/resample_plan.h"
#include "tools/bench/bench_report.h"
#include "tools/bench/bench_rows.h"
#include "tools/bench/paired_rounds.h"
#include "tools/bench/preprocess_peers.h"

namespace penstock {
namespace {

constexpr int kWidth = 1920;
constexpr int kHeight = 1080;
constexpr std::size_t kLuma = std::size_t{kWidth} * kHeight;
constexpr int kSide = 640;
constexpr std::size_t kTensor = std::size_t{3} * kSide * kSide;
/// Together larger than the second-level cache, as frames from a decoder are.
constexpr std::size_t kFrames = 8;
constexpr std::size_t kPasses = 3;
constexpr double kGoal = 0.70;
/// Rounding of libyuv's 8-bit steps and its chroma phase; a wrong matrix or offset is far above.
constexpr double kAgreementLevels = 2.0;

/// One decoded picture: planes one behind the other, as OpenCV wants them.
struct Frame {
  std::vector<std::uint8_t> bytes;

  [[nodiscard]] PictureRows rows() const {
    const std::uint8_t* luma = bytes.data();
    const std::uint8_t* u = luma + kLuma;
    const std::uint8_t* v = u + kLuma / 4;
    return PictureRows{{luma, u, v}, {kWidth, kWidth / 2, kWidth / 2}};
  }
};

/// Returns soft gradients with a little noise, so that rounding and phase may be compared.
Frame make_frame(unsigned seed) {
  Frame frame;
  frame.bytes.resize(kLuma * 3 / 2);
  std::mt19937 random(seed);
  const auto fill = [&](std::size_t at, int w, int h, double period) {
    for (int y = 0; y < h; ++y) {
      for (int x = 0; x < w; ++x) {
        const double wave = std::sin((x + 40.0 * seed) / period) + std::cos(y / period);
        const double level = 126.0 + 50.0 * wave + static_cast<double>(random() % 4);
        frame.bytes[at++] = static_cast<std::uint8_t>(level);
      }
    }
  };
  fill(0, kWidth, kHeight, 97.0);
  fill(kLuma, kWidth / 2, kHeight / 2, 61.0);
  fill(kLuma * 5 / 4, kWidth / 2, kHeight / 2, 83.0);
  return frame;
}

ResampleSpec spec_for(int inset_w, int inset_h) {
  ResampleSpec spec;
  spec.src_w = kWidth;
  spec.src_h = kHeight;
  spec.dst_w = kSide;
  spec.dst_h = kSide;
  spec.inset_w = inset_w;
  spec.inset_h = inset_h;
  spec.inset_x = (kSide - inset_w) / 2;
  spec.inset_y = (kSide - inset_h) / 2;
  spec.deviation = {255, 255, 255};
  return spec;
}

/// A way from picture to tensor under measurement, with the tensor that its pool hands out each
/// time.
struct Path {
  std::string name;
  std::function<void(const PictureRows&, float*)> run;
  std::vector<float> storage;
  float* tensor = nullptr;
};

/// Returns the CPU time of this thread: a neighbour that takes the core away is not our cost.
double thread_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

double microseconds_per_frame(Path& path, const std::vector<Frame>& frames) {
  // The others' data has pushed out ours: one frame that does not count.
  path.run(frames.back().rows(), path.tensor);
  const double start = thread_microseconds();
  for (std::size_t pass = 0; pass < kPasses; ++pass) {
    for (const Frame& frame : frames) {
      path.run(frame.rows(), path.tensor);
    }
  }
  return (thread_microseconds() - start) / static_cast<double>(kPasses * frames.size());
}

Path engine_path(const ResampleSpec& spec, KernelLevel level) {
  auto plan = ResamplePlan::create(spec, level);
  PENSTOCK_CHECK(plan.has_value()) << plan.error().message;
  Path path;
  path.name = std::string("engine ") + to_string(plan->level());
  path.run = [plan = std::move(*plan)](const PictureRows& rows, float* tensor) {
    plan.run(rows, tensor, Border::kAlreadyWritten);
  };
  return path;
}

std::vector<Path> paths_for(const ResampleSpec& spec) {
  std::vector<Path> paths;
  paths.push_back(engine_path(spec, best_level()));
  paths.push_back({"libyuv, whole picture",
                   [path = LibyuvPath(spec, LibyuvPath::Step::kWholePicture)](
                       const PictureRows& rows, float* tensor) mutable { path.run(rows, tensor); },
                   {},
                   nullptr});
  paths.push_back({"libyuv, two rows",
                   [path = LibyuvPath(spec, LibyuvPath::Step::kTwoRows)](
                       const PictureRows& rows, float* tensor) mutable { path.run(rows, tensor); },
                   {},
                   nullptr});
  paths.push_back({"opencv",
                   [path = OpenCvPath(spec)](const PictureRows& rows, float* tensor) {
                     path.run(rows, tensor);
                   },
                   {},
                   nullptr});
  if (best_level() == KernelLevel::kAvx512) {
    paths.push_back(engine_path(spec, KernelLevel::kAvx2));
  }
  for (Path& path : paths) {
    // Aligned to a cache line, as a pool's buffers are.
    constexpr std::size_t kLine = 64;
    path.storage.assign(kTensor + kLine, 0.0F);
    void* start = path.storage.data();
    std::size_t space = path.storage.size() * sizeof(float);
    path.tensor = static_cast<float*>(std::align(kLine, kTensor * sizeof(float), start, space));
  }
  return paths;
}

/// A path that is fast and wrong must not pass for fast.
void check_agreement(std::vector<Path>& paths, const Frame& frame) {
  for (Path& path : paths) {
    path.run(frame.rows(), path.tensor);
    double sum = 0;
    for (std::size_t i = 0; i < kTensor; ++i) {
      sum += std::abs(static_cast<double>(path.tensor[i]) - paths[0].tensor[i]) * 255.0;
    }
    const double levels = sum / static_cast<double>(kTensor);
    PENSTOCK_CHECK(levels < kAgreementLevels)
        << path.name << " differs from " << paths[0].name << " by " << levels << " levels";
  }
}

void add_rows(BenchReport& report,
              const std::string& inset,
              const std::vector<Path>& paths,
              const std::vector<std::vector<double>>& times) {
  constexpr std::size_t kEngine = 0;
  constexpr std::size_t kOpenCv = 3;
  // libyuv's best sequence is whichever of the two was faster here.
  const std::size_t libyuv =
      spread_of(times[1]).median <= spread_of(times[2]).median ? std::size_t{1} : std::size_t{2};
  const auto compare = [&](std::size_t ours, std::size_t peer, std::optional<double> goal) {
    return ratio_row(inset + " ratio, 95% interval",
                     paired_ratio(times[ours], times[peer]),
                     paths[peer].name,
                     goal);
  };
  for (std::size_t i = 0; i < paths.size(); ++i) {
    report.rows.push_back(row_of(inset + " " + paths[i].name, times[i], "us"));
  }
  report.rows.push_back(compare(kEngine, libyuv, kGoal));
  report.rows.push_back(compare(kEngine, kOpenCv, std::nullopt));
  if (paths.size() > kOpenCv + 1) {
    BenchRow row = compare(kOpenCv + 1, libyuv, std::nullopt);
    row.name = inset + " avx2 ratio, 95% interval";
    report.rows.push_back(row);
  }
}

BenchReport measure(std::size_t rounds) {
  std::vector<Frame> frames;
  for (unsigned i = 0; i < kFrames; ++i) {
    frames.push_back(make_frame(i));
  }
  BenchReport report;
  report.benchmark = "preprocess";
  report.machine = machine_name();
  for (const auto& [w, h] : {std::pair{640, 360}, std::pair{608, 342}}) {
    std::vector<Path> paths = paths_for(spec_for(w, h));
    check_agreement(paths, frames[0]);
    std::vector<std::function<double()>> contenders;
    contenders.reserve(paths.size());
    for (Path& path : paths) {
      contenders.emplace_back([&] { return microseconds_per_frame(path, frames); });
    }
    add_rows(
        report, std::to_string(w) + "x" + std::to_string(h), paths, run_rounds(contenders, rounds));
  }
  return report;
}

int run(int argc, char** argv) {
  bool wants_json = false;
  std::size_t rounds = 21;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      wants_json = true;
    } else if (std::strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
      rounds = std::strtoul(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: preprocess [--json] [--rounds N]\n");
      return 64;
    }
  }
  if (rounds == 0) {
    std::fprintf(stderr, "preprocess: --rounds must be at least 1\n");
    return 64;
  }
  const BenchReport report = measure(rounds);
  const std::string text = wants_json ? report.to_json() + "\n" : report.to_table();
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  return penstock::run(argc, argv);
}
