#include "actors/running_pool.h"

#include <string>
#include <utility>
#include <vector>

#include "actors/shell_set.h"
#include "actors/worker_system.h"
#include "engine/base/log.h"

namespace penstock::actors {

struct RunningPool::Core {
  explicit Core(std::shared_ptr<Workers::System> kept) : system(std::move(kept)), shells(*system) {}

  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  ~Core() {
    shells.stop([this](const std::vector<std::string>& names) {
      progress->set_at_work(names, "in a call of the driver that does not return");
    });
    pool->close([this](const std::string& device) {
      progress->set("device '" + device + "' to end what is in flight there");
    });
  }

  std::shared_ptr<Workers::System> system;
  std::shared_ptr<DisposalProgress> progress = std::make_shared<DisposalProgress>();
  ShellSet shells;
  std::unique_ptr<DevicePool> pool;  // Goes first.
};

std::unique_ptr<RunningPool> RunningPool::start(Workers& workers,
                                                std::unique_ptr<DevicePool> pool,
                                                const Clock* clock) {
  auto core = std::make_shared<Core>(workers.system_);
  core->pool = std::move(pool);
  const std::vector<Runnable*> runnables = core->pool->runnables();
  for (Runnable* runnable : runnables) {
    core->shells.add(*runnable, clock);
  }
  for (Runnable* runnable : runnables) {
    runnable->wake();
  }
  return std::unique_ptr<RunningPool>(new RunningPool(std::move(core)));
}

RunningPool::RunningPool(std::shared_ptr<Core> core)
    : core_(std::move(core)),
      progress_(core_->progress) {}

RunningPool::~RunningPool() {
  if (const Status closed = close(kCloseLimit); !closed.has_value()) {
    log_warning("devices", closed.error().message);
  }
}

Status RunningPool::close(Duration limit) {
  if (!closing_.has_value()) {
    closing_.emplace(std::exchange(core_, nullptr));
  }
  return wait_until_closed(*closing_, *progress_, "the devices are", limit);
}

DevicePool& RunningPool::pool() noexcept {
  return *core_->pool;
}

const DevicePool& RunningPool::pool() const noexcept {
  return *core_->pool;
}

}  // namespace penstock::actors
