#pragma once

#include <string>

#include <termios.h>

#include "engine/base/clock.h"
#include "tools/cli/stop_signals.h"
#include "tools/status/status_text.h"

namespace penstock {

/// Where `penstock top` shows its rounds: the whole screen of a terminal, over and over; one after
/// the other elsewhere.
///
/// Ownership: while it lives the terminal shows its second screen and hands over keys at once; the
/// destructor puts both back.
class TopScreen {
 public:
  /// With `is_plain` a terminal is treated like a file.
  explicit TopScreen(bool is_plain);
  TopScreen(const TopScreen&) = delete;
  TopScreen& operator=(const TopScreen&) = delete;
  ~TopScreen();

  /// Returns how much fits; no end where it is no terminal.
  [[nodiscard]] ScreenSize size() const;

  /// Shows `text`, cut to the screen. Returns false if nobody reads it any more.
  bool show(const std::string& text);

  /// Waits at most `limit`; returns whether somebody pressed q, Ctrl-C or sent SIGTERM.
  bool wait_for_end(const StopSignals& signals, Duration limit);

 private:
  [[nodiscard]] bool was_q_pressed() const;

  bool is_screen_ = false;
  bool has_keys_ = false;
  termios before_{};
};

}  // namespace penstock
