#include "engine/yaml/diagnostic.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace penstock {
namespace {

auto order_of(const Diagnostic& diagnostic) {
  return std::tie(
      diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.code, diagnostic.message);
}

Diagnostic make_diagnostic(std::string_view code, Severity severity, const SourcePlace& place) {
  Diagnostic diagnostic;
  diagnostic.code = std::string(code);
  diagnostic.severity = severity;
  diagnostic.file = place.file_name();
  diagnostic.line = place.line;
  diagnostic.column = place.column;
  diagnostic.length = std::max(1, place.length);
  return diagnostic;
}

}  // namespace

const char* to_string(Severity severity) noexcept {
  return severity == Severity::kError ? "error" : "warning";
}

void Diagnostics::error(std::string_view code,
                        const SourcePlace& place,
                        std::string message,
                        std::string hint) {
  ++error_count_;
  Diagnostic diagnostic = make_diagnostic(code, Severity::kError, place);
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  add(std::move(diagnostic));
}

void Diagnostics::warning(std::string_view code,
                          const SourcePlace& place,
                          std::string message,
                          std::string hint) {
  Diagnostic diagnostic = make_diagnostic(code, Severity::kWarning, place);
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  add(std::move(diagnostic));
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (kept_.size() >= kMaxKept) {
    ++left_out_;
    return;
  }
  kept_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> sorted = kept_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return order_of(a) < order_of(b);
  });
  const auto same = [](const Diagnostic& a, const Diagnostic& b) {
    return order_of(a) == order_of(b);
  };
  sorted.erase(std::unique(sorted.begin(), sorted.end(), same), sorted.end());
  if (left_out_ > 0 && !sorted.empty()) {
    Diagnostic& last = sorted.back();
    last.message += " (and " + std::to_string(left_out_) + " more that are not shown)";
  }
  return sorted;
}

}  // namespace penstock
