#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/graph/device_probe.h"
#include "engine/graph/file_access.h"
#include "engine/graph/graph_checker.h"
#include "engine/graph/model_probe.h"
#include "engine/graph/type_registry.h"

namespace penstock {

/// Files that exist only in a test.
class FilesInMemory final : public FileAccess {
 public:
  explicit FilesInMemory(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  [[nodiscard]] bool is_readable(const std::string& path) const override {
    return files_.find(path) != files_.end();
  }

  /// One that a name of a file lies in.
  [[nodiscard]] bool is_folder(const std::string& path) const override {
    const auto inside = files_.lower_bound(path + "/");
    return inside != files_.end() && inside->first.rfind(path + "/", 0) == 0;
  }

  [[nodiscard]] Result<std::string> read(const std::string& path) const override;

 private:
  std::map<std::string, std::string> files_;
};

/// Models that exist only in a test; counts how often it is asked.
class ModelsInMemory final : public ModelProbe {
 public:
  Result<ModelFacts> probe(const ModelChoice& choice) override;
  Result<std::vector<NetworkNames>> networks(const std::string& path) override;

  std::map<std::string, ModelFacts> models;
  std::map<std::string, std::vector<NetworkNames>> packages;  ///< What is named of some of them.
  std::vector<ModelChoice> choices;                           ///< As they were probed.
  int asked = 0;
};

/// Devices that exist only in a test.
class DevicesInMemory final : public DeviceProbe {
 public:
  [[nodiscard]] std::vector<std::string> drivers() const override { return driver_names; }

  Result<DeviceFacts> find(const DeviceSpec& device) override;
  Result<std::vector<LoadReason>> explain(const ModelSpec& model,
                                          const DeviceSpec& device) override;
  Result<std::uint64_t> kept_bytes(const ModelSpec& model, const DeviceSpec& device) override;

  std::vector<std::string> driver_names;
  std::map<std::string, DeviceFacts> devices;              ///< By type.
  std::map<std::string, std::vector<LoadReason>> reasons;  ///< By "model on device".
  std::map<std::string, std::uint64_t> kept;               ///< Likewise.
  int explained = 0;
};

/// Returns the types that examples (a) and (b) of the design name, with the options they use.
TypeRegistry example_types();

/// A check of one text against the example types, files and models. The text is the file `a.yaml`.
class GraphTestKit {
 public:
  GraphTestKit();

  CheckedGraph check(const std::string& text);

  /// Returns "E031 2:5" for each diagnostic, in order.
  std::vector<std::string> places(const std::string& text);

  /// Returns "message; hint" of the only diagnostic; all of them, and their number, if there are
  /// more or none.
  std::string message(const std::string& text);

  TypeRegistry registry = example_types();
  FilesInMemory files;
  ModelsInMemory models;
  DevicesInMemory devices;
  bool asks_devices = false;
  Parameters::Given set;
  std::map<std::string, std::string> environment;
};

/// Returns a graph with a camera `cam` on line 2, for `actors` from line 3 on.
std::string with_camera(const std::string& actors);

/// Returns a graph with the model `people` on line 2 and a camera `cam` on line 4, for `actors`
/// from line 5 on.
std::string with_model(
    const std::string& actors,
    const std::string& words = ", postprocess: {decode: yolov8, labels: models/coco.txt}");

/// A sink of that camera.
inline const std::string kCameraLog = "  log: {type: jsonl_sink, in: cam, path: a.jsonl}\n";

/// Returns "E031 2:5" for each of `diagnostics`.
std::vector<std::string> places_of(const std::vector<Diagnostic>& diagnostics);

}  // namespace penstock
