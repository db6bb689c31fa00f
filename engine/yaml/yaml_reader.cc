#include "engine/yaml/yaml_reader.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "engine/yaml/text_check.h"

namespace penstock {
namespace {

constexpr std::size_t kMaxDepth = 64;

/// Ends the parse from inside an event; the diagnostic is already written.
struct StopReading {};

/// Builds our tree from yaml-cpp's events.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceText& source, Diagnostics& diagnostics)
      : source_(source),
        diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      diagnostics_.error("E003",
                         place_of(mark),
                         "a second document in one file is not allowed",
                         "put it in a file of its own");
      throw StopReading();
    }
  }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    end_text_lines(mark);
    take(YamlNode::null(place_of(mark, null_length(mark))));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    end_text_lines(mark);
    refuse_anchor(place_of(mark));
    YamlNode node = YamlNode::null(place_of(mark));
    node.set_broken();  // What it stands for is not known: nobody shall miss anything in it.
    take(std::move(node));
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override {
    refuse_anchor(place_of(mark));
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    end_text_lines(mark);
    const std::size_t offset = offset_of(mark);
    const char first = offset < source_.text().size() ? source_.text()[offset] : '\0';
    const bool quoted = tag == "!" && first != '!';
    if (!quoted && tag != "?" && !tag.empty()) {
      refuse_tag(place_of(mark));
    }
    int length = first_line_length(value);
    if (first == '\'' || first == '"') {
      length = quote_length(offset, first);
    }
    if (quoted) {
      text_started_ = mark.line + 1;
    }
    take(YamlNode::scalar(place_of(mark, length), value, quoted));
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::sequence(place_of(mark)), tag, mark);
  }

  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::map(place_of(mark)), tag, mark);
  }

  void OnMapEnd() override { close(); }

  YamlNode take_root() { return std::move(root_); }

  /// True if the line (from 1) lies inside a quoted or block scalar, where tabs are text.
  [[nodiscard]] bool is_text_line(int line) const {
    const auto starts_later = [](int wanted, const std::pair<int, int>& range) {
      return wanted <= range.first;
    };
    const auto after = std::upper_bound(text_lines_.begin(), text_lines_.end(), line, starts_later);
    return after != text_lines_.begin() && line < std::prev(after)->second;
  }

  /// Closes the range of the last scalar at the end of the text.
  void end_text() { end_text_lines_at(source_.line_count() + 1); }

  /// Returns the place of the innermost `[` or `{` that is still open, if any.
  [[nodiscard]] std::optional<SourcePlace> open_bracket() const {
    for (auto level = stack_.rbegin(); level != stack_.rend(); ++level) {
      const std::size_t offset = level->offset;
      if (offset < source_.text().size() &&
          (source_.text()[offset] == '[' || source_.text()[offset] == '{')) {
        return level->node.place();
      }
    }
    return std::nullopt;
  }

 private:
  struct Level {
    YamlNode node;
    std::size_t offset = 0;
    bool has_key = false;
    bool drop_value = false;
    std::string key;
    SourcePlace key_place;
    std::unordered_map<std::string, SourcePlace> seen;
  };

  static std::size_t offset_of(const YAML::Mark& mark) {
    return static_cast<std::size_t>(std::max(0, mark.pos));
  }

  [[nodiscard]] SourcePlace place_of(const YAML::Mark& mark, int length = 1) const {
    return source_.place_at(offset_of(mark), length);
  }

  [[nodiscard]] int null_length(const YAML::Mark& mark) const {
    const std::string_view rest =
        std::string_view(source_.text()).substr(std::min(offset_of(mark), source_.text().size()));
    return rest.substr(0, 4) == "null" ? 4 : 1;
  }

  static int first_line_length(const std::string& value) {
    return std::max(1, character_count(std::string_view(value).substr(0, value.find('\n'))));
  }

  /// Returns the length of the quoted scalar at `offset`, at most to the end of its line.
  int quote_length(std::size_t offset, char quote) {
    const std::string& text = source_.text();
    std::size_t at = offset + 1;
    for (; at < text.size(); ++at) {
      if (quote == '"' && text[at] == '\\') {
        ++at;
      } else if (text[at] == quote) {
        if (quote == '"' || at + 1 >= text.size() || text[at + 1] != quote) {
          break;
        }
        ++at;
      }
    }
    if (at >= text.size()) {
      diagnostics_.error("E001",
                         source_.place_at(offset),
                         std::string("the quote ") + quote + " is never closed",
                         std::string("end the text with ") + quote);
      throw StopReading();
    }
    const std::string_view token = std::string_view(text).substr(offset, at + 1 - offset);
    return character_count(token.substr(0, token.find('\n')));
  }

  void refuse_anchor(const SourcePlace& place) {
    diagnostics_.error("E003",
                       place,
                       "anchors (&) and aliases (*) are not allowed",
                       "use a parameter: $(name), or quote the text");
  }

  void refuse_tag(const SourcePlace& place) {
    diagnostics_.error("E003", place, "tags (!) are not allowed", "leave the tag out, or quote it");
  }

  void open(YamlNode node, const std::string& tag, const YAML::Mark& mark) {
    end_text_lines(mark);
    if (tag != "?" && !tag.empty()) {
      refuse_tag(node.place());
    }
    if (stack_.size() >= kMaxDepth) {
      diagnostics_.error(
          "E001", node.place(), "nested deeper than " + std::to_string(kMaxDepth) + " levels");
      throw StopReading();
    }
    Level level;
    level.node = std::move(node);
    level.offset = offset_of(mark);
    stack_.push_back(std::move(level));
  }

  void close() {
    YamlNode node = std::move(stack_.back().node);
    stack_.pop_back();
    take(std::move(node));
  }

  void take(YamlNode node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = stack_.back();
    if (level.node.is_sequence()) {
      level.node.append(std::move(node));
    } else if (!level.has_key) {
      take_key(level, node);
    } else {
      level.has_key = false;
      if (!std::exchange(level.drop_value, false)) {
        level.node.insert(std::move(level.key), std::move(level.key_place), std::move(node));
      }
    }
  }

  void take_key(Level& level, const YamlNode& node) {
    level.has_key = true;
    level.drop_value = true;
    if (!node.is_scalar()) {
      diagnostics_.error("E003", node.place(), "a key must be a word, not " + node.describe());
      return;
    }
    if (node.text() == "<<" && !node.is_quoted()) {
      diagnostics_.error("E003",
                         node.place(),
                         "the merge key << is not allowed",
                         "write the keys out, or set them under 'defaults'");
      level.node.set_broken();  // The keys that it would bring are not missing.
      return;
    }
    const auto [first, is_new] = level.seen.emplace(node.text(), node.place());
    if (!is_new) {
      diagnostics_.error("E002",
                         node.place(),
                         "key " + node.describe() + " is given twice; it is already at line " +
                             std::to_string(first->second.line) + ", column " +
                             std::to_string(first->second.column),
                         "remove one of the two");
      return;
    }
    level.drop_value = false;
    level.key = node.text();
    level.key_place = node.place();
  }

  void end_text_lines(const YAML::Mark& mark) { end_text_lines_at(mark.line + 1); }

  void end_text_lines_at(int line) {
    if (text_started_ > 0 && line > text_started_) {
      text_lines_.emplace_back(text_started_, line);
    }
    text_started_ = 0;
  }

  const SourceText& source_;
  Diagnostics& diagnostics_;
  int documents_ = 0;
  YamlNode root_;
  std::vector<Level> stack_;
  int text_started_ = 0;
  std::vector<std::pair<int, int>> text_lines_;
};

