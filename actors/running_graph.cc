#include "actors/running_graph.h"

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/graph_shell.h"
#include "actors/messages/run_messages.h"
#include "actors/shell_set.h"
#include "actors/worker_system.h"

namespace penstock::actors {

/// Outlives the run, so that a late ring finds a live, if ended, actor.
struct RunningGraph::Core final : public RunEvents {
  void post(RunEvent event) override { caf::anon_send(supervisor, MemberEvent{std::move(event)}); }

  void finish(const Supervisor& decided) {
    const std::lock_guard lock(mutex);
    finished = true;
    failed = decided.has_failed();
    cut_off = decided.cut_off();
    done.notify_all();
  }

  explicit Core(Workers::System& workers) : system(*workers.system), shells(workers) {}

  caf::actor_system& system;
  std::unique_ptr<GraphShell::Wiring> wiring;
  ShellSet shells;
  GraphActor supervisor;
  std::mutex mutex;
  std::condition_variable done;
  bool finished = false;
  bool failed = false;
  std::vector<std::string> cut_off;
  std::unique_ptr<GraphRun> run;  // Goes first.
};

std::unique_ptr<RunningGraph> RunningGraph::start(Workers& workers,
                                                  std::unique_ptr<GraphRun> run,
                                                  Options options) {
  auto core = std::make_unique<Core>(*workers.system_);
  core->run = std::move(run);
  if (!options.on_note) {
    options.on_note = [](const Supervisor::Note&) {};
  }
  Core* raw = core.get();
  core->wiring.reset(
      new GraphShell::Wiring{Supervisor(core->run->members(), options.drain_limit),
                             StallWatch(core->run->watched_edges(), options.stall_limit),
                             options.clock,
                             std::move(options.on_note),
                             [raw](const Supervisor& decided) { raw->finish(decided); }});
  core->supervisor = core->system.spawn<GraphShell>(core->wiring.get());
  for (const Supervisor::Member& member : core->run->members()) {
    member.runnable->set_events(raw);
    core->shells.add(*member.runnable, options.clock);
  }
  // Sinks first: what is downstream opens before frames come.
  for (auto member = core->run->members().rbegin(); member != core->run->members().rend();
       ++member) {
    member->runnable->wake();
  }
  return std::unique_ptr<RunningGraph>(new RunningGraph(std::move(core)));
}

RunningGraph::RunningGraph(std::unique_ptr<Core> core) : core_(std::move(core)) {}

RunningGraph::~RunningGraph() {
  stop();
  // The supervisor gives up what does not drain within its limit, so this ends.
  while (!wait_for(std::chrono::seconds(60))) {
  }
  core_->shells.stop();
  caf::scoped_actor self{core_->system};
  self->monitor(core_->supervisor);
  caf::anon_send_exit(core_->supervisor, caf::exit_reason::user_shutdown);
  self->receive([](caf::down_msg&) {});
}

void RunningGraph::stop() noexcept {
  caf::anon_send(core_->supervisor, stop_atom::value);
}

bool RunningGraph::wait_for(Duration limit) {
  std::unique_lock lock(core_->mutex);
  return core_->done.wait_for(lock, limit, [this] { return core_->finished; });
}

bool RunningGraph::has_failed() const noexcept {
  const std::lock_guard lock(core_->mutex);
  return core_->failed;
}

std::vector<std::string> RunningGraph::cut_off() const {
  const std::lock_guard lock(core_->mutex);
  return core_->cut_off;
}

const GraphRun& RunningGraph::run() const noexcept {
  return *core_->run;
}

}  // namespace penstock::actors
