#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "drivers/api/steady_host.h"
#include "drivers/conformance/completion_waiter.h"
#include "drivers/conformance/onnx_tensor.h"
#include "drivers/openvino/openvino_driver.h"

// Every operator case of ONNX's own test data through our driver, on the CPU at f32. What cannot
// pass stands with its reason in two lists beside this file, which are exact in both directions: a
// listed case that passes fails the test, so that the lists stay true when OpenVINO is updated.
namespace penstock::testing {
namespace {

const char* const kCases = "../assets/onnx-cases";
const char* const kLists = "drivers/openvino/";

/// A list of cases: a first line that names the build it was made for, then "case: reason" lines.
struct CaseList {
  std::string build;
  std::map<std::string, std::string> reasons;
};

CaseList read_list(const std::string& name) {
  CaseList list;
  std::ifstream file(kLists + name);
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.empty() || line[0] == '#' || colon == std::string::npos) {
      continue;
    }
    if (line.compare(0, colon, "build") == 0) {
      list.build = line.substr(colon + 2);
    } else {
      list.reasons[line.substr(0, colon)] = line.substr(colon + 2);
    }
  }
  return list;
}

const CaseList& failures() {
  static const CaseList kList = read_list("onnx_failures.txt");
  return kList;
}

const CaseList& skips() {
  static const CaseList kList = read_list("onnx_skips.txt");
  return kList;
}

/// Returns "node/test_abs"... in order.
std::vector<std::string> all_cases() {
  std::vector<std::string> cases;
  for (const char* group : {"node", "pytorch-converted", "pytorch-operator", "simple"}) {
    std::error_code fault;
    const std::filesystem::path folder = std::filesystem::path(kCases) / group;
    for (const auto& entry : std::filesystem::directory_iterator(folder, fault)) {
      if (std::filesystem::exists(entry.path() / "model.onnx")) {
        cases.push_back(std::string(group) + "/" + entry.path().filename().string());
      }
    }
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

enum class Verdict { kPasses, kFails, kCannotBeFed };

struct Outcome {
  Verdict verdict = Verdict::kPasses;
  std::string why;
};

/// Returns the tensors "input_0.pb", "input_1.pb"... of a data set, or why they cannot be read.
Result<std::vector<OnnxTensor>> read_tensors(const std::filesystem::path& folder,
                                             const std::string& prefix) {
  std::vector<OnnxTensor> tensors;
  while (true) {
    const auto path = folder / (prefix + std::to_string(tensors.size()) + ".pb");
    if (!std::filesystem::exists(path)) {
      return tensors;
    }
    PENSTOCK_ASSIGN_OR_RETURN(OnnxTensor tensor, read_onnx_tensor(path));
    tensors.push_back(std::move(tensor));
  }
}

class OnnxConformance : public ::testing::TestWithParam<std::string> {
 protected:
  struct Rig {
    CompletionWaiter waiter;
    std::optional<Driver> driver;
    std::optional<Device> device;
    std::optional<CompletionQueue> queue;
  };

  static void SetUpTestSuite() {
    rig_ = std::make_unique<Rig>();
    rig_->driver.emplace(
        Driver::create(openvino_driver_api(), std::make_shared<SteadyHost>()).value());
    rig_->device.emplace(rig_->driver->open("cpu:0").value());
    rig_->queue.emplace(CompletionQueue::create(4, rig_->waiter.doorbell()).value());
  }

  static void TearDownTestSuite() { rig_.reset(); }

  /// Runs every data set of a case.
  static Outcome run_case(const std::string& name) {
    const std::filesystem::path folder = std::filesystem::path(kCases) / name;
    std::vector<std::filesystem::path> sets;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.is_directory()) {
        sets.push_back(entry.path());
      }
    }
    if (sets.empty()) {
      return {Verdict::kCannotBeFed, "has no data"};
    }
    std::sort(sets.begin(), sets.end());
    std::optional<LoadedModel> model;
    for (const auto& set : sets) {
      const auto inputs = read_tensors(set, "input_");
      const auto outputs = read_tensors(set, "output_");
      if (!inputs.has_value() || !outputs.has_value()) {
        return {Verdict::kCannotBeFed,
                inputs.has_value() ? outputs.error().message : inputs.error().message};
      }
      if (!model.has_value()) {
        auto loaded =
            rig_->device->load((folder / "model.onnx").string(),
                               {{"precision", "f32"}, {"streams", "1"}, {"threads", "1"}});
        if (!loaded.has_value()) {
          return {Verdict::kFails, loaded.error().message};
        }
        model.emplace(std::move(loaded).value());
      }
      if (std::string why = run_set(*model, *inputs, *outputs); !why.empty()) {
        return {Verdict::kFails, std::move(why)};
      }
    }
    return {};
  }

 private:
  /// Returns what is wrong, or "".
  static std::string run_set(LoadedModel& model,
                             const std::vector<OnnxTensor>& inputs,
                             const std::vector<OnnxTensor>& expected) {
    auto request = model.create_request(*rig_->queue);
    std::vector<FeatureMap> input_maps;
    std::vector<FeatureMap> output_maps;
    // OpenVINO drops inputs that nothing uses; in these cases they are the last ones.
    const std::size_t used = std::min(inputs.size(), model.inputs().size());
    for (std::size_t i = 0; i < used; ++i) {
      input_maps.push_back(map_of(inputs[i], model.inputs()[i].type));
      std::copy(inputs[i].bytes.begin(),
                inputs[i].bytes.end(),
                input_maps.back().mutable_data());  // Some cases have empty tensors.
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const bool is_port = i < model.outputs().size();
      output_maps.push_back(
          map_of(expected[i], is_port ? model.outputs()[i].type : expected[i].type));
    }
    if (const Status status = request->submit(input_maps, output_maps, 1); !status.has_value()) {
      return status.error().message;
    }
    const Completion completion = rig_->waiter.next(*rig_->queue);
    if (completion.code != Errc::kOk) {
      return completion.message;
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (!(request->output_shape(i) == expected[i].shape)) {
        return "output " + std::to_string(i) + " has shape " +
               request->output_shape(i).to_string() + ", expected " + expected[i].shape.to_string();
      }
      const auto count = static_cast<std::size_t>(expected[i].shape.element_count().value());
      const std::string why =
          compare_numbers(to_numbers(output_maps[i].spec->type, expected[i].bytes.data(), count),
                          to_numbers(output_maps[i].spec->type, output_maps[i].data(), count),
                          1e-3,
                          1e-5);
      if (!why.empty()) {
        return "output " + std::to_string(i) + ": " + why;
      }
    }
    return "";
  }

  /// The data's bf16 is written as u16: it is bound as the model's port wants it.
  static FeatureMap map_of(const OnnxTensor& tensor, ElementType port) {
    auto spec = std::make_shared<TensorSpec>();
    spec->name = "onnx";
    spec->type =
        tensor.type == ElementType::kU16 && port == ElementType::kBf16 ? port : tensor.type;
    spec->shape = tensor.shape;
    return make_feature_map(spec, tensor.shape, Buffer::allocate(tensor.bytes.size())).value();
  }

  static std::unique_ptr<Rig> rig_;
};

