#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// What a value of an option is. Each has one form in YAML, one getter of `OptionValues`.
enum class OptionKind {
  kBool,      ///< `true`; get_bool
  kInt,       ///< `30`; get_int
  kNumber,    ///< `0.4`; get_number
  kText,      ///< any text; get_text
  kWord,      ///< one of fixed words; get_text
  kDuration,  ///< `15ms`; get_duration
  kBytes,     ///< `64MiB`; get_bytes
  kBitRate,   ///< `4Mbit/s`; get_bit_rate
  kRate,      ///< `25`, `30000/1001` per second; get_number
  kSize,      ///< `[640, 480]`; get_size
  kColour,    ///< `"#ff8000"`, `orange`; get_colour
  kPathIn,    ///< a file that must exist, relative to the file that names it; get_text
  kPathOut,   ///< a file to write, relative to the working directory; get_text
  kUri,       ///< an address, or a path as kPathIn (globs and patterns are not looked up); get_text
  kLabels,    ///< a file with one label a line, or a list of labels; get_texts
  kList,      ///< several of `item`; get_list, get_texts, get_numbers
  kObject,    ///< a map with the keys of `fields`; get_object
  kMapOf,     ///< a map from free names to objects with the keys of `fields`; get_object
  kTable,     ///< a map from free names to values of `item`; get_object
};

/// One option of an actor, a decoder, a device or a section: everything that checking, help, schema
/// and reference must know of it.
///
/// Made by the static functions and refined by chaining. The default is written as in YAML and read
/// by the same code as the user's values; one that does not pass ends the process at registration.
///
/// @code
///   Option::number("score", "smallest score of a detection that is kept").range(0,
///   1).fallback("0.4") Option::duration("timeout", "longest wait for the next frame").range("1ms",
///   "1h").fallback("5s") Option::object("normalize", "what is subtracted and divided by",
///                  {Option::numbers("mean", "..."), Option::numbers("std",
///                  "...")}).or_words({"imagenet"})
/// @endcode
class Option {
 public:
  /// What the keys of a map that stands for one value are: names, indexes from 0, or any text, for
  /// what others have named.
  enum class MapKey { kName, kIndex, kText };

  static Option boolean(std::string name, std::string help);
  static Option integer(std::string name, std::string help);
  static Option number(std::string name, std::string help);
  static Option text(std::string name, std::string help);
  static Option word(std::string name, std::vector<std::string> words, std::string help);
  static Option duration(std::string name, std::string help);
  static Option bytes(std::string name, std::string help);
  static Option bit_rate(std::string name, std::string help);
  static Option rate(std::string name, std::string help);
  static Option size(std::string name, std::string help);
  static Option colour(std::string name, std::string help);
  static Option path_in(std::string name, std::string help);
  static Option path_out(std::string name, std::string help);
  static Option uri(std::string name, std::string help);
  static Option labels(std::string name, std::string help);
  static Option list(std::string name, const Option& item, std::string help);
  static Option object(std::string name, std::string help, std::vector<Option> fields);
  static Option map_of(std::string name, std::string help, std::vector<Option> fields);
  static Option table(std::string name, const Option& item, std::string help);

  /// A list of numbers, of texts; one value without brackets is a list of one.
  static Option numbers(std::string name, std::string help);
  static Option texts(std::string name, std::string help);

