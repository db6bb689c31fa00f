#pragma once

#include <optional>
#include <vector>

#include "engine/memory/buffer_pool.h"
#include "engine/tensor/image.h"

struct AVCodecContext;
struct AVFrame;

namespace penstock {

/// Lets a decoder write its pictures straight into the buffers of a pool, so that a picture is
/// written once.
///
/// Only for layouts that `Image` can say (I420 in both ranges, NV12) and codecs that allow it; for
/// the others, and while the pool is exhausted, libav's own memory is used, and the picture has to
/// be copied. A decoder keeps pictures that later ones refer to: their buffers stay leased, so that
/// they are not the only lease (`Buffer::is_unique()`) and must not be drawn upon.
///
/// Shapes: rows and sizes are padded as the codec wants (`avcodec_align_dimensions2`), and every
/// plane has libav's padding behind it.
/// Ownership: must outlive the codec context that it serves.
/// Thread-safety: one thread at a time, as the decoder.
class PooledPictures {
 public:
  PooledPictures() = default;
  ~PooledPictures();
  PooledPictures(const PooledPictures&) = delete;
  PooledPictures& operator=(const PooledPictures&) = delete;

  /// Makes `context` (not opened yet) ask this for its pictures.
  void serve(AVCodecContext& context);

  /// The pool to take from until the next call; may be null.
  void use(BufferPool* pool) noexcept { pool_ = pool; }

  /// Returns the picture's place in a pooled buffer; nothing if libav made its memory.
  [[nodiscard]] std::optional<Image> find(const AVFrame& frame) const;

 private:
  struct Lease;

  static int get_buffer(AVCodecContext* context, AVFrame* frame, int flags) noexcept;
  static void free_lease(void* lease, unsigned char* data) noexcept;
  bool place(AVCodecContext& context, AVFrame& frame);

  BufferPool* pool_ = nullptr;
  std::vector<Lease*> leases_;  // That libav holds; few, so looked through.
};

/// Sets range and matrix of `image` as `frame` says. What says nothing is limited range, and BT.709
/// from 720 rows on, as players assume; BT.2020 is taken for BT.709.
void set_colors(const AVFrame& frame, Image& image);

}  // namespace penstock
