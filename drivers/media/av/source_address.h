#pragma once

#include <string>

#include "engine/base/result.h"

namespace penstock {

/// How libav has to be asked for an address.
struct SourceAddress {
  std::string url;
  std::string format;        ///< Of the input; empty: libav finds out.
  std::string pattern_type;  ///< Of a pattern of images.
  bool is_image_pattern = false;
  bool is_device = false;
  bool is_rtsp = false;
  bool is_live = false;  ///< By its scheme: it goes on whether or not somebody reads.
};

/// Sorts out what `uri` names: a file that exists is that file, whatever letters are in its name;
/// else a name with `*`, `?` or `[` is a glob of images, one with `%d` or `%04d` an image sequence;
/// `/dev/video*` is a camera.
/// Errors: `kInvalidArgument` for an empty name, or for a glob that matches several files which are
/// not images; `kNotFound` if nothing matches a glob.
Result<SourceAddress> resolve_address(const std::string& uri);

}  // namespace penstock
