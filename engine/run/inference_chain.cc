#include "engine/run/inference_chain.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

Error named(const std::string& link, const Error& error) {
  return link.empty() ? error : error.within(link);
}

/// Checks that each input of `link` is one of the `given` outputs before it.
Status check_takes(const InferenceChain::Link& link, std::size_t given) {
  const bool is_right = link.takes.size() == link.backend->inputs().size() &&
                        std::all_of(link.takes.begin(), link.takes.end(), [&](std::size_t output) {
                          return output < given;
                        });
  if (is_right) {
    return {};
  }
  return named(link.name,
               {Errc::kInvalidArgument,
                "takes " + std::to_string(link.takes.size()) + " of " + std::to_string(given) +
                    " tensors for " + std::to_string(link.backend->inputs().size()) + " inputs"});
}

}  // namespace

Result<std::unique_ptr<InferenceChain>> InferenceChain::create(std::vector<Link> links,
                                                               std::uint32_t slots) {
  PENSTOCK_CHECK(!links.empty()) << "a chain needs a link";
  std::unique_ptr<InferenceChain> chain(new InferenceChain());
  for (Link& link : links) {
    PENSTOCK_CHECK(link.backend->slots() >= slots) << link.name;
    Stage stage;
    stage.link = std::move(link);
    chain->links_.push_back(std::move(stage));
  }
  for (std::size_t i = 0; i < chain->links_.size(); ++i) {
    Stage& stage = chain->links_[i];
    if (i > 0) {
      PENSTOCK_RETURN_IF_ERROR(
          check_takes(stage.link, chain->links_[i - 1].link.backend->outputs().size()));
    }
    if (i + 1 < chain->links_.size()) {
      PENSTOCK_RETURN_IF_ERROR(chain->prepare(stage, slots));
    }
  }
  chain->frames_.resize(slots);
  for (Frame& frame : chain->frames_) {
    std::generate_n(
        std::back_inserter(frame.maps), chain->links_.size(), [] { return JobMaps::create(); });
  }
  return chain;
}

Status InferenceChain::prepare(Stage& stage, std::uint32_t slots) {
  for (const auto& spec : stage.link.backend->outputs()) {
    if (!spec->shape.dense_bytes(spec->type).has_value()) {
      return named(stage.link.name,
                   {Errc::kUnsupported,
                    "output '" + spec->name + "' has the open shape " + spec->shape.to_string() +
                        "; what comes next wants a fixed one"});
    }
    BufferPool::Options options;
    options.name = stage.link.name + ", output '" + spec->name + "'";
    // A device that hangs may keep what a slot gave it, while the slot has a new frame.
    options.max_slots = std::size_t{slots} * 2;
    PENSTOCK_ASSIGN_OR_RETURN(BufferPool pool, BufferPool::create(std::move(options)));
    stage.pools.push_back(std::move(pool));
  }
  return {};
}

Status InferenceChain::submit(const InferenceJob& job) {
  PENSTOCK_CHECK(job.slot < frames_.size() && !frames_[job.slot].busy) << "slot " << job.slot;
  Frame& frame = frames_[job.slot];
  frame.cancelled = false;
  frame.at = 0;
  frame.device_time = {};
  frame.job = job;
  frame.maps.front()->inputs = job.maps->inputs;
  if (Status status = start(frame); !status.has_value()) {
    JobMaps::renew(frame.maps.front());
    frame.job.maps.reset();
    return status;
  }
  frame.busy = true;
  return {};
}

/// Hands the frame to the link that it is at, whose inputs it has.
Status InferenceChain::start(Frame& frame) {
  Stage& stage = links_[frame.at];
  InferenceJob job = frame.job;
  job.token = job.slot;
  job.maps = frame.maps[frame.at];
  job.maps->frames = frame.job.maps->frames;
  job.maps->streams = frame.job.maps->streams;
  if (frame.at + 1 == links_.size()) {
    job.maps->outputs = frame.job.maps->outputs;
  } else {
    PENSTOCK_RETURN_IF_ERROR(lease(stage, job.maps->outputs));
  }
  if (const Status status = stage.link.backend->submit(job); !status.has_value()) {
    return named(stage.link.name, status.error());
  }
  return {};
}

