#include "tools/compose/model_reader.h"

namespace penstock {
namespace {

/// Refuses what no frame can pass. Graphs would find out in the run only.
Result<ModelInfo> with_ports(Result<ModelInfo> read) {
  if (read.has_value() && (read->inputs.empty() || read->outputs.empty())) {
    return Error{Errc::kUnsupported,
                 std::string("the model has no ") + (read->inputs.empty() ? "inputs" : "outputs")};
  }
  return read;
}

}  // namespace

Result<std::shared_ptr<Driver>> ModelReader::host() {
  if (!host_.has_value()) {
    host_ = start_();
  }
  return *host_;
}

Result<ModelInfo> ModelReader::inspect(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<Driver> driver, host());
  auto info = driver->inspect(path);
  if (info.has_value()) {
    return info;
  }
  if (!others_) {
    return advised(info.error(), path);
  }
  Error failure = info.error();
  const auto others = others_();
  if (!others.has_value()) {
    return Error{Errc::kUnavailable, failure.message + "; " + others.error().message};
  }
  for (const std::shared_ptr<Driver>& other : *others) {
    auto read = with_ports(other->inspect(path));
    if (read.has_value()) {
      return read;
    }
    if (!is_plain_model(path)) {
      failure.message += "; driver '" + other->name() + "': " + read.error().message;
    }
  }
  return advised(failure, path);
}

Result<Package> ModelReader::open(const std::string& path) const {
  auto package = takes_any_file() ? open_package_or_file(path) : open_package(path);
  if (!package.has_value()) {
    return advised(package.error(), path);
  }
  return package;
}

Error ModelReader::advised(const Error& error, const std::string& path) const {
  const bool is_of_unknown_kind =
      error.code == Errc::kUnsupported && !is_plain_model(path) && !looks_like_package(path);
  return is_of_unknown_kind && !advice_.empty() ? Error{error.code, error.message + "; " + advice_}
                                                : error;
}

}  // namespace penstock
