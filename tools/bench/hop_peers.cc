#include "tools/bench/hop_peers.h"

#include <condition_variable>
#include <mutex>
#include <vector>

#include <tbb/flow_graph.h>

#include "tools/bench/run_queue_floor.h"

namespace penstock {
namespace {

class TbbChain final : public HopChain {
 public:
  explicit TbbChain(std::size_t stages) {
    for (std::size_t i = 0; i < stages; ++i) {
      nodes_.push_back(std::make_unique<PassNode>(
          graph_, tbb::flow::serial, [](std::uint64_t* const& item) noexcept { return item; }));
      if (i > 0) {
        tbb::flow::make_edge(*nodes_[i - 1], *nodes_[i]);
      }
    }
  }

  void run(std::uint64_t frames) override {
    for (std::uint64_t i = 0; i < frames; ++i) {
      nodes_.front()->try_put(&touched_);
    }
    graph_.wait_for_all();
  }

 private:
  using PassNode =
      tbb::flow::function_node<std::uint64_t*, std::uint64_t*, tbb::flow::queueing_lightweight>;

  tbb::flow::graph graph_;
  std::uint64_t touched_ = 0;
  std::vector<std::unique_ptr<PassNode>> nodes_;
};

/// The ends of the floor's chain: lets in what the window has room for, and counts what comes out.
class FloorChain final : public HopChain {
 public:
  static constexpr std::uint64_t kWindow = FloorStage::kRing;

  explicit FloorChain(std::size_t stages) : sink_(queue_, *this), source_(queue_, *this) {
    for (std::size_t i = 1; i < stages; ++i) {
      FloorStage& next = passes_.empty() ? static_cast<FloorStage&>(sink_) : *passes_.back();
      passes_.push_back(std::make_unique<FloorPass>(queue_, next));
    }
  }

  void run(std::uint64_t frames) override {
    std::unique_lock lock(mutex_);
    left_ = frames;
    out_ = 0;
    wanted_ = frames;
    done_ = false;
    source_.push(this);
    ended_.wait(lock, [this] { return done_; });
  }

 private:
  class Sink final : public FloorStage {
   public:
    Sink(RunQueueFloor& queue, FloorChain& chain) : FloorStage(queue), chain_(chain) {}

    void on_item(void* /*item*/) override { chain_.on_out(); }

   private:
    FloorChain& chain_;
  };

  class Source final : public FloorStage {
   public:
    Source(RunQueueFloor& queue, FloorChain& chain) : FloorStage(queue), chain_(chain) {}

    void on_item(void* /*item*/) override { chain_.let_in(); }

   private:
    FloorChain& chain_;
  };

  void let_in() {
    FloorStage& first = passes_.empty() ? static_cast<FloorStage&>(sink_) : *passes_.back();
    while (left_ > 0 && in_flight_ < kWindow) {
      --left_;
      ++in_flight_;
      first.push(this);
    }
  }

  void on_out() {
    --in_flight_;
    if (++out_ == wanted_) {
      const std::lock_guard lock(mutex_);
      done_ = true;
      ended_.notify_one();
    } else if (in_flight_ == kWindow / 2) {
      source_.push(this);
    }
  }

  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  // The worker's, but for the start of a run.
  std::uint64_t left_ = 0;
  std::uint64_t out_ = 0;
  std::uint64_t wanted_ = 0;
  std::uint64_t in_flight_ = 0;
  RunQueueFloor queue_;
  Sink sink_;
  Source source_;
  std::vector<std::unique_ptr<FloorPass>> passes_;
};

class InlineStage {
 public:
  virtual ~InlineStage() = default;
  virtual void process(std::uint64_t& frame) = 0;

 protected:
  InlineStage() = default;
  InlineStage(const InlineStage&) = default;
  InlineStage& operator=(const InlineStage&) = default;
};

class InlinePass final : public InlineStage {
 public:
  [[gnu::noinline]] void process(std::uint64_t& frame) override { ++frame; }
};

class InlineChain final : public HopChain {
 public:
  explicit InlineChain(std::size_t stages) {
    for (std::size_t i = 0; i < stages; ++i) {
      stages_.push_back(std::make_unique<InlinePass>());
    }
  }

  void run(std::uint64_t frames) override {
    for (std::uint64_t i = 0; i < frames; ++i) {
      for (const auto& stage : stages_) {
        // The compiler must not learn which class it is.
        InlineStage* unknown = stage.get();
        asm volatile("" : "+r"(unknown));
        unknown->process(touched_);
      }
    }
  }

 private:
  std::vector<std::unique_ptr<InlineStage>> stages_;
  std::uint64_t touched_ = 0;
};

}  // namespace

std::unique_ptr<HopChain> make_tbb_chain(std::size_t stages) {
  return std::make_unique<TbbChain>(stages);
}

std::unique_ptr<HopChain> make_floor_chain(std::size_t stages) {
  return std::make_unique<FloorChain>(stages);
}

std::unique_ptr<HopChain> make_inline_chain(std::size_t stages) {
  return std::make_unique<InlineChain>(stages);
}

}  // namespace penstock
