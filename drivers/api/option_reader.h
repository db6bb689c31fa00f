#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/api/model_info.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace penstock {

/// Reads a driver's options one by one, collecting what is wrong with them, so that a user sees all
/// of it at once. Each option is asked for once, with its default; what was never asked for is
/// unknown.
///
/// @code
///   OptionReader reader(options);
///   const auto streams = reader.integer("streams", 0, 0, 64);   // default, least, most
///   const auto hint = reader.word("hint", {"throughput", "latency"});   // the first is the
///   default PENSTOCK_RETURN_IF_ERROR(reader.finish());
/// @endcode
class OptionReader {
 public:
  explicit OptionReader(const DriverOptions& options) : options_(options) {}

  std::string text(const std::string& name, const std::string& otherwise = "");
  /// Returns one of `words`; the first is the default.
  std::string word(const std::string& name, std::initializer_list<std::string_view> words);
  std::int64_t integer(const std::string& name,
                       std::int64_t otherwise,
                       std::int64_t least,
                       std::int64_t most);
  bool flag(const std::string& name, bool otherwise);
  /// Reads "15ms", with the units ns, us, ms, s.
  Duration duration(const std::string& name, Duration otherwise);
  /// Reads "1, 2.5,3"; empty if not given. All are finite; a place that holds the word `nothing`,
  /// where there is one, gives NaN.
  std::vector<double> numbers(const std::string& name, std::string_view nothing = {});
  /// Returns the options whose names begin with `prefix`, without it ("shape." gives "0", "1").
  DriverOptions group(const std::string& prefix);

  /// Adds a complaint about `name`, for what only the driver can judge.
  void reject(const std::string& name, const std::string& rule);

  /// Returns what is wrong; a complaint for each unknown option is added. Call it last.
  [[nodiscard]] std::vector<LoadObstacle> obstacles();

  /// Errors: `kInvalidArgument` with every complaint, naming the known options if one is unknown.
  Status finish();

 private:
  const std::string* find(const std::string& name);

  const DriverOptions& options_;
  std::set<std::string> known_;
  std::set<std::string> used_;
  std::vector<LoadObstacle> complaints_;
  bool finished_ = false;
};

/// Returns the shape that "1x3x480x640" stands for ("?" is an open extent), or nothing.
std::optional<Shape> parse_shape(std::string_view text);

}  // namespace penstock