Status InferenceChain::lease(Stage& stage, std::vector<FeatureMap>& maps) {
  const auto specs = stage.link.backend->outputs();
  for (std::size_t port = 0; port < specs.size(); ++port) {
    const auto bytes = specs[port]->shape.dense_bytes(specs[port]->type);
    PENSTOCK_CHECK(bytes.has_value()) << "checked when the chain was made";
    auto buffer = stage.pools[port].acquire(*bytes);
    if (!buffer.has_value()) {
      return named(stage.link.name,
                   {Errc::kUnavailable, "no memory for output '" + specs[port]->name + "'"});
    }
    PENSTOCK_ASSIGN_OR_RETURN(
        FeatureMap map, make_feature_map(specs[port], specs[port]->shape, std::move(*buffer)));
    maps.push_back(std::move(map));
  }
  return {};
}

std::optional<InferenceDone> InferenceChain::pop() {
  if (ended_.empty()) {
    advance();
  }
  if (ended_.empty()) {
    return std::nullopt;
  }
  InferenceDone done = std::move(ended_.front());
  ended_.pop_front();
  frames_[done.token].busy = false;
  done.token = frames_[done.token].job.token;
  return done;
}

void InferenceChain::advance() {
  // The last link first: what it gives back is what the others need.
  for (std::size_t at = links_.size(); at-- > 0;) {
    while (auto done = links_[at].link.backend->pop()) {
      PENSTOCK_CHECK(done->token < frames_.size() && frames_[done->token].busy &&
                     frames_[done->token].at == at)
          << "end of unknown frame " << done->token << " in link " << at;
      go_on(frames_[done->token], std::move(*done));
    }
  }
}

void InferenceChain::go_on(Frame& frame, InferenceDone done) {
  frame.device_time += done.device_time;
  const bool is_fine = done.code == Errc::kOk && !done.dropped_by.has_value();
  if (!is_fine) {
    const std::string& link = links_[frame.at].link.name;
    if (done.code != Errc::kOk && !link.empty()) {
      done.message = link + ": " + done.message;
    }
    let_go(frame, frame.at);
    end(frame, std::move(done));
    return;
  }
  if (frame.at + 1 == links_.size()) {
    end(frame, std::move(done));
    return;
  }
  if (frame.cancelled) {
    done.code = Errc::kCancelled;
    done.message = "cancelled";
    let_go(frame, frame.at + 1);
    end(frame, std::move(done));
    return;
  }
  Ref<JobMaps>& before = frame.maps[frame.at];
  if (done.maps) {
    before = std::move(done.maps);
  }
  ++frame.at;
  for (const std::size_t output : links_[frame.at].link.takes) {
    frame.maps[frame.at]->inputs.push_back(before->outputs[output]);
  }
  JobMaps::renew(before);
  if (const Status status = start(frame); !status.has_value()) {
    done.code = status.error().code;
    done.message = status.error().message;
    let_go(frame, frame.at);
    end(frame, std::move(done));
  }
}

void InferenceChain::end(Frame& frame, InferenceDone done) {
  JobMaps::renew(frame.maps[frame.at]);
  done.frames = frame.job.maps->frames;
  frame.job.maps.reset();
  done.token = frame.job.slot;
  done.device_time = frame.device_time;
  ended_.push_back(std::move(done));
}

/// What the first links gave for a frame that goes no further is nobody's.
void InferenceChain::let_go(const Frame& frame, std::size_t links) {
  for (std::size_t i = 0; i < links; ++i) {
    links_[i].link.backend->taken(frame.job.maps->frames);
  }
}

/// What a link gave counts until the chain's reader has the frame: the bound is of the whole chain.
void InferenceChain::taken(std::uint32_t frames) noexcept {
  for (const Stage& stage : links_) {
    stage.link.backend->taken(frames);
  }
}

void InferenceChain::end_input() noexcept {
  for (const Stage& stage : links_) {
    stage.link.backend->end_input();
  }
}

void InferenceChain::cancel(std::uint32_t slot) noexcept {
  if (slot < frames_.size() && frames_[slot].busy) {
    frames_[slot].cancelled = true;
    links_[frames_[slot].at].link.backend->cancel(slot);
  }
}

}  // namespace penstock
