#include "drivers/media/nodes/image_sink.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "engine/nodes/path_pattern.h"

namespace penstock {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

Error file_error(const std::string& path, const char* what) {
  return {Errc::kUnavailable, "picture file '" + path + "': " + what + ": " + std::strerror(errno)};
}

}  // namespace

Status ImageSink::open(const NodeContext& context) {
  graph_ = context.graph;
  PENSTOCK_ASSIGN_OR_RETURN(format_, image_file_format_of(options_.path));
  if (options_.path.find(kSeqName) == std::string::npos) {
    return Error{
        Errc::kInvalidArgument,
        "path '" + options_.path + "' has no $(seq): every frame would write the same file"};
  }
  return {};
}

Status ImageSink::process(Frame& frame, Emit& /*emit*/) {
  // Counts what comes, not what was read: frames that were dropped on the way make no gap, and
  // another `every` before this one does not cancel it out.
  return arrived_++ % options_.every == 0 ? write(frame) : Status{};
}

Status ImageSink::write(const Frame& frame) {
  const std::string path =
      expand_path(options_.path, {graph_, frame.stream_name(), frame.seq(), frame.time().wall_ns});
  PENSTOCK_ASSIGN_OR_RETURN(const auto bytes,
                            codec_.encode(frame.image(), format_, options_.quality));
  std::error_code ignored;  // The open that follows says what is wrong.
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "wb"));
  if (file == nullptr) {
    return file_error(path, "cannot be opened");
  }
  if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() ||
      std::fflush(file.get()) != 0) {
    return file_error(path, "cannot be written");
  }
  return {};
}

}  // namespace penstock
