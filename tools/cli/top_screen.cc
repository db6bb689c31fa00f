#include "tools/cli/top_screen.h"

#include <array>
#include <iostream>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace penstock {
namespace {

constexpr const char* kEnter = "\x1b[?1049h\x1b[?25l";
constexpr const char* kLeave = "\x1b[?25h\x1b[?1049l";
constexpr const char* kHome = "\x1b[H\x1b[2J";
constexpr Duration kTick = std::chrono::milliseconds(100);

winsize size_of_screen() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    size.ws_col = 80;
    size.ws_row = 24;
  }
  return size;
}

}  // namespace

TopScreen::TopScreen(bool is_plain) : is_screen_(!is_plain && isatty(STDOUT_FILENO) == 1) {
  if (!is_screen_) {
    return;
  }
  std::cout << kEnter << std::flush;
  has_keys_ = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before_) == 0;
  if (has_keys_) {
    termios keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  }
}

TopScreen::~TopScreen() {
  if (has_keys_) {
    tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  if (is_screen_) {
    std::cout << kLeave << std::flush;
  }
}

ScreenSize TopScreen::size() const {
  if (!is_screen_) {
    return {};
  }
  const winsize size = size_of_screen();
  return {size.ws_col, size.ws_row};
}

bool TopScreen::show(const std::string& text) {
  if (is_screen_) {
    const winsize size = size_of_screen();
    std::cout << kHome << fit_to_screen(text, size.ws_col, size.ws_row);
  } else {
    std::cout << text;
  }
  return std::cout.flush().good();
}

bool TopScreen::was_q_pressed() const {
  pollfd watched{STDIN_FILENO, POLLIN, 0};
  std::array<char, 16> keys{};
  if (!has_keys_ || ::poll(&watched, 1, 0) <= 0) {
    return false;
  }
  const ssize_t count = ::read(STDIN_FILENO, keys.data(), keys.size());
  for (ssize_t i = 0; i < count; ++i) {
    const char key = keys[static_cast<std::size_t>(i)];
    if (key == 'q' || key == 'Q') {
      return true;
    }
  }
  return false;
}

bool TopScreen::wait_for_end(const StopSignals& signals, Duration limit) {
  for (Duration waited{0}; waited < limit; waited += kTick) {
    if (signals.wait_for(kTick) || was_q_pressed()) {
      return true;
    }
  }
  return false;
}

}  // namespace penstock
