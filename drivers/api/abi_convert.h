#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/api/model_info.h"
#include "drivers/plugin/penstock_driver.h"
#include "engine/base/printable.h"
#include "engine/base/result.h"

/// Both directions between the structs of the driver ABI and our own types. Used by the wrapper and
/// by the adapter; everybody else sees one of the two sides only.
namespace penstock::abi {

/// Returns the code for a number that crossed the ABI; an unknown one is `kInternal`.
Errc errc_from(std::int32_t code) noexcept;

/// Copies `text` into `buffer`, cut at the end of a UTF-8 character, always terminated.
void copy_text(std::string_view text, char* buffer, std::size_t capacity) noexcept;

/// Fills `error` (may be null) and returns its code.
std::int32_t set_error(PenstockError* error, const Error& from) noexcept;

/// Returns what is said where `driver` says nothing: its name, and what `code` means.
std::string no_reason(std::int32_t code, const std::string& driver);

/// Returns what a call of `driver` left in `error`.
Error error_from(std::int32_t code, const PenstockError& error, const std::string& driver);

/// Returns "" for NULL.
inline std::string_view text_of(const char* text) noexcept {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

/// Returns a driver's text as people may be shown it (`printable`); "" for NULL.
inline std::string shown_text(const char* text) {
  return printable(text_of(text));
}

/// Returns whether the maker of `made` knew `member`: whether it lies within the struct's `size`.
template <class Struct, class Member>
bool knows(const Struct& made, Member Struct::*member) noexcept {
  const auto* begin = reinterpret_cast<const std::byte*>(&made);
  const auto* end = reinterpret_cast<const std::byte*>(&(made.*member) + 1);
  return static_cast<std::size_t>(end - begin) <= made.size;
}

/// Returns item `index` of an array whose items may be larger than ours.
template <class T>
T& item_at(T* items, std::size_t index) noexcept {
  using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;
  return *reinterpret_cast<T*>(reinterpret_cast<Byte*>(items) + index * items[0].size);
}

/// Options in the form of the ABI. Ownership: points into the map it was made from.
class OptionList {
 public:
  explicit OptionList(const DriverOptions& options);
  OptionList(const OptionList&) = delete;
  OptionList& operator=(const OptionList&) = delete;
  ~OptionList() = default;

  [[nodiscard]] const PenstockOptions& get() const noexcept { return list_; }

 private:
  std::vector<PenstockOption> items_;
  PenstockOptions list_{};
};

/// Errors: `kInvalidArgument` for an option given twice or without a name.
Result<DriverOptions> options_from(const PenstockOptions* options);

/// Errors: `kInternal`, naming device, value and rule, for what no device can be: none at all, no
/// identity, an unknown kind, more sub-devices than a mask has bits, one of them twice.
Result<DeviceInfo> device_info_from(const PenstockDeviceInfo* shown);

/// Shows `info` in the form of the ABI.
void show_device(const DeviceInfo& info,
                 void (*visit)(void* context, const PenstockDeviceInfo* info),
                 void* context);

DeviceProperty property_from(const PenstockProperty& property);

/// Shows `property` in the form of the ABI.
void show_property(const DeviceProperty& property,
                   void (*visit)(void* context, const PenstockProperty* property),
                   void* context);

/// Returns what `configure` says where a device has no properties.
Error no_property(const std::string& name);

/// Returns a visitor that collects into `info`, and checks what it is shown.
class ModelCollector {
 public:
  ModelCollector();
  ModelCollector(const ModelCollector&) = delete;
  ModelCollector& operator=(const ModelCollector&) = delete;
  ~ModelCollector() = default;

  [[nodiscard]] const PenstockModelVisitor* visitor() const noexcept { return &visitor_; }

  /// Errors: `kInternal` where the driver showed a rank, type, shape or count that cannot be.
  Result<ModelInfo> take();

 private:
  template <class Shown, class Add>
  void take_in(const Shown* shown, const char* what, Add add);
  void refuse(const std::string& fault);
  void check_requests(const char* member, std::uint32_t requests);
  void check_shape(const TensorSpec& port);
  void add_placement(const PenstockPlacement& placement);
  void add_summary(const PenstockModelInfo& summary);
  void add_port(const PenstockTensorInfo& port, bool is_input);
  void add_bucket(const PenstockBucket& bucket);

  PenstockModelVisitor visitor_{};
  ModelInfo info_;
  std::string fault_;
};

/// Shows `info` to `visitor`; the summary only if `loaded`.
void show_model(const ModelInfo& info, bool loaded, const PenstockModelVisitor& visitor);

}  // namespace penstock::abi