std::unique_ptr<OnnxConformance::Rig> OnnxConformance::rig_;

TEST_P(OnnxConformance, BehavesAsListed) {
  const std::string& name = GetParam();
  const auto failure = failures().reasons.find(name);
  const auto skip = skips().reasons.find(name);
  if (skip != skips().reasons.end() && skip->second.compare(0, 7, "random:") == 0) {
    GTEST_SKIP() << skip->second;
  }
  const Outcome outcome = run_case(name);
  switch (outcome.verdict) {
    case Verdict::kPasses:
      EXPECT_TRUE(failure == failures().reasons.end() && skip == skips().reasons.end())
          << name << " passes: take it off the list";
      break;
    case Verdict::kFails:
      EXPECT_TRUE(failure != failures().reasons.end()) << name << ": " << outcome.why;
      break;
    case Verdict::kCannotBeFed:
      EXPECT_TRUE(skip != skips().reasons.end()) << name << ": " << outcome.why;
      break;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Case, OnnxConformance, ::testing::ValuesIn(all_cases()), [](const auto& instance) {
      std::string name = instance.param;
      std::replace_if(
          name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

TEST(OnnxConformanceLists, AreMadeForThisBuildOfOpenvino) {
  const std::string build = openvino_driver_api().version;
  EXPECT_EQ(failures().build, build) << "check the lists against this build and pin them to it";
  EXPECT_EQ(skips().build, build);
}

TEST(OnnxConformanceLists, NameOnlyCasesThatExistAndOnce) {
  const std::vector<std::string> cases = all_cases();
  EXPECT_EQ(cases.size(), 1072U);
  for (const CaseList* list : {&failures(), &skips()}) {
    for (const auto& [name, reason] : list->reasons) {
      EXPECT_TRUE(std::binary_search(cases.begin(), cases.end(), name)) << name;
    }
  }
  for (const auto& [name, reason] : skips().reasons) {
    EXPECT_EQ(failures().reasons.count(name), 0U) << name;
  }
}

}  // namespace
}  // namespace penstock::testing
