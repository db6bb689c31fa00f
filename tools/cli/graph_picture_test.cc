#include "tools/cli/graph_picture.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "engine/base/check.h"
#include "engine/graph/graph_checker.h"
#include "engine/graph/graph_test_kit.h"
#include "engine/plan/plan.h"
#include "tools/cli/graph_layout.h"
#include "tools/cli/picture_svg.h"
#include "tools/cli/picture_text.h"
#include "tools/compose/topology_builder.h"

namespace penstock {
namespace {

constexpr const char* kCameras = R"(graph: g
models:
  people:
    file: models/yolov8s.onnx
    device: cpu
    batch: {size: 4, wait: 15ms}
    preprocess: {letterbox: [640, 640]}
    postprocess: {decode: yolov8, labels: models/coco.txt}
actors:
  cams:   {type: video_source, streams: {gate: {uri: "rtsp://a/1"}, dock: {uri: "rtsp://a/2"}}}
  a:      {type: overlay, in: cams}
  b:      {type: overlay, in: a}
  detect: {type: infer, model: people, in: {from: b, queue: 2, drop: oldest}}
  track:  {type: tracker, in: detect}
  two:    {type: blend, in: {base: cams, top: track}}
  mp4:    {type: video_sink, in: two, path: "out/$(stream).mp4"}
)";

GraphPicture picture_of(const std::string& text) {
  GraphTestKit kit;
  const CheckedGraph checked = kit.check(text);
  PENSTOCK_CHECK(checked.spec.has_value()) << checked.diagnostics.front().message;
  const auto topology = build_topology(*checked.spec, {{"people", 1}});
  const auto planned = plan(topology.value());
  return make_picture(*checked.spec, *topology, planned.value());
}

const GraphPicture& cameras() {
  static const GraphPicture kPicture = picture_of(kCameras);
  return kPicture;
}

std::size_t box_of(const std::string& name) {
  std::size_t b = 0;
  while (cameras().boxes.at(b).name != name) {
    ++b;
  }
  return b;
}

std::string label_of(const std::string& from, const std::string& to) {
  for (const GraphPicture::Arrow& arrow : cameras().arrows) {
    if (arrow.from == box_of(from) && arrow.to == box_of(to)) {
      return arrow.label;
    }
  }
  return "no arrow";
}

TEST(GraphPicture, SaysWhatEachNodeIs) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(cameras().boxes[box_of("cams")].lines,
            (Lines{"video_source", "streams gate, dock", "live, window 2"}));
  EXPECT_EQ(cameras().boxes[box_of("detect.infer")].lines,
            (Lines{"infer", "model people on cpu", "batch 4"}));
  EXPECT_EQ(cameras().boxes[box_of("detect.infer")].kind, Topology::Kind::kStation);
}

TEST(GraphPicture, FramesTheNodesOfASegment) {
  EXPECT_EQ(cameras().boxes[box_of("a")].frame, cameras().boxes[box_of("b")].frame);
  EXPECT_NE(cameras().boxes[box_of("b")].frame, cameras().boxes[box_of("detect.pre")].frame);
  const auto& frame = cameras().frames[cameras().boxes[box_of("a")].frame];
  EXPECT_EQ(frame.boxes, (std::vector<std::size_t>{box_of("a"), box_of("b")}));
  EXPECT_EQ(frame.title, "shared by 2");
}

TEST(GraphPicture, DrawsCopiesOfASegmentOnce) {
  const auto& frame = cameras().frames[cameras().boxes[box_of("track")].frame];
  EXPECT_EQ(frame.title, "per stream, x2");
  std::size_t framed = 0;
  for (const auto& one : cameras().frames) {
    framed += one.boxes.size();
  }
  EXPECT_EQ(framed, cameras().boxes.size());
}

TEST(GraphPicture, LabelsWhatQueuesAndNothingInsideAFrame) {
  EXPECT_EQ(label_of("b", "detect.pre"), "queue 2, drop oldest");
  EXPECT_EQ(label_of("detect.pre", "detect.infer"), "queue 4");
  EXPECT_EQ(label_of("a", "b"), "");
}

TEST(GraphPicture, NamesThePortWhereThereAreSeveral) {
  EXPECT_EQ(label_of("track", "two"), "to top: queue 4");
}

TEST(GraphPicture, LeavesScopesOutWhenThereIsOneStream) {
  const GraphPicture picture = picture_of(R"(graph: g
actors:
  cam: {type: video_source, uri: clips/street.mp4}
  log: {type: jsonl_sink, in: cam, path: out/a.jsonl}
)");
  EXPECT_EQ(picture.title, "g: 1 stream, 2 segments");
  EXPECT_EQ(picture.frames[0].title, "");
  EXPECT_EQ(picture.boxes[0].lines.back(), "lossless");
}

