#include "tools/compose/model_reader.h"

namespace penstock {

Result<std::shared_ptr<Driver>> ModelReader::host() {
  if (!host_.has_value()) {
    host_ = start_();
  }
  return *host_;
}

Result<ModelInfo> ModelReader::inspect(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<Driver> driver, host());
  auto info = driver->inspect(path);
  if (info.has_value() || !others_) {
    return info;
  }
  for (const std::shared_ptr<Driver>& other : others_()) {
    if (auto read = other->inspect(path); read.has_value()) {
      return read;
    }
  }
  return info;
}

}  // namespace penstock
