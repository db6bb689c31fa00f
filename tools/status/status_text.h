#pragma once

#include <cstddef>
#include <string>

#include "engine/base/result.h"

namespace penstock {

/// How much of a terminal there is; 0: no end.
struct ScreenSize {
  std::size_t width = 0;
  std::size_t height = 0;
};

/// Returns the answer of a status server (a document of `status_json`) as tables for people:
/// streams, nodes, queues, models, devices, packages, clients, the last decisions. What an older or
/// newer program does not say is left out. On a `screen` the least important columns go until rates
/// and latencies fit, and of the longest tables rows are left out and counted, two of each left;
/// what is then still too much `fit_to_screen` cuts.
///
/// Thread-safety: pure. The text holds no control characters but line ends, whatever the answer is.
/// Errors: `kUnavailable` with the words of a server that refused; `kCorrupt` for what is no such
/// document.
Result<std::string> status_text(const std::string& answer, const ScreenSize& screen = {});

/// Returns what identifies the process of an answer: the name of its graph; "" if it does not say.
std::string graph_name(const std::string& answer);

/// Returns `text` cut to a screen of `width` columns and `height` lines.
std::string fit_to_screen(const std::string& text, std::size_t width, std::size_t height);

}  // namespace penstock
