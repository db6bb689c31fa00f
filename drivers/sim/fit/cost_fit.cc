#include "drivers/sim/fit/cost_fit.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <utility>

#include "engine/base/check.h"

namespace penstock::sim {
namespace {

/// One unknown of a fit: how it is read and written.
struct Term {
  double (*get)(const FittedFigures&);
  void (*set)(FittedFigures&, double);
  double least = 0;
};

/// What both other profiles have no data for is tied to convolutions as in the third's fit.
constexpr double kDepthwiseRatio = 4;
constexpr double kProductRatio = 36;
/// Relative deviations below this are as good as none.
constexpr double kSoftness = 0.02;

template <double CostFigures::*member>
Term term(double least = 0) {
  return {[](const FittedFigures& figures) { return figures.costs.*member; },
          [](FittedFigures& figures, double value) { figures.costs.*member = value; },
          least};
}

Term tied_convolutions(double least) {
  Term tied = term<&CostFigures::conv_ns_per_mmac>(least);
  tied.set = [](FittedFigures& figures, double value) {
    figures.costs.conv_ns_per_mmac = value;
    figures.costs.depthwise_ns_per_mmac = kDepthwiseRatio * value;
    figures.costs.product_ns_per_mmac = kProductRatio * value;
  };
  return tied;
}

/// Nanoseconds a kilobyte, so that all unknowns are times.
Term link_term() {
  return {[](const FittedFigures& figures) { return 1e12 / figures.link.in_bytes_per_s; },
          [](FittedFigures& figures, double value) {
            figures.link.in_bytes_per_s = 1e12 / value;
            figures.link.out_bytes_per_s = 1e12 / value;
          },
          1e-3};
}

/// `least` of the convolutions: 1e6 / (multiply-adds a microsecond at the stated peak).
std::vector<Term> plan_for(const std::string& profile) {
  if (profile == "mx3") {  // 6 T a chip at its fastest clock.
    return {tied_convolutions(333),
            term<&CostFigures::other_ns_per_mop>(),
            term<&CostFigures::largest_ns_per_mmac>(),
            term<&CostFigures::sharing_loss>(),
            term<&CostFigures::host_us>(),
            link_term()};
  }
  if (profile == "metis") {  // 53.5 T a core.
    return {tied_convolutions(37),
            term<&CostFigures::conv_ns_per_kposition>(),
            term<&CostFigures::layer_us>()};
  }
  if (profile == "aries") {  // 10 T a core. The ties come first, the product's own figure after.
    return {tied_convolutions(200),
            term<&CostFigures::activation_ns_per_kb>(),
            term<&CostFigures::product_ns_per_mmac>(),
            term<&CostFigures::layer_us>()};
  }
  return {};
}

/// A vector of unknowns, all above 0, and what it leaves unexplained.
struct Candidate {
  std::vector<double> values;
  double loss = 0;
};

class Search {
 public:
  Search(std::vector<Term> terms, const std::vector<FitPoint>& points, FittedFigures figures)
      : terms_(std::move(terms)),
        points_(points),
        figures_(std::move(figures)) {}

  [[nodiscard]] FittedFigures figures_of(const std::vector<double>& values) const {
    FittedFigures figures = figures_;
    for (std::size_t i = 0; i < terms_.size(); ++i) {
      terms_[i].set(figures, std::max(values[i], terms_[i].least));
    }
    return figures;
  }

  [[nodiscard]] Candidate candidate(std::vector<double> values) const {
    const FittedFigures figures = figures_of(values);
    double loss = 0;
    for (const FitPoint& point : points_) {
      const double off = std::log(simulated_fps(point, figures) / point.rate.fps);
      loss += std::sqrt(off * off + kSoftness * kSoftness);
    }
    return {std::move(values), loss};
  }

  /// Steps in the logarithm of one or two unknowns, wider after a success and narrower after a
  /// failure. No derivative is needed, which a maximum of three bounds does not have everywhere.
  [[nodiscard]] Candidate improve(Candidate best, int steps, double width, unsigned seed) const {
    std::mt19937_64 random(seed);
    for (int step = 0; step < steps; ++step) {
      std::vector<double> values = best.values;
      const int changes = uniform(random) < 0.5 ? 1 : 2;
      for (int change = 0; change < changes; ++change) {
        double& value = values[static_cast<std::size_t>(random() % values.size())];
        value *= std::exp(width * bell(random));
      }
      Candidate next = candidate(std::move(values));
      const bool is_better = next.loss < best.loss;
      width = is_better ? std::min(width * 1.5, 2.0) : std::max(width * 0.98, 0.003);
      if (is_better) {
        best = std::move(next);
      }
    }
    return best;
  }

  /// Starts where each unknown alone explains its part of the mean time.
  [[nodiscard]] std::vector<double> even_start() const {
    std::vector<double> values;
    for (const Term& unknown : terms_) {
      // The largest figure that makes no point later than published, when all others are nothing.
      double low = 1e-9;
      double high = 1e9;
      for (int i = 0; i < 60; ++i) {
        const double middle = std::sqrt(low * high);
        (explains_all(unknown, middle) ? high : low) = middle;
      }
      values.push_back(std::max(low / static_cast<double>(terms_.size()), unknown.least));
    }
    return values;
  }

 private:
  static double uniform(std::mt19937_64& random) {
    return static_cast<double>(random() >> 11) * 0x1.0p-53;
  }

