#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "engine/nodes/app_sink.h"
#include "engine/nodes/app_source.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The ends of a graph that an application holds, by the names of their actors.
///
/// Ownership: shares the ports with the application; the catalogue keeps a copy.
/// Thread-safety: fill before the graph is composed.
class AppPorts {
 public:
  /// Adds the port of the `app_source` called `actor`, or of one of its streams. A name twice is a
  /// bug. Pre: `capacity` is at least 1.
  std::shared_ptr<AppSource> add_source(const std::string& actor,
                                        const std::string& stream = "",
                                        std::size_t capacity = AppSource::kDefaultCapacity);
  /// Adds the port of the `app_sink` called `actor`; with a callback frames go there at once.
  std::shared_ptr<AppSink> add_sink(const std::string& actor, AppSink::Callback callback = {});

  /// Return the port; nullptr if there is none. A source's port of no stream serves any stream.
  [[nodiscard]] std::shared_ptr<AppSource> source(const std::string& actor,
                                                  const std::string& stream) const;
  [[nodiscard]] std::shared_ptr<AppSink> sink(const std::string& actor) const;

 private:
  std::map<std::string, std::shared_ptr<AppSource>> sources_;
  std::map<std::string, std::shared_ptr<AppSink>> sinks_;
};

/// Registers the classes behind `app_source` and `app_sink`, which look for their actor in `ports`.
/// Their makers' errors: `kNotFound` if the application has no port of that name.
void register_app_nodes(NodeCatalogue& catalogue, const AppPorts& ports);

}  // namespace penstock
