#include "engine/graph/path_checker.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>
#include <vector>

#include "engine/graph/label_file.h"

namespace penstock {
namespace {

/// True for a path that is looked up as it is: no scheme, no glob, no number pattern.
bool is_plain_path(const std::string& uri) {
  return uri.find("://") == std::string::npos && uri.find_first_of("*?%") == std::string::npos;
}

bool has_ending(const std::string& path, const std::vector<std::string>& endings) {
  std::string lower = path;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  return std::any_of(endings.begin(), endings.end(), [&](const std::string& ending) {
    return lower.size() >= ending.size() &&
           lower.compare(lower.size() - ending.size(), ending.size(), ending) == 0;
  });
}

}  // namespace

std::string resolve_path(const std::string& path, const YamlNode& node) {
  const auto& file = node.origin() == nullptr ? node.place().file : node.origin()->file;
  const std::filesystem::path written(path);
  if (written.is_absolute() || file == nullptr || *file == kCommandLine) {
    return path;
  }
  return (std::filesystem::path(*file).parent_path() / written).lexically_normal().string();
}

PathChecker::Value PathChecker::check(const Option& option, const YamlNode& node) {
  return option.kind() == OptionKind::kPathOut ? check_out(option, node) : check_in(option, node);
}

PathChecker::Value PathChecker::check_in(const Option& option, const YamlNode& node) {
  constexpr std::string_view kFileScheme = "file://";
  std::string written = node.text();
  if (option.kind() == OptionKind::kUri) {
    if (written.rfind(kFileScheme, 0) == 0) {
      written.erase(0, kFileScheme.size());
    }
    if (written.find("://") != std::string::npos) {
      return OptionValue(written);
    }
  }
  const std::string path = resolve_path(written, node);
  const bool look = option.kind() == OptionKind::kPathIn || is_plain_path(written);
  if (look && files_ != nullptr && !files_->is_readable(path)) {
    const std::string shown = node.is_secret() ? "***" : "'" + path + "'";
    diagnostics_.error("E018",
                       node.place(),
                       "'" + option.name() + "': file " + shown + " is missing or unreadable",
                       written == path || node.is_secret()
                           ? ""
                           : "relative paths start at the folder of the file that names them");
    return std::nullopt;
  }
  if (look && option.kind() == OptionKind::kUri && files_ != nullptr && files_->is_folder(path)) {
    return refuse_folder(option, node, "a pattern such as " + written + "/*.png names pictures");
  }
  return OptionValue(path);
}

PathChecker::Value PathChecker::check_out(const Option& option, const YamlNode& node) {
  const std::string& path = node.text();
  const bool is_known = path.find_first_of("$%") == std::string::npos;
  if (path.back() == '/' || (is_known && files_ != nullptr && files_->is_folder(path))) {
    return refuse_folder(option, node, "");
  }
  const std::vector<std::string>& endings = option.endings();
  if (!endings.empty() && !has_ending(path, endings)) {
    diagnostics_.error(
        "E014",
        node.place(),
        "'" + option.name() + "' cannot be " + node.describe() + "; it wants " + option.wanted());
    return std::nullopt;
  }
  if (!option.needed_name().empty() && path.find(option.needed_name()) == std::string::npos) {
    diagnostics_.error("E065",
                       node.place(),
                       "'" + option.name() + "' " + node.describe() + " has no " +
                           option.needed_name() + ": every frame would write the same file",
                       "put " + option.needed_name() + " into '" + option.name() + "'");
    return std::nullopt;
  }
  return OptionValue(path);
}

PathChecker::Value PathChecker::refuse_folder(const Option& option,
                                              const YamlNode& node,
                                              const std::string& hint) {
  diagnostics_.error(
      "E018",
      node.place(),
      "'" + option.name() + "': " + node.describe() + " is a folder; it must name a file",
      hint);
  return std::nullopt;
}

PathChecker::Value PathChecker::read_label_file(const YamlNode& node) {
  const std::string path = resolve_path(node.text(), node);
  if (files_ == nullptr) {
    return OptionValue(OptionValue::List());
  }
  const auto labels = read_labels(*files_, path);
  if (!labels.has_value()) {
    diagnostics_.error("E018", node.place(), "'labels': " + labels.error().message);
    return std::nullopt;
  }
  return OptionValue(OptionValue::List(labels->begin(), labels->end()));
}

}  // namespace penstock
