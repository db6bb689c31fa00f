#include "engine/nodes/console_sink.h"

#include <array>
#include <cerrno>

#include "engine/base/system_reason.h"
#include "engine/nodes/json_text.h"

namespace penstock {
namespace {

std::string label_text(std::int32_t label, const LabelTable* labels) {
  return labels == nullptr ? "label " + std::to_string(label) : labels->name_of(label);
}

void append_object(const Object& object, const LabelTable* labels, std::string& out) {
  out += label_text(object.label, labels) + " ";
  append_json_number(object.score, 2, out);
  if (object.track != 0) {
    out += " track " + std::to_string(object.track);
  }
  const std::array<std::pair<const char*, float>, 4> numbers = {
      {{" at ", object.box.x}, {",", object.box.y}, {" ", object.box.w}, {"x", object.box.h}}};
  for (const auto& [before, number] : numbers) {
    out += before;
    append_json_number(number, 0, out);
  }
}

std::string count_text(std::size_t count, const std::string& thing) {
  const std::string many = thing + (count == 1 ? "" : "s");
  return count == 0 ? "no " + many : std::to_string(count) + " " + many;
}

void append_objects(const Objects& objects, std::string& out) {
  out += ": " + count_text(objects.items.size(), "object");
  const char* before = ": ";
  for (const Object& object : objects.items) {
    out += before;
    append_object(object, objects.labels, out);
    before = "; ";
  }
}

void append_labels(const Labels& labels, std::string& out) {
  const char* before = ": ";
  for (const Label& label : labels.items) {
    out += before + label_text(label.id, labels.labels) + " ";
    append_json_number(label.score, 2, out);
    before = ", ";
  }
}

}  // namespace

ActorType console_type() {
  ActorType type("console", "prints a line for people a frame");
  type.in("in", {}).sink();
  type.option(Option::integer("every", "print one line for so many frames of a stream")
                  .range(1, 1000000)
                  .unit("frames")
                  .fallback("1"));
  return type;
}

std::string frame_text(const Frame& frame, bool is_simulated) {
  std::string out = frame.stream_name() + " #" + std::to_string(frame.seq()) + " ";
  append_json_number(std::chrono::duration<double>(frame.time().pts).count(), 3, out);
  out += is_simulated ? " s (simulated)" : " s";
  if (frame.payloads().has(Payload::kObjects)) {
    append_objects(frame.objects(), out);
  }
  if (frame.payloads().has(Payload::kLabels)) {
    append_labels(frame.labels(), out);
  }
  return out;
}

Status print_line(std::string_view line, std::FILE* out) {
  // One call a line, so that lines of several threads do not mix.
  const std::string text = std::string(line) + "\n";
  if (std::fwrite(text.data(), 1, text.size(), out) == text.size() && std::fflush(out) == 0) {
    return {};
  }
  const int code = errno;
  return Error{code == EPIPE ? Errc::kUnsupported : Errc::kUnavailable,
               "cannot write to stdout" + system_reason(code)};
}

Result<std::unique_ptr<Node>> ConsoleSink::make(const NodeArgs& args) {
  const auto every = static_cast<std::uint64_t>(args.options->get_int("every"));
  return std::unique_ptr<Node>(std::make_unique<ConsoleSink>(
      every, [](std::string_view line) { return print_line(line, stdout); }, args.is_simulated));
}

Status ConsoleSink::process(Frame& frame, Emit& /*emit*/) {
  if (arrived_[frame.stream()]++ % every_ != 0) {
    return {};
  }
  Status printed = print_(frame_text(frame, is_simulated_));
  is_beyond_repair_ = !printed.has_value() && printed.error().code == Errc::kUnsupported;
  return printed;
}

}  // namespace penstock
