#include "engine/yaml/source_text.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <utility>

#include "engine/base/system_reason.h"

namespace penstock {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kBlockBytes = 1024;

}  // namespace

int character_count(std::string_view bytes) noexcept {
  const auto starts_character = [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  };
  return static_cast<int>(std::count_if(bytes.begin(), bytes.end(), starts_character));
}

SourceText::SourceText(std::string name, std::string text)
    : name_(std::make_shared<const std::string>(std::move(name))),
      text_(std::move(text)) {
  if (std::string_view(text_).substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text_.erase(0, kByteOrderMark.size());
  }
  line_starts_.push_back(0);
  for (std::size_t at = 0; at < text_.size(); ++at) {
    if (text_[at] == '\n') {
      line_starts_.push_back(at + 1);
    }
  }
  std::size_t characters = 0;
  for (std::size_t at = 0; at <= text_.size(); at += kBlockBytes) {
    block_characters_.push_back(characters);
    const std::string_view block = std::string_view(text_).substr(at, kBlockBytes);
    characters += static_cast<std::size_t>(character_count(block));
  }
}

std::size_t SourceText::characters_before(std::size_t offset) const {
  const std::size_t start = offset / kBlockBytes * kBlockBytes;
  const std::string_view rest = std::string_view(text_).substr(start, offset - start);
  return block_characters_[offset / kBlockBytes] + static_cast<std::size_t>(character_count(rest));
}

Result<SourceText> SourceText::from_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return Error{Errc::kInvalidArgument, "'" + path.string() + "' is a folder, not a file"};
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{Errc::kNotFound, "cannot open '" + path.string() + "'" + system_reason(errno)};
  }
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) {
    return Error{Errc::kUnavailable, "cannot read '" + path.string() + "'"};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxBytes) {
    return Error{
        Errc::kInvalidArgument,
        "'" + path.string() + "' is larger than " + std::to_string(kMaxBytes >> 20U) + " MiB"};
  }
  return SourceText(path.string(), std::move(text));
}

std::string_view SourceText::line(int line) const {
  if (line < 1 || line > line_count()) {
    return {};
  }
  const std::size_t start = line_starts_[static_cast<std::size_t>(line) - 1];
  std::size_t end = text_.find('\n', start);
  end = end == std::string::npos ? text_.size() : end;
  if (end > start && text_[end - 1] == '\r') {
    --end;
  }
  return std::string_view(text_).substr(start, end - start);
}

SourcePlace SourceText::place_at(std::size_t offset, int length) const {
  offset = std::min(offset, text_.size());
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto index = static_cast<std::size_t>(after - line_starts_.begin()) - 1;
  const std::size_t column = characters_before(offset) - characters_before(line_starts_[index]);
  return {name_, static_cast<int>(index) + 1, static_cast<int>(column) + 1, length};
}

}  // namespace penstock
