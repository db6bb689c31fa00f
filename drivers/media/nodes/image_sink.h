#pragma once

#include <cstdint>
#include <string>

#include "drivers/media/image/image_codec.h"
#include "engine/node/node.h"

namespace penstock {

/// Writes pictures of a stream as JPEG or PNG files, one file a frame.
class ImageSink final : public Node {
 public:
  /// What the path must have.
  static constexpr const char* kSeqName = "$(seq)";

  struct Options {
    std::string path;         ///< A pattern, see `expand_path`; must have `$(seq)`.
    std::uint64_t every = 1;  ///< Write one of so many frames, the first included.
    int quality = 90;         ///< Of JPEG, 1..100.
  };

  explicit ImageSink(Options options) : options_(std::move(options)) {}

  /// Errors: as `image_file_format_of`; `kInvalidArgument` for a path without `$(seq)`.
  Status open(const NodeContext& context) override;
  /// Errors: as `ImageCodec::encode`; `kUnavailable` with the path if the disk refuses.
  Status process(Frame& frame, Emit& emit) override;

 private:
  Status write(const Frame& frame);

  const Options options_;
  std::uint64_t arrived_ = 0;
  std::string graph_;
  ImageFileFormat format_ = ImageFileFormat::kJpeg;
  ImageCodec codec_;
};

}  // namespace penstock
