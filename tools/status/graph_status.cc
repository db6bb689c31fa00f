#include "tools/status/graph_status.h"

#include <array>
#include <ctime>
#include <utility>

#include <unistd.h>

#include "drivers/claims/claim_folder.h"
#include "engine/run/run_status.h"
#include "tools/status/status_document.h"
#include "tools/status/status_sampler.h"
#include "tools/status/status_server.h"

namespace penstock {
namespace {

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

}  // namespace

/// What the server's thread reads and keeps.
class GraphStatus::Books {
 public:
  explicit Books(Options options)
      : options_(std::move(options)),
        started_(time_now()),
        start_(options_.clock->now()) {}

  void look() { sampler_.look(status_of(*options_.run), options_.clock->now()); }

  std::string answer() {
    StatusDocument document;
    document.version = options_.version;
    document.process = ::getpid();
    document.started = started_;
    document.run = status_of(*options_.run);
    document.now = options_.clock->now();
    document.uptime = document.now - start_;
    document.rates = sampler_.rates(document.run, document.now);
    document.pool = options_.pool ? options_.pool() : PoolStatus();
    return status_json(document);
  }

 private:
  Options options_;
  std::string started_;
  TimePoint start_;
  StatusSampler sampler_;
};

/// The server goes first: its thread uses the books.
struct GraphStatus::Parts {
  std::unique_ptr<Books> books;
  std::unique_ptr<StatusServer> server;
};

GraphStatus::GraphStatus(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

GraphStatus::~GraphStatus() = default;

Result<std::unique_ptr<GraphStatus>> GraphStatus::start(Options options) {
  StatusServer::Options serving;
  serving.folder = options.folder;
  if (serving.folder.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(serving.folder, status_folder());
  }
  auto parts = std::make_unique<Parts>();
  parts->books = std::make_unique<Books>(std::move(options));
  Books* const books = parts->books.get();
  serving.answer = [books] { return books->answer(); };
  serving.tick = [books] { books->look(); };
  PENSTOCK_ASSIGN_OR_RETURN(parts->server, StatusServer::start(std::move(serving)));
  return std::unique_ptr<GraphStatus>(new GraphStatus(std::move(parts)));
}

Result<std::string> status_folder() {
  PENSTOCK_ASSIGN_OR_RETURN(const ClaimFolder folder, ClaimFolder::open());
  return folder.path();
}

}  // namespace penstock
