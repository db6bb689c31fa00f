#include "engine/graph/file_access.h"

#include <filesystem>
#include <system_error>

#include <unistd.h>

#include "engine/yaml/source_text.h"

namespace penstock {

bool LocalFiles::is_readable(const std::string& path) const {
  return ::access(path.c_str(), R_OK) == 0;
}

bool LocalFiles::is_folder(const std::string& path) const {
  std::error_code absent;
  return std::filesystem::is_directory(path, absent);
}

Result<std::string> LocalFiles::read(const std::string& path) const {
  PENSTOCK_ASSIGN_OR_RETURN(const SourceText source, SourceText::from_file(path));
  return source.text();
}

}  // namespace penstock
