#include "tools/cli/decoder_advice.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/graph/builtin_words.h"
#include "tools/cli/model_report.h"

namespace penstock {
namespace {

/// Wants an output with a row for each label and four for the box.
std::optional<std::string> fits_rows(const ModelFacts& model, const OptionValues& options) {
  const std::size_t labels = options.get_texts("labels").size();
  return model.outputs.front().dims[1] == static_cast<std::int64_t>(labels) + 4
             ? std::nullopt
             : std::optional<std::string>("wants 4 rows more than labels");
}

/// Knows the set "big" of anchors only; reads its default, which must be there.
std::optional<std::string> fits_big(const ModelFacts& /*model*/, const OptionValues& options) {
  return options.get_number("score") > 0 && options.is_word("anchors", "big")
             ? std::nullopt
             : std::optional<std::string>("wants other anchors");
}

TypeRegistry registry() {
  TypeRegistry types;
  register_language_types(types);
  types.add(ActorType("rows", "reads rows")
                .decoder(fits_rows)
                .out("out", {payload::kObjects})
                .option(Option::labels("labels", "names").required()));
  types.add(ActorType("boxes", "reads boxes")
                .decoder(fits_big)
                .out("out", {payload::kObjects})
                .option(Option::number("score", "least").fallback("0.5"))
                .option(Option::object("anchors", "sets", {Option::integer("n", "how many")})
                            .or_words({"small", "big"})
                            .required()));
  types.add(ActorType("odd", "wants what nobody can guess")
                .decoder(fits_big)
                .out("out", {payload::kObjects})
                .option(Option::integer("rows", "how many").required()));
  return types;
}

ModelFacts model() {
  ModelFacts facts;
  facts.inputs = {{"images", {1, 3, 480, 640}, "f32", "NCHW"}};
  facts.outputs = {{"output0", {1, 84, 8400}, "f32", ""}};
  return facts;
}

TEST(DecoderAdvice, FindsTheNumberOfLabels) {
  const auto advice = advise_decoders(registry(), model());
  ASSERT_EQ(advice.size(), 2U);
  EXPECT_EQ(advice[0].decoder, "rows");
  EXPECT_TRUE(advice[0].fits());
  EXPECT_EQ(advice[0].labels, std::vector<std::size_t>{80});
}

TEST(DecoderAdvice, TriesTheNamedSetsOfARequiredOption) {
  const auto advice = advise_decoders(registry(), model());
  ASSERT_EQ(advice.size(), 2U);
  EXPECT_EQ(advice[1].decoder, "boxes");
  EXPECT_TRUE(advice[1].fits());
  EXPECT_EQ(advice[1].words, (std::map<std::string, std::string>{{"anchors", "big"}}));
}

TEST(DecoderAdvice, SaysWhyADecoderDoesNotFit) {
  ModelFacts facts = model();
  facts.outputs[0].dims = {1, 3, 2};
  const auto advice = advise_decoders(registry(), facts);
  ASSERT_EQ(advice.size(), 2U);
  EXPECT_EQ(advice[1].misfit, "wants 4 rows more than labels");
}

/// Wants the outputs of one certain model.
std::optional<std::string> fits_84(const ModelFacts& model, const OptionValues& /*options*/) {
  return model.outputs.front().dims[1] == 84 ? std::nullopt
                                             : std::optional<std::string>("wants 84 rows");
}

TEST(DecoderAdvice, NamesTheStrictDecoderFirst) {
  TypeRegistry types = registry();
  types.add(ActorType("exact", "knows its model")
                .decoder(fits_84)
                .out("out", {payload::kObjects})
                .option(Option::labels("labels", "names")));
  const auto advice = advise_decoders(types, model());
  ASSERT_EQ(advice.size(), 3U);
  EXPECT_EQ(advice[0].decoder, "exact");
  EXPECT_TRUE(advice[0].is_strict);
  EXPECT_TRUE(advice[0].labels.empty());  // Any number will do.
}

TEST(ModelReport, ShowsPortsDecodersAndYaml) {
  EXPECT_EQ(model_report_text({"m/yolo-8.onnx"}, model(), registry()), R"(m/yolo-8.onnx: 1 network

Inputs
  images  f32 1x3x480x640 NCHW

Outputs
  output0  f32 1x84x8400

Decoders
  rows  fits, with 80 labels
  boxes  fits, anchors big

To paste into a graph

models:
  yolo_8:
    file: "m/yolo-8.onnx"
    preprocess: {letterbox: [640, 480]}  # add color and normalize as it was trained
    postprocess: {decode: rows, labels: labels.txt}  # 80 labels, one a line
    # or: {decode: boxes, anchors: big}
actors:
  detect: {type: infer, model: yolo_8, in: camera}
)");
}

TEST(ModelReport, TellsProgramsTheSame) {
  const auto json = nlohmann::json::parse(model_report_json({"8.onnx"}, model(), registry()));
  EXPECT_EQ(json.at("networks").at(0).at("inputs").at(0).at("shape"),
            (std::vector<int>{1, 3, 480, 640}));
  EXPECT_EQ(json.at("decoders").at(0).at("labels").at(0), 80);
  EXPECT_NE(json.at("yaml").get<std::string>().find("model_8:"), std::string::npos);
}

TEST(ModelReport, SaysHowSizesThatAreOpenAreGiven) {
  ModelFacts open = model();
  open.inputs[0].dims = {-1, 3, 48, -1};
  const std::string text = model_report_text({"a.onnx"}, open, registry());
  EXPECT_NE(text.find("images  f32 ?x3x48x? NCHW  (? is left open)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("    shapes: [[1, 3, 48, 320], [1, 3, 48, 640]]  # "), std::string::npos)
      << text;
  EXPECT_NE(text.find("    # batch: {size: 4, buckets: [1, 2]}"), std::string::npos) << text;
  EXPECT_NE(text.find("preprocess: {letterbox: [640, 48]}"), std::string::npos) << text;
}

TEST(ModelReport, NamesTheInputsWhereThereAreSeveral) {
  ModelFacts open = model();
  open.inputs = {
      {"ids", {1, -1}, "i64", ""}, {"mask:0", {1, -1}, "i64", ""}, {"n", {1}, "i64", ""}};
  const std::string text = model_report_text({"a.onnx"}, open, registry());
  EXPECT_NE(text.find("    shapes: {\"ids\": [[1, 320], [1, 640]], "
                      "\"mask:0\": [[1, 320], [1, 640]]}"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("batch:"), std::string::npos);
}

}  // namespace
}  // namespace penstock
