#include "engine/graph/option_values.h"

#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

/// Returns the value as `T`; anything else is a mistake of the caller, not of the user.
template <class T>
const T& expect(const OptionValue& value, std::string_view name) {
  const T* held = value.as<T>();
  PENSTOCK_CHECK(held != nullptr) << "option '" << name << "' is asked for with the wrong getter";
  return *held;
}

double number_of(const OptionValue& value, std::string_view name) {
  if (const auto* whole = value.as<std::int64_t>()) {
    return static_cast<double>(*whole);
  }
  return expect<double>(value, name);
}

}  // namespace

OptionValues::OptionValues() = default;
OptionValues::OptionValues(const OptionValues& other) = default;
OptionValues::OptionValues(OptionValues&& other) noexcept = default;
OptionValues& OptionValues::operator=(const OptionValues& other) = default;
OptionValues& OptionValues::operator=(OptionValues&& other) noexcept = default;
OptionValues::~OptionValues() = default;

bool OptionValues::has(std::string_view name) const {
  return find(name) != nullptr;
}

bool OptionValues::is_written(std::string_view name) const {
  const auto found = values_.find(name);
  return found != values_.end() && found->second.written;
}

const OptionValue* OptionValues::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second.value;
}

const OptionValue& OptionValues::held(std::string_view name) const {
  const OptionValue* value = find(name);
  PENSTOCK_CHECK(value != nullptr)
      << "option '" << name << "' has no value: give it a default, or ask has() first";
  return *value;
}

bool OptionValues::get_bool(std::string_view name) const {
  return expect<bool>(held(name), name);
}

std::int64_t OptionValues::get_int(std::string_view name) const {
  return expect<std::int64_t>(held(name), name);
}

double OptionValues::get_number(std::string_view name) const {
  return number_of(held(name), name);
}

const std::string& OptionValues::get_text(std::string_view name) const {
  return expect<std::string>(held(name), name);
}

std::chrono::nanoseconds OptionValues::get_duration(std::string_view name) const {
  return expect<std::chrono::nanoseconds>(held(name), name);
}

std::uint64_t OptionValues::get_bytes(std::string_view name) const {
  return expect<ByteSize>(held(name), name).count;
}

std::int64_t OptionValues::get_bit_rate(std::string_view name) const {
  return expect<std::int64_t>(held(name), name);
}

Size2d OptionValues::get_size(std::string_view name) const {
  return expect<Size2d>(held(name), name);
}

Colour OptionValues::get_colour(std::string_view name) const {
  return expect<Colour>(held(name), name);
}

const std::vector<OptionValue>& OptionValues::get_list(std::string_view name) const {
  return expect<OptionValue::List>(held(name), name);
}

std::vector<std::string> OptionValues::get_texts(std::string_view name) const {
  std::vector<std::string> texts;
  for (const OptionValue& item : get_list(name)) {
    texts.push_back(expect<std::string>(item, name));
  }
  return texts;
}

std::vector<double> OptionValues::get_numbers(std::string_view name) const {
  std::vector<double> numbers;
  for (const OptionValue& item : get_list(name)) {
    numbers.push_back(number_of(item, name));
  }
  return numbers;
}

std::vector<std::chrono::nanoseconds> OptionValues::get_durations(std::string_view name) const {
  std::vector<std::chrono::nanoseconds> durations;
  for (const OptionValue& item : get_list(name)) {
    durations.push_back(expect<std::chrono::nanoseconds>(item, name));
  }
  return durations;
}

const OptionValues& OptionValues::get_object(std::string_view name) const {
  return expect<OptionValues>(held(name), name);
}

bool OptionValues::is_word(std::string_view name, std::string_view word) const {
  const OptionValue* value = find(name);
  const std::string* text = value == nullptr ? nullptr : value->as<std::string>();
  return text != nullptr && *text == word;
}

std::vector<std::string> OptionValues::names() const {
  std::vector<std::string> names;
  for (const auto& [name, held] : values_) {
    names.push_back(name);
  }
  return names;
}

SourcePlace OptionValues::place(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? SourcePlace() : found->second.place;
}

OptionValues& OptionValues::set(std::string_view name, OptionValue value) {
  values_.insert_or_assign(std::string(name), Held{std::move(value), false, SourcePlace()});
  return *this;
}

OptionValues& OptionValues::set_written(std::string_view name,
                                        OptionValue value,
                                        SourcePlace place) {
  values_.insert_or_assign(std::string(name), Held{std::move(value), true, std::move(place)});
  return *this;
}

}  // namespace penstock
