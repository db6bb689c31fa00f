#include "actors/running_graph.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/spawn_options.hpp>

#include "actors/graph_shell.h"
#include "actors/messages/run_messages.h"
#include "actors/shell_set.h"
#include "actors/worker_system.h"
#include "engine/base/check.h"

namespace penstock::actors {

/// Lines for who has started the run, until that one waits no longer.
struct RunningGraph::Notes {
  void say(const Supervisor::Note& note) {
    const std::lock_guard lock(mutex);
    if (on_note) {
      on_note(note);
    }
  }

  void silence() {
    const std::lock_guard lock(mutex);
    on_note = {};
  }

  std::mutex mutex;
  std::function<void(const Supervisor::Note&)> on_note;
};

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

  explicit Core(std::shared_ptr<Workers::System> workers)
      : kept(std::move(workers)),
        system(*kept->system),
        shells(*kept) {}

  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  virtual ~Core() {
    progress->set("its supervisor to finish");
    {
      std::unique_lock lock(mutex);
      done.wait(lock, [this] { return finished; });
    }
    shells.stop([this](const std::vector<std::string>& names) {
      progress->set_at_work(names, "in a call that does not return");
    });
    caf::scoped_actor self{system};
    self->monitor(supervisor);
    caf::anon_send_exit(supervisor, caf::exit_reason::user_shutdown);
    self->receive([](caf::down_msg&) {});
    progress->set("its nodes to be destroyed");
  }

  std::shared_ptr<Workers::System> kept;
  std::shared_ptr<DisposalProgress> progress = std::make_shared<DisposalProgress>();
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
  auto core = std::make_shared<Core>(workers.system_);
  core->run = std::move(run);
  auto notes = std::make_shared<Notes>();
  notes->on_note = std::move(options.on_note);
  Core* raw = core.get();
  core->wiring = std::make_unique<GraphShell::Wiring>(GraphShell::Wiring{
      Supervisor(core->run->members(), {options.drain_limit, options.give_up_limit}),
      StallWatch(core->run->watched_edges(), options.stall_limit),
      options.clock,
      [notes](const Supervisor::Note& note) { notes->say(note); },
      [raw](const Supervisor& decided) { raw->finish(decided); }});
  core->supervisor = core->system.spawn<GraphShell, caf::detached>(core->wiring.get());
  for (const Supervisor::Member& member : core->run->members()) {
    member.runnable->set_events(raw);
    core->shells.add(*member.runnable, options.clock);
  }
  // Sinks first: what is downstream opens before frames come.
  for (auto member = core->run->members().rbegin(); member != core->run->members().rend();
       ++member) {
    member->runnable->wake();
  }
  return std::unique_ptr<RunningGraph>(new RunningGraph(
      std::move(core), std::move(notes), options.drain_limit + options.give_up_limit));
}

RunningGraph::RunningGraph(std::shared_ptr<Core> core,
                           std::shared_ptr<Notes> notes,
                           Duration end_limit)
    : core_(std::move(core)),
      notes_(std::move(notes)),
      progress_(core_->progress),
      end_limit_(end_limit) {}

RunningGraph::~RunningGraph() {
  const Status closed = close(end_limit_ + kLastLimit);
  PENSTOCK_CHECK(closed.has_value()) << closed.error().message;
}

Status RunningGraph::close(Duration limit) {
  if (!closing_.has_value()) {
    stop();
    closing_.emplace(std::exchange(core_, nullptr));
  }
  Status closed = wait_until_closed(*closing_, *progress_, "the graph is", limit);
  if (!closed.has_value()) {
    notes_->silence();
  }
  return closed;
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
