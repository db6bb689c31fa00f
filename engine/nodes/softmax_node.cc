#include "engine/nodes/softmax_node.h"

#include <optional>
#include <string>

#include "engine/nodes/detection_options.h"
#include "engine/nodes/label_tables.h"

namespace penstock {
namespace {

SoftmaxOptions read_options(const OptionValues& options) {
  SoftmaxOptions softmax;
  softmax.labels = options.has("labels") ? options.get_texts("labels").size() : 0;
  softmax.top_k = static_cast<std::size_t>(options.get_int("top_k"));
  softmax.score = static_cast<float>(options.get_number("score"));
  softmax.are_probabilities = options.is_word("activation", "none");
  return softmax;
}

std::optional<std::string> misfit(const ModelFacts& model, const OptionValues& options) {
  const Status fits = SoftmaxDecoder::check(read_options(options), outputs_of(model));
  return fits.has_value() ? std::nullopt : std::optional<std::string>(fits.error().message);
}

}  // namespace

ActorType softmax_type() {
  ActorType type("softmax", "decodes classifiers: the best classes of the whole picture");
  type.decoder(misfit).out("out", {payload::kLabels});
  type.option(Option::labels("labels", "names of the classes: a file with one a line, or a list"));
  type.option(Option::integer("top_k", "at most so many classes, the best ones")
                  .range(1, 65536)
                  .unit("classes")
                  .fallback("1"));
  type.option(Option::number("score", "smallest score of a class that is reported")
                  .range(0, 1)
                  .fallback("0"));
  type.option(Option::word("activation",
                           {"softmax", "none"},
                           "turns outputs into scores; none = they are scores already")
                  .fallback("softmax"));
  return type;
}

Result<std::unique_ptr<Node>> SoftmaxNode::make(const NodeArgs& args) {
  auto decoder = SoftmaxDecoder::create(read_options(*args.options), outputs_of(args));
  if (!decoder.has_value()) {
    return decoder.error().within("actor '" + args.name + "'");
  }
  const LabelTable* labels =
      args.options->has("labels") ? intern_labels(args.options->get_texts("labels")) : nullptr;
  return std::unique_ptr<Node>(std::make_unique<SoftmaxNode>(std::move(decoder).value(), labels));
}

Status SoftmaxNode::process(Frame& frame, Emit& /*emit*/) {
  if (frame.tensors().empty()) {
    return Error{Errc::kInvalidArgument, "the frame has no tensors to decode"};
  }
  PENSTOCK_RETURN_IF_ERROR(decoder_.decode(frame.tensors(), 0, found_));
  frame.clear_tensors();
  frame.set_labels(found_, labels_);
  return {};
}

}  // namespace penstock
