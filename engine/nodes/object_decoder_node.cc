#include "engine/nodes/object_decoder_node.h"

#include <utility>

namespace penstock {
namespace {

/// Where the picture that was decoded lies in the source: all of it, or the part that was cropped.
Box picture_box(const Frame& frame, const Affine& to_source, InputSize input) {
  if (frame.payloads().has(Payload::kImage)) {
    const Image& image = frame.image();
    return image.to_source.apply(
        Box{0, 0, static_cast<float>(image.width), static_cast<float>(image.height)});
  }
  return to_source.apply(
      Box{0, 0, static_cast<float>(input.width), static_cast<float>(input.height)});
}

}  // namespace

ObjectDecoderNode::ObjectDecoderNode(std::unique_ptr<ObjectDecoder> decoder,
                                     InputSize input,
                                     const LabelTable* labels)
    : decoder_(std::move(decoder)),
      input_(input),
      labels_(labels) {}

Status ObjectDecoderNode::process(Frame& frame, Emit& /*emit*/) {
  if (frame.tensors().empty()) {
    return Error{Errc::kInvalidArgument, "the frame has no tensors to decode"};
  }
  const Affine to_source = frame.tensors().front().to_source;
  const Box picture = picture_box(frame, to_source, input_);
  PENSTOCK_RETURN_IF_ERROR(decoder_->decode(frame.tensors(), 0, to_source, picture, found_));
  attach_keypoints(found_.objects, found_.keypoints, found_.keypoints_per_object);
  frame.clear_tensors();
  frame.set_objects(found_.objects, labels_);
  return {};
}

}  // namespace penstock
