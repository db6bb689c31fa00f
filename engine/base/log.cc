#include "engine/base/log.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/details/null_mutex.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/base_sink.h>

#include "engine/base/printable.h"

namespace penstock {
namespace {

constexpr std::array<const char*, 5> kWords = {"debug", "info", "warning", "error", "off"};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

const char* level_word(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug:
      return "debug";
    case spdlog::level::warn:
      return "warning";
    case spdlog::level::err:
      return "error";
    default:
      return "info";
  }
}

/// Returns "2026-01-31T12:00:00.123Z".
std::string utc_text(spdlog::log_clock::time_point time) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = static_cast<std::time_t>(since.count() / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%FT%T", &parts);
  std::snprintf(
      text.data() + length, text.size() - length, ".%03dZ", static_cast<int>(since.count() % 1000));
  return text.data();
}

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& dest) override {
    nlohmann::ordered_json line;
    line["time"] = utc_text(msg.time);
    line["level"] = level_word(msg.level);
    line["place"] = std::string(msg.logger_name.data(), msg.logger_name.size());
    line["message"] = std::string(msg.payload.data(), msg.payload.size());
    // Text from outside may be in any encoding; a log line must not throw.
    const std::string text =
        line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    dest.append(text.data(), text.data() + text.size());
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }
};

/// Hands each line to a function; for tests.
class FunctionSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    spdlog::memory_buf_t line;
    formatter_->format(msg, line);
    write_({line.data(), line.size()});
  }

  void flush_() override {}

  std::function<void(std::string_view)> write_;
};

std::shared_ptr<spdlog::sinks::sink> make_sink(LogOptions options) {
  std::shared_ptr<spdlog::sinks::sink> sink;
  if (options.write) {
    sink = std::make_shared<FunctionSink>(std::move(options.write));
  } else {
    sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_st>(
        options.colour && !options.json ? spdlog::color_mode::always : spdlog::color_mode::never);
  }
  if (options.json) {
    sink->set_formatter(std::make_unique<JsonFormatter>());
  } else {
    sink->set_pattern("%H:%M:%S.%e %^%l%$ %n: %v");
  }
  return sink;
}

struct Log {
  std::atomic<LogLevel> level{LogLevel::kInfo};
  std::mutex mutex;  // Guards what follows.
  std::shared_ptr<spdlog::sinks::sink> sink = make_sink({});
  std::vector<std::string> secrets;
};

/// Never destroyed: threads that end late may still log.
Log& the_log() {
  static Log& log = *new Log();
  return log;
}

std::string safe(std::string_view text, const std::vector<std::string>& secrets) {
  std::string result(text);
  for (const std::string& secret : secrets) {
    for (std::size_t at = result.find(secret); at != std::string::npos;
         at = result.find(secret, at + 3)) {
      result.replace(at, secret.size(), "***");
    }
  }
  return printable(result);
}

}  // namespace

std::optional<LogLevel> log_level_from(std::string_view word) noexcept {
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (word == kWords[i]) {
      return static_cast<LogLevel>(i);
    }
  }
  return std::nullopt;
}

void configure_log(LogOptions options) {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  log.level = options.level;
  log.sink = make_sink(std::move(options));
}

void mask_in_log(const std::vector<std::string>& secrets) {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  for (const std::string& secret : secrets) {
    if (!secret.empty()) {
      log.secrets.push_back(secret);
    }
  }
}

void log(LogLevel level, std::string_view place, std::string_view message) {
  Log& log = the_log();
  if (level < log.level.load(std::memory_order_relaxed) || level == LogLevel::kOff) {
    return;
  }
  const std::lock_guard lock(log.mutex);
  const std::string name = safe(place, log.secrets);
  const std::string text = safe(message, log.secrets);
  log.sink->log(spdlog::details::log_msg(name, to_spdlog(level), text));
  log.sink->flush();
}

}  // namespace penstock