  /// The value when the user writes none, in YAML ("5s", "[640, 640]"). Without it the option is
  /// absent unless required.
  Option& fallback(std::string yaml);
  Option& required();
  /// Limits, inclusive, of a whole number, number or rate, of both sides of a size, or of the items
  /// of a list of numbers.
  Option& range(double least, double most);
  /// Limits, inclusive, of a duration, size in bytes or bit rate, with units.
  Option& range(std::string_view least, std::string_view most);
  /// What a number counts, for messages and help ("frames", "pixels").
  Option& unit(std::string unit);
  /// How many items a list has, inclusive.
  Option& count(std::size_t least, std::size_t most);
  /// A list has one item, for all, or exactly `count`, one for each.
  Option& one_or(std::size_t count);
  /// One value stands for a list of one.
  Option& or_single();
  /// Words that may stand in place of a value ("none"); asked with `OptionValues::is_word`.
  Option& or_words(std::vector<std::string> words);
  /// A map with a value for each key may stand in place of one value; asked with
  /// `OptionValues::find`, which then holds `OptionValues`.
  Option& or_map(MapKey key);
  /// What the keys of a table are; without it names.
  Option& keyed_by(MapKey key);
  /// At most one option of the same group may be written (E015).
  Option& excludes(std::string group);
  /// At least one option of this one's group must be written (E011).
  Option& group_required();
  /// May be written only where the option `sibling` beside it, a word, is one of `words` (E015).
  Option& only_with(std::string sibling, std::vector<std::string> words);
  /// Items must be labels of the sibling option `sibling` (E014 with the nearest label).
  Option& labels_of(std::string sibling);
  /// Items must be labels of objects that arrive at the actor (E014 with the nearest label).
  Option& arriving_labels();
  /// Items are the only labels of objects that leave the actor; without an item all leave.
  Option& leaving_labels();
  /// `$(stream)`, `$(graph)`, `$(seq)` and strftime words may appear; paths out have it already.
  Option& templated();
  /// Of a path out: how the file's name must end (".mp4"), in any case of letters (E014).
  Option& ends_in(std::vector<std::string> endings);
  /// Of a path out: a run-time name without which every frame would write the same file (E065).
  Option& must_have(std::string run_time_name);
  /// May be changed while the graph runs.
  Option& live_changeable();
  /// Old names of this option: still read, with warning E016.
  Option& formerly(std::string old_name);

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] const std::string& help() const { return help_; }

  [[nodiscard]] OptionKind kind() const { return kind_; }

  [[nodiscard]] const std::optional<std::string>& default_yaml() const { return fallback_; }

  [[nodiscard]] bool is_required() const { return required_; }

  [[nodiscard]] const std::optional<double>& least() const { return least_; }

  [[nodiscard]] const std::optional<double>& most() const { return most_; }

  [[nodiscard]] const std::string& unit_text() const { return unit_; }

  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

  [[nodiscard]] const std::vector<std::string>& extra_words() const { return extra_words_; }

  [[nodiscard]] const std::vector<Option>& fields() const { return fields_; }

  [[nodiscard]] const Option* item() const { return item_.empty() ? nullptr : &item_.front(); }

  [[nodiscard]] std::size_t min_count() const { return min_count_; }

  [[nodiscard]] std::size_t max_count() const { return max_count_; }

  /// Returns whether a list may have so many items.
  [[nodiscard]] bool takes_count(std::size_t count) const;

  /// Returns how many items a list wants: "1 to 4", "2", "1 or 3".
  [[nodiscard]] std::string count_text() const;

  [[nodiscard]] bool takes_single() const { return single_; }

  [[nodiscard]] const std::optional<MapKey>& map_key() const { return map_key_; }

  [[nodiscard]] const std::string& group() const { return group_; }

  [[nodiscard]] bool is_group_required() const { return group_required_; }

  /// The option of `only_with`; "" = none.
  [[nodiscard]] const std::string& owner() const { return owner_; }

  [[nodiscard]] const std::vector<std::string>& owner_words() const { return owner_words_; }

  [[nodiscard]] const std::string& label_sibling() const { return label_sibling_; }

  [[nodiscard]] bool are_arriving_labels() const { return are_arriving_labels_; }

  [[nodiscard]] bool are_leaving_labels() const { return are_leaving_labels_; }

  [[nodiscard]] bool is_templated() const { return templated_; }

  [[nodiscard]] const std::vector<std::string>& endings() const { return endings_; }

  [[nodiscard]] const std::string& needed_name() const { return needed_name_; }

  [[nodiscard]] bool is_live_changeable() const { return live_changeable_; }

  [[nodiscard]] const std::vector<std::string>& old_names() const { return old_names_; }

  /// Returns the option of one value of a table or map, which is called `name` in messages.
  [[nodiscard]] Option value_of(const std::string& name) const;

  /// Returns what a value looks like, in words: "a duration such as 15ms", "one of mp4, mkv".
  [[nodiscard]] std::string wanted() const;

  /// Returns the range as text ("0 to 1", "at least 1 frames"); empty if there is none.
  [[nodiscard]] std::string range_text() const;

 private:
  Option(std::string name, OptionKind kind, std::string help);

  std::string name_;
  OptionKind kind_;
  std::string help_;
  std::optional<std::string> fallback_;
  bool required_ = false;
  std::optional<double> least_;
  std::optional<double> most_;
  std::string unit_;
  std::vector<std::string> words_;
  std::vector<std::string> extra_words_;
  std::vector<Option> fields_;
  std::vector<Option> item_;
  std::size_t min_count_ = 0;
  std::size_t max_count_ = 4096;
  bool is_one_or_all_ = false;  ///< Nothing between the least and the greatest count.
  bool single_ = false;
  std::optional<MapKey> map_key_;
  std::string group_;
  bool group_required_ = false;
  std::string owner_;
  std::vector<std::string> owner_words_;
  std::string label_sibling_;
  bool are_arriving_labels_ = false;
  bool are_leaving_labels_ = false;
  bool templated_ = false;
  std::vector<std::string> endings_;
  std::string needed_name_;
  bool live_changeable_ = false;
  std::vector<std::string> old_names_;
};

}  // namespace penstock
