#include "engine/yaml/diagnostic_text.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/base/printable.h"

namespace penstock {
namespace {

constexpr int kShownColumns = 120;
constexpr int kColumnsBeforeCaret = 60;
constexpr const char* kRed = "\x1b[1;31m";
constexpr const char* kYellow = "\x1b[1;33m";
constexpr const char* kBlue = "\x1b[34m";
constexpr const char* kBold = "\x1b[1m";
constexpr const char* kPlain = "\x1b[0m";

std::string painted(const DiagnosticStyle& style, const char* paint, const std::string& text) {
  return style.colour ? paint + text + kPlain : text;
}

/// Returns the characters `first` to `last` (from 0) of a UTF-8 text.
std::string characters(std::string_view text, int first, int last) {
  std::string cut;
  int index = -1;
  for (const char byte : text) {
    if ((static_cast<unsigned char>(byte) & 0xC0U) != 0x80U) {
      ++index;
    }
    if (index >= first && index < last) {
      const auto code = static_cast<unsigned char>(byte);
      const bool shown = code >= 0x20U && code != 0x7FU;
      cut += shown ? byte : byte == '\t' ? ' ' : '?';
    }
  }
  return printable(cut);
}

std::string place_text(const Diagnostic& diagnostic) {
  std::string text = printable(diagnostic.file);
  if (diagnostic.line > 0) {
    text += ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
  }
  return text.empty() ? text : text + ": ";
}

std::string excerpt(const Diagnostic& diagnostic,
                    const SourceText& source,
                    const DiagnosticStyle& style) {
  const std::string masked = mask_secrets(std::string(source.line(diagnostic.line)), style.secrets);
  const int width = character_count(masked);
  const int at = std::min(diagnostic.column - 1, width);
  const int first = width > kShownColumns ? std::max(0, at - kColumnsBeforeCaret) : 0;
  const int last = std::min(width, first + kShownColumns);
  const int length = std::clamp(diagnostic.length, 1, std::max(1, last - at));
  const std::string number = std::to_string(diagnostic.line);
  const std::string gutter = "  " + number + " | ";
  const std::string empty_gutter = "  " + std::string(number.size(), ' ') + " | ";
  const std::string caret = "^" + std::string(static_cast<std::size_t>(length) - 1, '~');
  return painted(style, kBlue, gutter) + characters(masked, first, last) + "\n" +
         painted(style, kBlue, empty_gutter) +
         std::string(static_cast<std::size_t>(at - first), ' ') + painted(style, kBold, caret) +
         "\n";
}

}  // namespace

std::string mask_secrets(std::string text, const std::vector<std::string>& secrets) {
  constexpr std::string_view kMask = "***";
  for (const std::string& secret : secrets) {
    if (secret.empty()) {
      continue;
    }
    for (std::size_t at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + kMask.size())) {
      text.replace(at, secret.size(), kMask);
    }
  }
  return text;
}

std::string diagnostics_text(const std::vector<Diagnostic>& diagnostics,
                             const std::vector<const SourceText*>& sources,
                             const DiagnosticStyle& style) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) {
    const bool is_error = diagnostic.severity == Severity::kError;
    const std::string label =
        std::string(to_string(diagnostic.severity)) + "[" + diagnostic.code + "]";
    std::string message = diagnostic.message;
    if (!diagnostic.hint.empty()) {
      message += "; " + diagnostic.hint;
    }
    text += painted(style, kBold, place_text(diagnostic)) +
            painted(style, is_error ? kRed : kYellow, label) + ": " +
            printable(mask_secrets(message, style.secrets)) + "\n";
    const auto source =
        std::find_if(sources.begin(), sources.end(), [&](const SourceText* candidate) {
          return *candidate->name() == diagnostic.file;
        });
    if (source != sources.end() && diagnostic.line > 0 &&
        diagnostic.line <= (*source)->line_count()) {
      text += excerpt(diagnostic, **source, style);
    }
  }
  return text;
}

std::string diagnostics_json(const std::vector<Diagnostic>& diagnostics,
                             const DiagnosticStyle& style) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Diagnostic& diagnostic : diagnostics) {
    nlohmann::ordered_json item;
    item["code"] = diagnostic.code;
    item["severity"] = to_string(diagnostic.severity);
    item["file"] = diagnostic.file;
    item["line"] = diagnostic.line;
    item["column"] = diagnostic.column;
    item["message"] = mask_secrets(diagnostic.message, style.secrets);
    item["hint"] = mask_secrets(diagnostic.hint, style.secrets);
    list.push_back(std::move(item));
  }
  nlohmann::ordered_json document;
  document["diagnostics"] = std::move(list);
  // A name of a file may hold bytes that are not UTF-8; they must not end the program.
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace penstock
