#include "actors/running_graph.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/graph_shell.h"
#include "actors/messages/run_messages.h"
#include "actors/runnable_shell.h"

namespace penstock::actors {

struct Workers::System {
  explicit System(std::uint32_t count) : workers(count) {
    // Measured: work stealing polls, and hands a foreign thread's message to a worker that may be
    // busy; the shared queue wakes whoever is free.
    config.set("scheduler.policy", caf::atom("sharing"));
    config.set("scheduler.max-threads", std::size_t{count});
    config.set("scheduler.max-throughput", std::size_t{50});
    system = std::make_unique<caf::actor_system>(config);
  }

  std::uint32_t workers;
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
};

Result<Workers> Workers::start(std::uint32_t count) {
  if (count > kMax) {
    return Error{
        Errc::kInvalidArgument,
        "workers: " + std::to_string(count) + ", allowed are 0 to " + std::to_string(kMax)};
  }
  const std::uint32_t cores = std::max(1U, std::thread::hardware_concurrency());
  return Workers(std::make_unique<System>(count == 0 ? cores : count));
}

Workers::Workers(std::unique_ptr<System> system) : system_(std::move(system)) {}

Workers::Workers(Workers&&) noexcept = default;
Workers& Workers::operator=(Workers&&) noexcept = default;
Workers::~Workers() = default;

std::uint32_t Workers::count() const noexcept {
  return system_->workers;
}

/// Outlives the run, so that a late ring finds a live, if ended, actor.
struct RunningGraph::Core final : public RunEvents {
  struct Bell {
    RunnableActor actor;
  };

  void post(RunEvent event) override { caf::anon_send(supervisor, MemberEvent{std::move(event)}); }

  void finish(bool has_failed) {
    const std::lock_guard lock(mutex);
    finished = true;
    failed = has_failed;
    done.notify_all();
  }

  caf::actor_system* system = nullptr;
  std::unique_ptr<GraphShell::Wiring> wiring;
  std::vector<std::unique_ptr<Bell>> bells;
  GraphActor supervisor;
  std::mutex mutex;
  std::condition_variable done;
  bool finished = false;
  bool failed = false;
  std::unique_ptr<GraphRun> run;  // Goes first.
};

std::unique_ptr<RunningGraph> RunningGraph::start(Workers& workers,
                                                  std::unique_ptr<GraphRun> run,
                                                  Options options) {
  auto core = std::make_unique<Core>();
  core->system = workers.system_->system.get();
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
                             [raw](bool failed) { raw->finish(failed); }});
  core->supervisor = core->system->spawn<GraphShell>(core->wiring.get());
  for (const Supervisor::Member& member : core->run->members()) {
    auto bell = std::make_unique<Core::Bell>();
    bell->actor = core->system->spawn<RunnableShell>(member.runnable, options.clock);
    member.runnable->set_events(raw);
    member.runnable->set_driver({[](void* context) {
                                   caf::anon_send(static_cast<Core::Bell*>(context)->actor,
                                                  wake_atom::value);
                                 },
                                 bell.get()});
    core->bells.push_back(std::move(bell));
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
  caf::scoped_actor self{*core_->system};
  for (const auto& bell : core_->bells) {
    self->monitor(bell->actor);
    caf::anon_send_exit(bell->actor, caf::exit_reason::user_shutdown);
  }
  std::size_t left = core_->bells.size();
  self->receive_while([&] { return left > 0; })([&](caf::down_msg&) { --left; });
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

const GraphRun& RunningGraph::run() const noexcept {
  return *core_->run;
}

}  // namespace penstock::actors
