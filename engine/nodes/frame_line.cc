#include "engine/nodes/frame_line.h"

#include <string_view>

#include "engine/nodes/json_text.h"

namespace penstock {
namespace {

constexpr int kPixelDecimals = 1;
constexpr int kScoreDecimals = 3;

void append_label(std::int32_t label, const LabelTable* labels, std::string& out) {
  const bool is_known =
      labels != nullptr && label >= 0 && static_cast<std::size_t>(label) < labels->names.size();
  if (is_known) {
    append_json_text(labels->names[static_cast<std::size_t>(label)], out);
  } else {
    append_json_text(std::to_string(label), out);
  }
}

/// Appends `[a,b,c]`, the last `scores` of them as scores, the others as pixels.
void append_row(std::initializer_list<float> numbers, std::size_t scores, std::string& out) {
  std::size_t left = numbers.size();
  char before = '[';
  for (const float number : numbers) {
    out += before;
    append_json_number(number, left <= scores ? kScoreDecimals : kPixelDecimals, out);
    before = ',';
    --left;
  }
  out += ']';
}

void append_keypoints(std::span<const Keypoint> keypoints, std::string& out) {
  out += R"(,"keypoints":[)";
  for (const Keypoint& point : keypoints) {
    out += &point == keypoints.data() ? "" : ",";
    append_row({point.at.x, point.at.y, point.score}, 1, out);
  }
  out += ']';
}

void append_object(const Object& object, const LabelTable* labels, std::string& out) {
  out += R"({"label":)";
  append_label(object.label, labels, out);
  out += R"(,"score":)";
  append_json_number(object.score, kScoreDecimals, out);
  out += R"(,"box":)";
  append_row({object.box.x, object.box.y, object.box.w, object.box.h}, 0, out);
  out += R"(,"track":)";
  if (object.track == 0) {
    out += "null";
  } else {
    append_json_number(object.track, out);
  }
  if (!object.keypoints.empty()) {
    append_keypoints(object.keypoints, out);
  }
  out += '}';
}

void append_objects(const Objects& objects, std::string& out) {
  out += R"(,"objects":[)";
  for (const Object& object : objects.items) {
    out += &object == objects.items.data() ? "" : ",";
    append_object(object, objects.labels, out);
  }
  out += ']';
}

void append_labels(const Labels& labels, std::string& out) {
  out += R"(,"labels":[)";
  for (const Label& label : labels.items) {
    out += &label == labels.items.data() ? "" : ",";
    out += R"({"label":)";
    append_label(label.id, labels.labels, out);
    out += R"(,"score":)";
    append_json_number(label.score, kScoreDecimals, out);
    out += '}';
  }
  out += ']';
}

}  // namespace

void append_frame_line(const std::string& graph,
                       const Frame& frame,
                       std::int64_t wall_ns,
                       LineMarks marks,
                       std::string& out) {
  out += R"({"graph":)";
  append_json_text(graph, out);
  out += R"(,"stream":)";
  append_json_text(frame.stream_name(), out);
  out += R"(,"seq":)";
  append_json_number(static_cast<std::int64_t>(frame.seq()), out);
  out += R"(,"time":)";
  append_json_time(wall_ns, out);
  out += R"(,"pts_ns":)";
  append_json_number(static_cast<std::int64_t>(frame.time().pts.count()), out);
  if (frame.payloads().has(Payload::kObjects)) {
    append_objects(frame.objects(), out);
  }
  if (frame.payloads().has(Payload::kLabels)) {
    append_labels(frame.labels(), out);
  }
  if (marks.simulated) {
    out += R"(,"simulated":true)";
  }
  if (marks.calibrated) {
    out += R"(,"calibrated":true)";
  }
  out += '}';
}

}  // namespace penstock
