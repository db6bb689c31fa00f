#include "engine/graph/type_reference.h"

#include <gtest/gtest.h>

#include "engine/graph/graph_test_kit.h"

namespace penstock {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TypeReference, DescribesATypeForPeople) {
  const TypeRegistry registry = example_types();
  EXPECT_EQ(actor_help_text(*registry.find("tracker")),
            "tracker: numbers that stay\n"
            "\n"
            "Ports\n"
            "  in   in: needs objects\n"
            "  out  out: adds nothing\n"
            "\n"
            "Options\n"
            "  method  byte | sort, default byte: how\n"
            "  max_lost  whole number, 1 to 10000 frames, default 30: until a track is given up\n"
            "\n"
            "Example\n"
            "  my_tracker: {type: tracker, in: producer}\n");
}

TEST(TypeReference, GivesExamplesThatCheckClean) {
  GraphTestKit kit;
  const std::string sink = actor_example(*kit.registry.find("jsonl_sink"));
  const std::string camera = "actors:\n  producer: {type: video_source, uri: \"rtsp://x\"}\n  ";
  EXPECT_EQ(kit.places(camera + sink + "\n"), std::vector<std::string>());
  const std::string join = actor_example(*kit.registry.find("join"));
  EXPECT_EQ(kit.places(camera + join + "\n  log: {type: jsonl_sink, in: my_join, path: a}\n"),
            std::vector<std::string>());
}

TEST(TypeReference, ListsEveryTypeUnderItsGroup) {
  const std::string text = actor_list_text(example_types());
  EXPECT_LT(text.find("video_source"), text.find("tracker"));
  EXPECT_LT(text.find("tracker"), text.find("yolov8"));
  EXPECT_LT(text.find("yolov8"), text.find("jsonl_sink"));
}

TEST(TypeReference, HasATableForEachTypeInMarkdown) {
  const TypeRegistry registry = example_types();
  const std::string text = reference_markdown(registry);
  for (const std::string& name : registry.actor_names()) {
    EXPECT_TRUE(contains(text, "### `" + name + "`")) << name;
  }
  EXPECT_TRUE(contains(text, "| `method` | byte \\| sort | default byte | how |"));
  EXPECT_TRUE(contains(text, "| `reconnect.stalled_after` | duration |"));
  EXPECT_TRUE(contains(text, "### `type: sim`"));
}

}  // namespace
}  // namespace penstock
