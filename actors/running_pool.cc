#include "actors/running_pool.h"

#include <utility>

#include "actors/shell_set.h"
#include "actors/worker_system.h"

namespace penstock::actors {

struct RunningPool::Core {
  explicit Core(Workers::System& workers) : shells(workers) {}

  ShellSet shells;
  std::unique_ptr<DevicePool> pool;  // Goes first.
};

std::unique_ptr<RunningPool> RunningPool::start(Workers& workers,
                                                std::unique_ptr<DevicePool> pool,
                                                const Clock* clock) {
  auto core = std::make_unique<Core>(*workers.system_);
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

RunningPool::RunningPool(std::unique_ptr<Core> core) : core_(std::move(core)) {}

RunningPool::~RunningPool() {
  core_->shells.stop();
}

DevicePool& RunningPool::pool() noexcept {
  return *core_->pool;
}

const DevicePool& RunningPool::pool() const noexcept {
  return *core_->pool;
}

}  // namespace penstock::actors
