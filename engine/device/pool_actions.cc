#include <utility>

#include "engine/base/check.h"
#include "engine/device/pool_core.h"

namespace penstock {

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
    } else {
      DeviceBook& book = devices_[std::get<ResetDevice>(action).device.index()];
      if (book.health != DeviceHealth::kFault) {
        tell(true, "device '" + book.name + "' did not end a job within its limit: it is reset");
      }
      ++book.resets;
      book.health = DeviceHealth::kResetting;
      book.runner->reset();
    }
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
  for (const ChangeResidence::Outgoing& outgoing : action.outgoing) {
    wanted.out.push_back(lane_of(book, outgoing.package, outgoing.placement));
  }
  if (!action.only_out) {
    wanted.in = lane_of(book, action.incoming, action.placement);
    book.coming = action.incoming;
  }
  book.runner->change(std::move(wanted));
}

void DevicePool::Core::let_in(FlowNumber flow, TimePoint now) {
  auto& outside = flows_[flow.index()].outside;
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
    FlowBook& flow = flows_[ended.flow.index()];
    flow.finished[static_cast<std::size_t>(reason)] += ended.frames;
    if (reason == FinishReason::kDone) {
      flow.rate.count(ended.frames, now_);
    }
  }
  ended.maps.reset();  // Before their owner hears of it.
  const std::shared_ptr<User> user = std::move(ended.user);
  ended.user.reset();
  ended.number = {};
  free_requests_.push_back(static_cast<std::uint32_t>(number.value & kPlaceMask));
  user->box.put(std::move(done));
}

}  // namespace penstock