TEST(GraphLayout, PutsConsumersRightOfTheirProducers) {
  const GraphLayout layout = lay_out(cameras());
  for (const GraphPicture::Arrow& arrow : cameras().arrows) {
    EXPECT_LT(layout.boxes[arrow.from].right(), layout.boxes[arrow.to].x);
  }
}

TEST(GraphLayout, PutsBoxesIntoTheirFramesAndFramesOntoThePaper) {
  const GraphLayout layout = lay_out(cameras());
  const auto is_inside = [](const GraphLayout::Rect& in, const GraphLayout::Rect& out) {
    return in.x >= out.x && in.y >= out.y && in.right() <= out.right() &&
           in.y + in.height <= out.y + out.height;
  };
  for (std::size_t b = 0; b < cameras().boxes.size(); ++b) {
    EXPECT_TRUE(is_inside(layout.boxes[b], layout.frames[cameras().boxes[b].frame])) << b;
  }
  for (const auto& frame : layout.frames) {
    EXPECT_TRUE(is_inside(frame, {0, GraphLayout::kHeadHeight, layout.width, layout.height}));
  }
}

TEST(GraphLayout, KeepsFramesApart) {
  const GraphLayout layout = lay_out(cameras());
  for (std::size_t i = 0; i < layout.frames.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto& a = layout.frames[i];
      const auto& b = layout.frames[j];
      EXPECT_TRUE(a.right() < b.x || b.right() < a.x || a.y + a.height < b.y ||
                  b.y + b.height < a.y)
          << i << " and " << j;
    }
  }
}

TEST(GraphLayout, LeadsLongArrowsPastTheFramesOnTheirWay) {
  const GraphLayout layout = lay_out(cameras());
  for (std::size_t a = 0; a < cameras().arrows.size(); ++a) {
    const auto& points = layout.arrows[a].points;
    for (std::size_t i = 1; i + 2 < points.size(); i += 2) {  // Level pieces through a column.
      for (const auto& frame : layout.frames) {
        const bool passes = points[i].x < frame.right() && points[i + 1].x > frame.x;
        EXPECT_FALSE(passes && points[i].y > frame.y && points[i].y < frame.y + frame.height);
      }
    }
  }
  const auto longest = std::max_element(
      layout.arrows.begin(), layout.arrows.end(), [](const auto& one, const auto& other) {
        return one.points.size() < other.points.size();
      });
  EXPECT_GT(longest->points.size(), 4U);  // cams -> two passes the columns of the detection.
}

TEST(GraphLayout, TakesAnEmptyPicture) {
  EXPECT_GT(lay_out({}).width, 0);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(PictureSvg, HasEachBoxFrameAndArrow) {
  const std::string svg = picture_svg(cameras());
  EXPECT_EQ(svg.rfind("<svg xmlns=\"http://www.w3.org/2000/svg\"", 0), 0U);
  EXPECT_EQ(count_of(svg, "class=\"box "), cameras().boxes.size());
  EXPECT_EQ(count_of(svg, "class=\"box station\""), 1U);
  EXPECT_EQ(count_of(svg, "class=\"frame\""), cameras().frames.size());
  EXPECT_EQ(count_of(svg, "class=\"arrow\""), cameras().arrows.size());
  EXPECT_EQ(count_of(svg, ">queue 2, drop oldest</text>"), 1U);
}

GraphPicture hostile() {
  GraphPicture picture;
  picture.title = "</text><script>\"&\\#";
  return picture;
}

TEST(PictureSvg, EscapesText) {
  const std::string svg = picture_svg(hostile());
  EXPECT_NE(svg.find("&lt;/text&gt;&lt;script&gt;&quot;&amp;"), std::string::npos);
  EXPECT_EQ(svg.find("<script>"), std::string::npos);
}

TEST(PictureText, DrawsMermaid) {
  const std::string text = picture_mermaid(cameras());
  EXPECT_NE(text.find("flowchart LR\n"), std::string::npos);
  EXPECT_EQ(count_of(text, "  subgraph "), cameras().frames.size());
  EXPECT_EQ(count_of(text, " -->"), cameras().arrows.size());
  EXPECT_NE(text.find("[\"detect.infer<br/>infer<br/>model people on cpu<br/>batch 4\"]:::station"),
            std::string::npos);
  EXPECT_EQ(picture_mermaid(hostile()).find("<script>"), std::string::npos);
}

TEST(PictureText, DrawsDot) {
  const std::string text = picture_dot(cameras());
  EXPECT_EQ(count_of(text, "subgraph cluster_"), cameras().frames.size());
  EXPECT_EQ(count_of(text, " -> "), cameras().arrows.size());
  EXPECT_NE(picture_dot(hostile()).find("<script>\\\"&\\\\#"), std::string::npos);
}

TEST(PictureText, TellsItInWords) {
  const std::string text = picture_text(cameras());
  EXPECT_NE(text.find("segment (shared by 2)\n  a  overlay\n    -> b  fused\n  b  overlay\n"
                      "    -> detect.pre  queue 2, drop oldest\n"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace penstock
