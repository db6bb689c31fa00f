#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include "engine/base/check.h"
#include "engine/device/pool_core.h"
#include "engine/memory/buffer.h"

namespace penstock {
namespace {

/// Returns "2.04 s".
std::string text_of(Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g s", std::chrono::duration<double>(time).count());
  return text;
}

/// Returns maps with the same inputs and with memory of their own for what comes out. Allocates.
Ref<JobMaps> with_other_outputs(const JobMaps& maps) {
  Ref<JobMaps> made = JobMaps::create(maps.inputs, maps.outputs);
  made->frames = maps.frames;
  for (FeatureMap& output : made->outputs) {
    output.buffer = Buffer::allocate(output.buffer.size());
  }
  return made;
}

}  // namespace

void DevicePool::Core::carry_out(const SchedulerActions& actions, TimePoint now) {
  for (const SchedulerAction& action : actions.all()) {
    if (const auto* batch = std::get_if<RunBatch>(&action); batch != nullptr) {
      run(*batch);
    } else if (const auto* finished = std::get_if<FinishRequest>(&action); finished != nullptr) {
      finish(finished->request, finished->reason);
    } else if (const auto* room = std::get_if<RoomAvailable>(&action); room != nullptr) {
      let_in(room->flow, now);
    } else if (const auto* changing = std::get_if<ChangeResidence>(&action); changing != nullptr) {
      change(*changing);
    } else if (const auto* cancelled = std::get_if<CancelBatch>(&action); cancelled != nullptr) {
      // Which of them leads does not matter: the others do not know the batch.
      for (const auto& sub_device : devices_[cancelled->device.index()].runner->sub_devices()) {
        sub_device->cancel(cancelled->batch);
      }
    } else if (const auto* abandoned = std::get_if<AbandonBatch>(&action); abandoned != nullptr) {
      abandon(*abandoned);
    } else if (const auto* finding = std::get_if<Finding>(&action); finding != nullptr) {
      note_finding(*finding);
    } else {
      reset(std::get<ResetDevice>(action));
    }
  }
}

void DevicePool::Core::reset(const ResetDevice& action) {
  DeviceBook& book = devices_[action.device.index()];
  ++book.resets;
  book.health = DeviceHealth::kResetting;
  book.runner->reset();
}

void DevicePool::Core::abandon(const AbandonBatch& action) {
  const auto running = std::find_if(running_.begin(), running_.end(), [&](const Running& one) {
    return one.batch == action.batch;
  });
  if (running == running_.end()) {
    return;  // It ended in the same turn: nobody holds its memory.
  }
  const DeviceBook& book = devices_[action.device.index()];
  Request& left = request(running->request);
  left.code = Errc::kDeviceLost;
  left.message = "device '" + book.name + "' has not ended job " +
                 std::to_string(action.batch.value) + ", neither within its limit of " +
                 penstock::text_of(options_.knobs.job_limit) + " nor by a reset";
  left.maps = with_other_outputs(*left.maps);
  left.has_other_maps = true;
  *running = running_.back();
  running_.pop_back();
  abandoned_.push_back(action.batch);
  for (const auto& sub_device : book.runner->sub_devices()) {
    sub_device->abandon(action.batch);
  }
}

void DevicePool::Core::note_finding(const Finding& finding) {
  DeviceBook& book = devices_[finding.device.index()];
  std::string text = text_of(finding);
  const bool is_device = finding.kind == Finding::Kind::kDeviceFault;
  if (!is_device || book.health != DeviceHealth::kFault) {
    tell(true, "device '" + book.name + "' " + text);
  }
  if (is_device) {
    book.health = DeviceHealth::kFault;
    book.reason = std::move(text);
  }
}

std::string DevicePool::Core::text_of(const Finding& finding) const {
  const DeviceBook& book = devices_[finding.device.index()];
  const std::string last = book.last_failure.empty() ? "" : " (" + book.last_failure + ")";
  const bool has_package = finding.package.index() < packages_.size();
  const std::string package =
      has_package ? "'" + packages_[finding.package.index()].words.name + "'" : "a model";
  switch (finding.kind) {
    case Finding::Kind::kDeviceGivenUp:
      return "is given up: resets do not help";
    case Finding::Kind::kPackageAway:
      return "does not work for " + package + last + ": it is kept away from there for " +
             penstock::text_of(finding.away);
    case Finding::Kind::kPackageGivenUp:
      return "does not work for " + package + last + ": it is given up there";
    case Finding::Kind::kDeviceFault:
      break;
  }
  switch (finding.reason) {
    case DecisionReason::kJobLost:
      return "has lost a job of " + package + last + ": it is reset";
    case DecisionReason::kJobsFail:
      return "fails one job of " + package + " after the other" + last + ": it is reset";
    case DecisionReason::kJobsLeft:
      return "has jobs that a reset does not end: it is reset again";
    case DecisionReason::kChangeOverdue:
      return "did not end within its limit to take in " + package + ": it is reset";
    case DecisionReason::kChangeLost:
      return "was lost while " + package + " was coming in: it is reset";
    case DecisionReason::kResetOverdue:
      return "did not end its reset within the limit: it is reset again";
    default:
      return "did not end a job within its limit: it is reset";
  }
}

Lane DevicePool::Core::lane_of(const DeviceBook& book,
                               PackageNumber package,
                               std::uint32_t placement) const {
  const auto facts = book.placements.find(package);
  PENSTOCK_CHECK(facts != book.placements.end() && placement < facts->second.size())
      << "package " << package.value << " is not placed on " << book.name;
  const bool whole = book.always_resident.at(package);
  return {package, whole ? 0 : facts->second[placement].sub_devices};
}

void DevicePool::Core::run(const RunBatch& action) {
  PENSTOCK_CHECK(action.requests.size() == 1) << "batches are made by the stations";
  const Request& first = request(action.requests.front());
  DeviceBook& book = devices_[action.device.index()];
  SubDeviceRunner::Job job;
  job.batch = action.batch;
  job.lane = lane_of(book, action.package, action.placement);
  job.maps = first.maps;
  running_.push_back({action.batch, action.package, first.number});
  std::size_t lead = 0;
  while (lead + 1 < book.runner->sub_devices().size() && job.lane.sub_devices != 0 &&
         (job.lane.sub_devices >> lead & 1U) == 0) {
    ++lead;
  }
  book.runner->sub_devices()[lead]->run(std::move(job));
}

void DevicePool::Core::change(const ChangeResidence& action) {
  DeviceBook& book = devices_[action.device.index()];
  DeviceRunner::Change wanted;
  wanted.epoch = action.epoch;
  wanted.limit = action.limit;
  Coming coming;
  coming.epoch = action.epoch;
  coming.sub_devices = action.sub_devices;
  for (const ChangeResidence::Outgoing& outgoing : action.outgoing) {
    wanted.out.push_back(lane_of(book, outgoing.package, outgoing.placement));
    coming.sub_devices |= wanted.out.back().sub_devices;
  }
  if (!action.only_out) {
    wanted.in = lane_of(book, action.incoming, action.placement);
    coming.package = action.incoming;
  }
  book.coming.push_back(coming);
  book.runner->change(std::move(wanted));
}

void DevicePool::Core::let_in(FlowNumber flow, TimePoint now) {
  const std::shared_ptr<User> user = flows_[flow.index()].user;
  if (user == nullptr) {
    return;
  }
  auto& outside = user->outside;
  while (!outside.empty() && offer(outside.front(), now)) {
    if (Request* let = find(outside.front()); let != nullptr) {
      let->waits_outside = false;
    }
    outside.pop_front();
  }
}

void DevicePool::Core::finish(RequestNumber number, FinishReason reason) {
  Request& ended = request(number);
  InferenceDone done;
  done.token = ended.token;
  done.device_time = ended.device_time;
  done.frames = ended.frames;
  switch (reason) {
    case FinishReason::kDone:
      break;
    case FinishReason::kExpired:
      done.dropped_by = Reason::kDeadline;
      break;
    case FinishReason::kDropped:
      done.dropped_by = ended.user->words.knobs.when_full == WhenFull::kDropOldest
                            ? Reason::kQueueOldest
                            : Reason::kQueueNewest;
      break;
    case FinishReason::kCancelled:
    case FinishReason::kClientGone:
      done.code = Errc::kCancelled;
      done.message = "cancelled";
      break;
    case FinishReason::kFailed:
      // Lost again and again: the frame's failure, since the device is still tried by others.
      done.code =
          ended.code == Errc::kDeviceLost || ended.code == Errc::kOk ? Errc::kInternal : ended.code;
      done.message = std::move(ended.message);
      break;
    case FinishReason::kNoDevice:
      done.code = Errc::kDeviceLost;
      done.message = ended.message.empty() ? "no device that is allowed will run the model"
                                           : std::move(ended.message);
      break;
    case FinishReason::kRefused:
      done.code = Errc::kUnavailable;
      done.message = "refused: more frames than ifmap_queue_size holds";
      break;
  }
  if (!ended.user->closed) {
    for (const FlowPart& part : ended.parts) {
      FlowBook& flow = flows_[part.flow.index()];
      flow.finished[static_cast<std::size_t>(reason)] += part.frames;
      if (reason == FinishReason::kDone) {
        flow.rate.count(part.frames, now_);
      }
    }
  }
  if (ended.has_other_maps && reason == FinishReason::kDone) {
    done.maps = std::move(ended.maps);
  }
  ended.maps.reset();  // Before their owner hears of it.
  const std::shared_ptr<User> user = std::move(ended.user);
  if (reason == FinishReason::kDone) {
    user->untaken += ended.frames;
    if (user->closed) {
      take_outputs(*user, user->untaken, now_);
    }
  }
  ended.user.reset();
  ended.number = {};
  free_requests_.push_back(static_cast<std::uint32_t>(number.value & kPlaceMask));
  user->box.put(std::move(done));
}

}  // namespace penstock
