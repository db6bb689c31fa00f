// What the reader takes and refuses, and that the writer writes what it reads.

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/package/manifest_reader.h"
#include "engine/package/manifest_writer.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"

namespace penstock {
namespace {

constexpr const char* kWhole = R"(penstock_package: 1
name: people
notes: "Boxes of people: 320 and 640."
networks:
  - name: detector
    labels: labels.txt
    notes: trained on OID
    variants:
      - name: small
        model: models/small.onnx
        preprocess: pre.onnx
        postprocess: post.onnx
        inputs:
          - {name: image, type: f32, shape: [1, 3, 320, 320], layout: NCHW, scale: 0.0039, zero_point: -128, padding: [[0, 0], [0, 1], [1, 1], [1, 1]]}
        outputs:
          - {name: "boxes:0", type: f32, shape: [1, -1, 4], scale: 0.5}
        modes: [single, multi]
        needs:
          - {device: "sim:metis", mode: single, sub_devices: 1, memory: 12MiB, shared_memory: 1KiB}
          - {device: cpu}
      - name: large
        model: models/large.onnx
files:
  labels.txt: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
)";

struct Reading {
  std::optional<PackageInfo> info;
  std::vector<Diagnostic> diagnostics;
};

Reading read(const std::string& text) {
  Diagnostics diagnostics;
  Reading reading;
  reading.info = read_manifest(SourceText("manifest.yaml", text), diagnostics);
  reading.diagnostics = diagnostics.sorted();
  return reading;
}

/// Returns `kWhole` with `from` replaced by `to`.
std::string whole_with(const std::string& from, const std::string& to) {
  std::string text = kWhole;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// "E013 15:31" of the first diagnostic, "" if there is none.
std::string first_of(const Reading& reading) {
  if (reading.diagnostics.empty()) {
    return {};
  }
  const Diagnostic& first = reading.diagnostics.front();
  return first.code + " " + std::to_string(first.line) + ":" + std::to_string(first.column);
}

TEST(ManifestReader, ReadsEverything) {
  const Reading reading = read(kWhole);
  ASSERT_TRUE(reading.info.has_value()) << reading.diagnostics.front().message;
  const PackageInfo& info = *reading.info;
  EXPECT_EQ(info.name, "people");
  ASSERT_EQ(info.networks.size(), 1U);
  EXPECT_EQ(info.networks[0].labels, "labels.txt");
  ASSERT_EQ(info.networks[0].variants.size(), 2U);
  const PackageVariant& small = info.networks[0].variants[0];
  EXPECT_EQ(small.model, "models/small.onnx");
  EXPECT_EQ(small.preprocess, "pre.onnx");
  EXPECT_EQ(small.postprocess, "post.onnx");
  ASSERT_EQ(small.inputs.size(), 1U);
  EXPECT_EQ(small.inputs[0].type, ElementType::kF32);
  EXPECT_EQ(small.inputs[0].shape, Shape({1, 3, 320, 320}));
  EXPECT_EQ(small.inputs[0].layout, "NCHW");
  EXPECT_EQ(small.inputs[0].scale, 0.0039);
  EXPECT_EQ(small.inputs[0].zero_point, -128);
  ASSERT_EQ(small.inputs[0].padding.size(), 4U);
  EXPECT_EQ(small.inputs[0].padding[1], (TensorPadding{0, 1}));
  EXPECT_EQ(small.outputs[0].shape, Shape({1, Shape::kDynamic, 4}));
  EXPECT_EQ(small.modes, (std::vector<std::string>{"single", "multi"}));
  ASSERT_EQ(small.needs.size(), 2U);
  EXPECT_EQ(small.needs[0].memory_bytes, 12U << 20U);
  EXPECT_EQ(small.needs[0].shared_bytes, 1024U);
  EXPECT_EQ(info.files.size(), 1U);
}

TEST(ManifestReader, ReadsWhatTheWriterWrites) {
  const Reading reading = read(kWhole);
  ASSERT_TRUE(reading.info.has_value());
  PackageInfo info = *reading.info;
  info.notes = "quotes \" and \\ and\nlines\tand \x01 and caf\xC3\xA9: # - [x]";
  info.networks[0].variants[0].inputs[0].name = "yes";
  info.networks[0].variants[0].inputs[0].scale = 1.0 / 3;
  const std::string text = manifest_text(info);
  const Reading again = read(text);
  ASSERT_TRUE(again.info.has_value()) << again.diagnostics.front().message << "\n" << text;
  EXPECT_EQ(*again.info, info) << text;
  EXPECT_EQ(manifest_text(*again.info), text);
}

TEST(ManifestReader, NamesPlaceAndRuleOfEachMistake) {
  const struct {
    const char* from;
    const char* to;
    const char* expected;
  } cases[] = {
      {"penstock_package: 1", "penstock_package: 2", "E004 1:19"},
      {"penstock_package: 1", "penstock_package: 1.0", "E004 1:19"},
      {"penstock_package: 1\n", "", "E011 1:1"},
      {"notes:", "note:", "E010 3:1"},
      {"name: people", "name: ../people", "E017 2:7"},
      {"labels: labels.txt", "labels: ../labels.txt", "E018 6:13"},
      {"model: models/small.onnx", "model: /etc/passwd", "E018 10:16"},
      {"type: f32", "type: float", "E014 14:33"},
      {"[1, 3, 320, 320]", "[1, 3, 0, 320]", "E013 14:52"},
      {"[1, 3, 320, 320]", "[1, 3, x, 320]", "E012 14:52"},
      {"[1, 3, 320, 320]", "[1, 1, 1, 1, 1, 1, 1, 1, 1]", "E013 14:45"},
      {"layout: NCHW", "layout: NCHH", "E014 14:71"},
      {"layout: NCHW", "layout: NCH", "E013 14:71"},
      {"scale: 0.0039", "scale: 0", "E013 14:84"},
      {"scale: 0.0039", "scale: -1", "E013 14:84"},
      {"scale: 0.0039", "scale: many", "E012 14:84"},
      {"zero_point: -128", "zero_point: -129", "E013 14:104"},
      {"scale: 0.0039, ", "", "E011 14:89"},
      {"[[0, 0], [0, 1], [1, 1], [1, 1]]", "[[0, 0]]", "E013 14:119"},
      {"[[0, 0], ", "[[0, -1], ", "E012 14:120"},
      {"modes: [single, multi]", "modes: []", "E013 17:16"},
      {"modes: [single, multi]", "modes: [[single]]", "E017 17:17"},
      {"device: \"sim:metis\"", "device: tpu", "E014 19:22"},
      {"sub_devices: 1", "sub_devices: 0", "E013 19:62"},
      {"memory: 12MiB", "memory: 12", "E012 19:73"},
      {"name: large", "name: small", "E017 21:15"},
      {"ba7816", "xx7816", "E012 24:15"},
      {"  labels.txt: ba", "  ../labels.txt: ba", "E018 24:3"},
      {"labels: labels.txt", "labels: [a]", "E012 6:13"},
  };

  for (const auto& one : cases) {
    const Reading reading = read(whole_with(one.from, one.to));
    EXPECT_FALSE(reading.info.has_value()) << one.to;
    EXPECT_EQ(first_of(reading), one.expected)
        << one.to << ": "
        << (reading.diagnostics.empty() ? "" : reading.diagnostics.front().message);
  }
}

TEST(ManifestReader, ReportsAllMistakesAtOnce) {
  std::string text = whole_with("type: f32", "type: float");
  text.replace(text.find("memory: 12MiB"), 13, "memory: lots!");
  EXPECT_EQ(read(text).diagnostics.size(), 2U);
}

TEST(ManifestReader, RefusesWhatIsNoManifest) {
  EXPECT_EQ(first_of(read("")), "E012 1:1");
  EXPECT_EQ(first_of(read("- a\n")), "E012 1:1");
  EXPECT_EQ(first_of(read("graph: people\nactors: {}\n")), "E011 1:1");
  EXPECT_EQ(first_of(read("{a: [}")), "E001 1:6");
  EXPECT_EQ(first_of(read(std::string("a: \x00", 4))), "E001 1:4");
  EXPECT_EQ(first_of(read("penstock_package: 1\nname: x\n")), "E011 1:1");
}

TEST(ManifestReader, SurvivesRandomChanges) {
  std::mt19937 random(20260722);
  const std::string letters = "{}[]:,-#'\"\n \t&*!|>%@`0129.ax\xC3\xFF";
  for (int round = 0; round < 3000; ++round) {
    std::string text = kWhole;
    for (unsigned change = 0; change <= random() % 4; ++change) {
      const std::size_t at = random() % text.size();
      const char letter = letters[random() % letters.size()];
      switch (random() % 3) {
        case 0:
          text[at] = letter;
          break;
        case 1:
          text.insert(at, 1 + random() % 3, letter);
          break;
        default:
          text.erase(at, 1 + random() % 40);
          break;
      }
    }
    const Reading reading = read(text);
    EXPECT_NE(reading.info.has_value(), !reading.diagnostics.empty()) << round << "\n" << text;
    if (reading.info.has_value()) {
      const Reading again = read(manifest_text(*reading.info));
      ASSERT_TRUE(again.info.has_value()) << round << "\n" << manifest_text(*reading.info);
      EXPECT_EQ(*again.info, *reading.info) << round;
    }
  }
}

}  // namespace
}  // namespace penstock