/// Reports the tabs in the indentation of lines 1 to `last`; true if there was one.
bool report_tabs(const SourceText& source,
                 const TreeBuilder& builder,
                 int last,
                 Diagnostics& diagnostics) {
  bool found = false;
  for (int number = 1; number <= std::min(last, source.line_count()); ++number) {
    const std::string_view line = source.line(number);
    const std::size_t text = line.find_first_not_of(" \t");
    const std::size_t tab = line.find('\t');
    if (text == std::string_view::npos || tab == std::string_view::npos || tab > text ||
        line[text] == '#' || builder.is_text_line(number)) {
      continue;
    }
    const int column = static_cast<int>(tab) + 1;
    diagnostics.error("E001",
                      {source.name(), number, column, static_cast<int>(text - tab)},
                      "a tab is used for indentation; YAML wants spaces",
                      "replace the tab by spaces");
    found = true;
  }
  return found;
}

void report_syntax(const SourceText& source,
                   const TreeBuilder& builder,
                   const YAML::Exception& exception,
                   Diagnostics& diagnostics) {
  const bool has_place = !exception.mark.is_null();
  const SourcePlace place =
      has_place ? source.place_at(static_cast<std::size_t>(std::max(0, exception.mark.pos)))
                : source.whole();
  const std::string_view what = exception.msg;
  if (what == "the referenced anchor is not defined") {
    diagnostics.error("E003",
                      place,
                      "anchors (&) and aliases (*) are not allowed",
                      "use a parameter: $(name), or quote the text");
    return;
  }
  std::string hint;
  const bool unfinished =
      what == "end of sequence flow not found" || what == "end of map flow not found";
  if (const auto bracket = builder.open_bracket(); unfinished && bracket.has_value()) {
    hint = "the bracket opened at line " + std::to_string(bracket->line) + ", column " +
           std::to_string(bracket->column) + " is not closed";
  } else if (what == "unknown token") {
    hint = "text that starts with this character must be quoted";
  } else if (what == "illegal map value") {
    hint = "is the line above indented alike? text that contains ': ' must be quoted";
  }
  diagnostics.error("E001", place, "YAML syntax: " + exception.msg, hint);
}

/// Runs the parser; false when the syntax is broken. The wrapping place of yaml-cpp's exceptions.
bool run_parser(const SourceText& source, TreeBuilder& builder, Diagnostics& diagnostics) {
  try {
    std::istringstream stream(source.text());
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    builder.end_text();
    return !report_tabs(source, builder, source.line_count(), diagnostics);
  } catch (const StopReading&) {
    return false;
  } catch (const YAML::Exception& exception) {
    const int last = exception.mark.is_null() ? source.line_count() : exception.mark.line + 1;
    if (!report_tabs(source, builder, last, diagnostics)) {
      report_syntax(source, builder, exception, diagnostics);
    }
    return false;
  } catch (const std::exception& exception) {
    diagnostics.error(
        "E001", source.whole(), std::string("cannot read this file: ") + exception.what());
    return false;
  }
}

}  // namespace

std::optional<YamlNode> read_yaml(const SourceText& source, Diagnostics& diagnostics) {
  if (!check_text(source, diagnostics)) {
    return std::nullopt;
  }
  TreeBuilder builder(source, diagnostics);
  if (!run_parser(source, builder, diagnostics)) {
    return std::nullopt;
  }
  YamlNode root = builder.take_root();
  if (root.is_null()) {
    return YamlNode::null(source.place_at(0));
  }
  return root;
}

}  // namespace penstock
