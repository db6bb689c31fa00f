#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/yaml/diagnostic.h"
#include "engine/yaml/scalar.h"

namespace penstock {

/// A size in pixels, as the language writes it: `[width, height]`.
struct Size2d {
  std::int64_t width = 0;
  std::int64_t height = 0;

  friend bool operator==(const Size2d&, const Size2d&) = default;
};

class OptionValues;
class OptionValue;

/// A size in bytes; a type of its own so that it is not mistaken for a count.
struct ByteSize {
  std::uint64_t count = 0;

  friend bool operator==(const ByteSize&, const ByteSize&) = default;
};

/// The values of one actor's (model's, device's...) options after checking: parsed, with units
/// converted, ranges checked, paths resolved and defaults filled in.
///
/// Nodes are built from it. The checker has already refused what does not fit the option's
/// description, so asking for an option that the type does not declare, or with the wrong getter,
/// is a bug and ends the process. An option without default that the user left out is absent: ask
/// `has()` first.
///
/// Units: durations in nanoseconds, sizes in bytes, bit rates in bit/s, rates per second.
/// Ownership: a plain value; copies are deep.
///
/// @code
///   const Size2d size = options.get_size("size");
///   const auto timeout = options.get_duration("timeout");
///   if (options.has("max_fps")) limit(options.get_number("max_fps"));
///   if (options.is_word("normalize", "imagenet")) ...                 // declared with or_words()
///   else scale_by(options.get_object("normalize").get_numbers("std"));
/// @endcode
class OptionValues {
 public:
  OptionValues();
  OptionValues(const OptionValues& other);
  OptionValues(OptionValues&& other) noexcept;
  OptionValues& operator=(const OptionValues& other);
  OptionValues& operator=(OptionValues&& other) noexcept;
  ~OptionValues();

  /// True if there is a value, written or by default.
  [[nodiscard]] bool has(std::string_view name) const;

  /// True if the user wrote it; false for a default.
  [[nodiscard]] bool is_written(std::string_view name) const;

  /// Pre, for every getter: `has(name)`, and the option was declared with the getter's type.
  [[nodiscard]] bool get_bool(std::string_view name) const;
  [[nodiscard]] std::int64_t get_int(std::string_view name) const;
  /// Also a whole number and a rate.
  [[nodiscard]] double get_number(std::string_view name) const;
  /// Text, word, path or uri; also the word chosen from `or_words()`.
  [[nodiscard]] const std::string& get_text(std::string_view name) const;
  [[nodiscard]] std::chrono::nanoseconds get_duration(std::string_view name) const;
  [[nodiscard]] std::uint64_t get_bytes(std::string_view name) const;
  [[nodiscard]] std::int64_t get_bit_rate(std::string_view name) const;
  [[nodiscard]] Size2d get_size(std::string_view name) const;
  [[nodiscard]] Colour get_colour(std::string_view name) const;
  [[nodiscard]] const std::vector<OptionValue>& get_list(std::string_view name) const;
  /// The same list, when its items are text or numbers.
  [[nodiscard]] std::vector<std::string> get_texts(std::string_view name) const;
  [[nodiscard]] std::vector<double> get_numbers(std::string_view name) const;
  [[nodiscard]] std::vector<std::chrono::nanoseconds> get_durations(std::string_view name) const;
  /// A nested object, or a map from free names to objects.
  [[nodiscard]] const OptionValues& get_object(std::string_view name) const;

  /// True if there is a value and it is the word `word`.
  [[nodiscard]] bool is_word(std::string_view name, std::string_view word) const;

  /// Returns the value of `name`, nullptr if it has none. For code that works on any option.
  [[nodiscard]] const OptionValue* find(std::string_view name) const;

  /// Returns the names that have a value, in alphabetical order.
  [[nodiscard]] std::vector<std::string> names() const;

  /// Returns where the value was written; line 0 for a default.
  [[nodiscard]] SourcePlace place(std::string_view name) const;

  /// Puts a value, replacing one of the same name. The checker fills with it, and tests of nodes.
  OptionValues& set(std::string_view name, OptionValue value);
  OptionValues& set_written(std::string_view name, OptionValue value, SourcePlace place);

 private:
  struct Held;

  [[nodiscard]] const OptionValue& held(std::string_view name) const;

  std::map<std::string, Held, std::less<>> values_;
};

/// One value of an option.
class OptionValue {
 public:
  using List = std::vector<OptionValue>;
  using Any = std::variant<bool,
                           std::int64_t,
                           double,
                           std::string,
                           std::chrono::nanoseconds,
                           ByteSize,
                           Size2d,
                           Colour,
                           List,
                           OptionValues>;

  OptionValue(bool value)
      : value_(value) {}  // NOLINT(google-explicit-constructor): a value is a value

  OptionValue(int value)
      : value_(static_cast<std::int64_t>(value)) {
  }  // NOLINT(google-explicit-constructor): as above

  OptionValue(std::int64_t value)
      : value_(value) {}  // NOLINT(google-explicit-constructor): as above

  OptionValue(double value) : value_(value) {}  // NOLINT(google-explicit-constructor): as above

  OptionValue(std::string value)
      : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor): as above

  OptionValue(const char* value)
      : value_(std::string(value)) {}  // NOLINT(google-explicit-constructor): as above

  OptionValue(std::chrono::nanoseconds value)
      : value_(value) {}  // NOLINT(google-explicit-constructor): as above

  OptionValue(ByteSize value) : value_(value) {}  // NOLINT(google-explicit-constructor): as above

  OptionValue(Size2d value) : value_(value) {}  // NOLINT(google-explicit-constructor): as above

  OptionValue(Colour value) : value_(value) {}  // NOLINT(google-explicit-constructor): as above

  OptionValue(List value)
      : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor): as above

  OptionValue(OptionValues value)
      : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor): as above

  /// Returns the value if it has the type `T`, else nullptr.
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&value_);
  }

  [[nodiscard]] const Any& any() const { return value_; }

 private:
  Any value_;
};

struct OptionValues::Held {
  OptionValue value;
  bool written = false;
  SourcePlace place;
};

}  // namespace penstock
