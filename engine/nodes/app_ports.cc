#include "engine/nodes/app_ports.h"

#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

std::string key_of(const std::string& actor, const std::string& stream) {
  return stream.empty() ? actor : actor + "/" + stream;
}

Error no_port(const std::string& actor, const char* call) {
  return Error{Errc::kNotFound,
               "actor '" + actor + "': the application has no port of that name; it must call " +
                   call + " before the graph starts"};
}

}  // namespace

std::shared_ptr<AppSource> AppPorts::add_source(const std::string& actor,
                                                const std::string& stream,
                                                std::size_t capacity) {
  auto port = std::make_shared<AppSource>(capacity);
  const bool is_new = sources_.emplace(key_of(actor, stream), port).second;
  PENSTOCK_CHECK(is_new) << "the source '" << key_of(actor, stream) << "' has a port already";
  return port;
}

std::shared_ptr<AppSink> AppPorts::add_sink(const std::string& actor, AppSink::Callback callback) {
  auto port = std::make_shared<AppSink>(std::move(callback));
  const bool is_new = sinks_.emplace(actor, port).second;
  PENSTOCK_CHECK(is_new) << "the sink '" << actor << "' has a port already";
  return port;
}

std::shared_ptr<AppSource> AppPorts::source(const std::string& actor,
                                            const std::string& stream) const {
  auto found = sources_.find(key_of(actor, stream));
  if (found == sources_.end()) {
    found = sources_.find(actor);
  }
  return found == sources_.end() ? nullptr : found->second;
}

std::shared_ptr<AppSink> AppPorts::sink(const std::string& actor) const {
  const auto found = sinks_.find(actor);
  return found == sinks_.end() ? nullptr : found->second;
}

void register_app_nodes(NodeCatalogue& catalogue, const AppPorts& ports) {
  catalogue.add_source(
      "app_source", [ports](const SourceArgs& args) -> Result<std::unique_ptr<Source>> {
        auto port = ports.source(args.name, args.stream);
        if (port == nullptr) {
          return no_port(args.name, "AppPorts::add_source");
        }
        return AppSource::make_source(std::move(port), args.options->get_bool("live"));
      });
  catalogue.add_node("app_sink", [ports](const NodeArgs& args) -> Result<std::unique_ptr<Node>> {
    auto port = ports.sink(args.name);
    if (port == nullptr) {
      return no_port(args.name, "AppPorts::add_sink");
    }
    return AppSink::make_node(std::move(port));
  });
}

}  // namespace penstock
