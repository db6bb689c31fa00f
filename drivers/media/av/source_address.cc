#include "drivers/media/av/source_address.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <string_view>

#include <glob.h>
#include <sys/stat.h>

extern "C" {
#include <libavdevice/avdevice.h>
}

namespace penstock {
namespace {

bool exists(const std::string& path) {
  struct stat found {};

  return ::stat(path.c_str(), &found) == 0;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  return text;
}

bool names_an_image(const std::string& path) {
  constexpr std::array<std::string_view, 9> kImages = {
      ".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"};
  const std::size_t dot = path.rfind('.');
  return dot != std::string::npos &&
         std::find(kImages.begin(), kImages.end(), lower(path.substr(dot))) != kImages.end();
}

/// True for a `%d` or `%04d` in the name.
bool has_counter(const std::string& path) {
  for (std::size_t at = path.find('%'); at != std::string::npos; at = path.find('%', at + 1)) {
    std::size_t end = at + 1;
    while (end < path.size() && std::isdigit(static_cast<unsigned char>(path[end])) != 0) {
      ++end;
    }
    if (end < path.size() && path[end] == 'd') {
      return true;
    }
  }
  return false;
}

Result<SourceAddress> resolve_glob(const std::string& pattern) {
  glob_t matches{};
  // NOLINTNEXTLINE(concurrency-mt-unsafe): unsafe only where the environment or locale changes.
  const int code = ::glob(pattern.c_str(), 0, nullptr, &matches);
  const std::size_t count = code == 0 ? matches.gl_pathc : 0;
  const std::string first = count > 0 ? matches.gl_pathv[0] : "";
  ::globfree(&matches);
  SourceAddress address;
  if (count == 0) {
    return Error{Errc::kNotFound, "no file matches the pattern"};
  }
  if (names_an_image(first)) {
    address.url = pattern;
    address.format = "image2";
    address.pattern_type = "glob";
    address.is_image_pattern = true;
    return address;
  }
  if (count > 1) {
    return Error{Errc::kInvalidArgument,
                 "the pattern matches " + std::to_string(count) +
                     " files that are not images; give each a stream of its own (`streams`)"};
  }
  address.url = "file:" + first;
  return address;
}

SourceAddress resolve_remote(const std::string& uri, std::size_t scheme_end) {
  constexpr std::array<std::string_view, 9> kLive = {
      "rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "udplite", "srt", "mmsh"};
  const std::string scheme = lower(uri.substr(0, scheme_end));
  SourceAddress address;
  address.url = uri;
  address.is_rtsp = scheme == "rtsp" || scheme == "rtsps";
  address.is_live = std::find(kLive.begin(), kLive.end(), scheme) != kLive.end();
  return address;
}

}  // namespace

Result<SourceAddress> resolve_address(const std::string& uri) {
  if (uri.empty()) {
    return Error{Errc::kInvalidArgument, "`uri` is empty"};
  }
  if (const std::size_t end = uri.find("://"); end != std::string::npos) {
    return resolve_remote(uri, end);
  }
  SourceAddress address;
  if (uri.rfind("/dev/video", 0) == 0) {
    avdevice_register_all();
    address.url = uri;
    address.format = "video4linux2";
    address.is_device = true;
    address.is_live = true;
    return address;
  }
  if (!exists(uri)) {
    if (uri.find_first_of("*?[") != std::string::npos) {
      return resolve_glob(uri);
    }
    if (has_counter(uri)) {
      address.url = uri;
      address.format = "image2";
      address.pattern_type = "sequence";
      address.is_image_pattern = true;
      return address;
    }
  }
  address.url = "file:" + uri;  // So that a ':' in the name is no protocol.
  return address;
}

}  // namespace penstock