  /// About normal, and the same with every standard library.
  static double bell(std::mt19937_64& random) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) {
      sum += uniform(random);
    }
    return sum;
  }

  [[nodiscard]] bool explains_all(const Term& unknown, double value) const {
    FittedFigures figures = figures_of(std::vector<double>(terms_.size(), 1e-6));
    unknown.set(figures, value);
    double off = 0;
    for (const FitPoint& point : points_) {
      off += std::log(simulated_fps(point, figures) / point.rate.fps);
    }
    return off < 0;
  }

  std::vector<Term> terms_;
  const std::vector<FitPoint>& points_;
  FittedFigures figures_;
};

std::vector<FitPoint> judged(const std::vector<FitPoint>& points) {
  std::vector<FitPoint> result;
  std::copy_if(points.begin(), points.end(), std::back_inserter(result), [](const FitPoint& point) {
    return !point.rate.sets_sharing;
  });
  return result;
}

/// Sets `sharing_loss` so that the one point that shows it is met; the rate falls as it rises.
void fit_sharing(const std::vector<FitPoint>& points, FittedFigures* figures) {
  for (const FitPoint& point : points) {
    if (!point.rate.sets_sharing) {
      continue;
    }
    double low = 0;
    double high = 10;
    for (int i = 0; i < 60; ++i) {
      figures->costs.sharing_loss = (low + high) / 2;
      const bool is_fast = simulated_fps(point, *figures) > point.rate.fps;
      (is_fast ? low : high) = figures->costs.sharing_loss;
    }
  }
}

}  // namespace

Result<std::vector<FitPoint>> points_of(const std::string& profile,
                                        const std::map<std::string, ModelWork>& networks,
                                        const std::vector<PublishedRate>& rates) {
  std::vector<FitPoint> points;
  for (const PublishedRate& rate : rates) {
    if (rate.profile != profile) {
      continue;
    }
    const auto network = networks.find(rate.network);
    if (network == networks.end()) {
      return Error{Errc::kNotFound, "no network '" + rate.network + "' among those counted"};
    }
    points.push_back({network->second, rate});
  }
  if (points.empty()) {
    return Error{Errc::kNotFound, "no published rate of profile '" + profile + "'"};
  }
  return points;
}

LinkBytes bytes_on_link(const FitPoint& point, const LinkFigures& link) {
  constexpr int kColours = 3;  // All published networks take pictures.
  const LinkFigures as_published = with_value_bits(link, point.rate.value_bits);
  return {link_bytes(as_published, {point.work.input_bytes, kColours}),
          link_bytes(as_published, {point.work.output_bytes})};
}

double simulated_fps(const FitPoint& point, const FittedFigures& figures) {
  const PublishedRate& rate = point.rate;
  ExecutionPoint execution;
  execution.sub_devices = rate.sub_devices;
  FrameBounds bounds;
  bounds.service = service_time(point.work, figures.costs, execution);
  bounds.units = rate.units;
  bounds.host = host_time(figures.costs);
  const LinkBytes bytes = bytes_on_link(point, figures.link);
  bounds.link_in = transfer_time(figures.link, LinkWay::kIn, bytes.in);
  bounds.link_out = transfer_time(figures.link, LinkWay::kOut, bytes.out);
  bounds.host_moves = figures.link.host_moves;
  return 1e9 / static_cast<double>(std::max(frame_interval(bounds), Duration(1)).count());
}

Result<FittedFigures> fit_costs(const std::string& profile,
                                const std::vector<FitPoint>& points,
                                const FittedFigures& figures) {
  const std::vector<Term> terms = plan_for(profile);
  if (terms.empty()) {
    return Error{Errc::kNotFound, "no plan says which costs of profile '" + profile + "' to fit"};
  }
  const std::vector<FitPoint> fitted = judged(points);
  const Search search(terms, fitted, figures);
  Candidate best = search.candidate(search.even_start());
  for (unsigned seed = 1; seed <= 4; ++seed) {
    Candidate next = search.improve(search.candidate(search.even_start()), 20'000, 1.0, seed);
    if (next.loss < best.loss) {
      best = std::move(next);
    }
  }
  FittedFigures result = search.figures_of(best.values);
  fit_sharing(points, &result);
  return result;
}

Result<std::vector<double>> left_out_errors(const std::string& profile,
                                            const std::vector<FitPoint>& points,
                                            const FittedFigures& fitted) {
  const std::vector<Term> terms = plan_for(profile);
  if (terms.empty()) {
    return Error{Errc::kNotFound, "no plan says which costs of profile '" + profile + "' to fit"};
  }
  std::vector<double> start;
  for (const Term& unknown : terms) {
    start.push_back(std::max(unknown.get(fitted), 1e-6));
  }
  const std::vector<FitPoint> all = judged(points);
  std::vector<double> errors;
  for (std::size_t left_out = 0; left_out < all.size(); ++left_out) {
    std::vector<FitPoint> others = all;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(left_out));
    const Search search(terms, others, fitted);
    const Candidate best = search.improve(search.candidate(start), 10'000, 0.3, 1);
    errors.push_back(
        simulated_fps(all[left_out], search.figures_of(best.values)) / all[left_out].rate.fps - 1);
  }
  return errors;
}

double absolute_quantile(std::vector<double> values, double part) {
  PENSTOCK_CHECK(!values.empty());
  for (double& value : values) {
    value = std::abs(value);
  }
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(part * static_cast<double>(values.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return values[std::min(index, values.size() - 1)];
}

}  // namespace penstock::sim
