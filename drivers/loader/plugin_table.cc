#include "drivers/loader/plugin_table.h"

#include <dlfcn.h>

#include "drivers/api/driver_table.h"

namespace penstock {

Result<const PenstockDriverApi*> open_plugin_table(const std::string& path,
                                                   void (*reached)(PluginStage stage)) {
  reached(PluginStage::kLoading);
  // Now: a symbol that is missing shows here and not in the middle of a run. Local: two plug-ins
  // may define the same names.
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const reason = ::dlerror();  // NOLINT(concurrency-mt-unsafe): glibc's is per thread
    return Error{Errc::kUnavailable, reason == nullptr ? "the linker gave no reason" : reason};
  }
  void* const symbol = ::dlsym(library, PENSTOCK_DRIVER_ENTRY_SYMBOL);
  if (symbol == nullptr) {
    return Error{Errc::kUnsupported,
                 std::string("no driver of Penstock: it has no symbol '") +
                     PENSTOCK_DRIVER_ENTRY_SYMBOL + "'"};
  }
  const auto entry = reinterpret_cast<PenstockDriverEntry>(symbol);
  reached(PluginStage::kEntry);
  const PenstockDriverApi* const table = entry(PENSTOCK_DRIVER_ABI_MAJOR);
  if (table == nullptr) {
    return Error{Errc::kUnsupported,
                 std::string("'") + PENSTOCK_DRIVER_ENTRY_SYMBOL +
                     "' returned NULL: it cannot work with version " +
                     std::to_string(PENSTOCK_DRIVER_ABI_MAJOR) + " of the driver interface"};
  }
  reached(PluginStage::kTable);
  PENSTOCK_RETURN_IF_ERROR(check_driver_table(*table));
  return table;
}

}  // namespace penstock
