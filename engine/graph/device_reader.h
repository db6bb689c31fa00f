#pragma once

#include <string>
#include <vector>

#include "engine/graph/graph_draft.h"
#include "engine/graph/option_checker.h"
#include "engine/graph/type_registry.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/yaml_node.h"

namespace penstock {

/// Reads `devices:` into a draft.
///
/// Reports E004, E010 to E018, and E060 for a profile that there is not.
/// Thread-safety: none.
class DeviceReader {
 public:
  /// All must outlive the reader.
  DeviceReader(const TypeRegistry& registry, const FileAccess* files, Diagnostics& diagnostics)
      : registry_(registry),
        files_(files),
        checker_(files, diagnostics),
        diagnostics_(diagnostics) {}

  /// Takes the section's value, a null node if it is not written.
  void read(const YamlNode& section, GraphDraft& draft);

 private:
  void read_device(const YamlNode::Entry& entry, GraphDraft& draft);
  void check_name(const YamlNode::Entry& entry);
  const DeviceType* find_type(const YamlNode::Entry& entry);
  void check_driver_options(const OptionValues& values);
  void read_profile(const YamlNode& node, const DeviceType* type, DeviceSpec& device);
  void read_properties(const YamlNode& node, const OptionValues& values, DeviceSpec& device);
  void read_sub_devices(const YamlNode& node, const OptionValues& values, DeviceSpec& device);

  const TypeRegistry& registry_;
  const FileAccess* files_;
  OptionChecker checker_;
  Diagnostics& diagnostics_;
};

/// Marks the device `name` as used and returns its name; a device word without an entry gets one.
/// Reports E033 at `place` and returns an empty name if there is no such device.
std::string use_device(const std::string& name,
                       const SourcePlace& place,
                       const TypeRegistry& registry,
                       GraphDraft& draft,
                       Diagnostics& diagnostics);

}  // namespace penstock
