#include "engine/run/station_intake.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace penstock {

StationIntake::StationIntake(std::vector<Input> inputs, const std::vector<Share>& shares)
    : inputs_(std::move(inputs)) {
  for (const Input& input : inputs_) {
    for (const StreamId stream : input.streams) {
      streams_.resize(std::max(streams_.size(), static_cast<std::size_t>(stream) + 1));
    }
  }
  for (std::size_t i = 0; i < std::min(streams_.size(), shares.size()); ++i) {
    streams_[i].share = shares[i];
  }
  turns_ = make_turns();
}

InputTurns StationIntake::make_turns() const {
  std::vector<InputTurns::Claim> claims;
  for (const Input& input : inputs_) {
    InputTurns::Claim claim{0, 0};
    for (const StreamId stream : input.streams) {
      claim.rank = std::max(claim.rank, of(stream).share.rank);
      claim.weight += of(stream).share.weight;
    }
    claims.push_back(claim);
  }
  return InputTurns(claims);
}

std::optional<EdgeRing::Item> StationIntake::next() {
  for (std::size_t place = 0; place < turns_.size(); ++place) {
    Input& input = inputs_[turns_.at(place)];
    if (is_at_share(input)) {
      continue;  // The end of one of its frames is followed by another look.
    }
    while (auto item = input.edge->pop()) {
      if (const auto* frame = std::get_if<Frame>(&*item); frame != nullptr) {
        turns_.serve(place);
        hold(*frame);
        // From here on the frame counts against the station's own bound, not against the edge's.
        input.edge->done();
        return item;
      }
      const auto* end = std::get_if<EndOfStream>(&std::get<ControlRecord>(*item));
      if (end == nullptr || is_last_way(input, end->stream)) {
        return item;
      }
    }
  }
  return std::nullopt;
}

void StationIntake::hold(const Frame& frame) {
  const auto stream = static_cast<std::size_t>(frame.stream());
  PENSTOCK_CHECK(stream < streams_.size()) << "no input is said to bring stream " << stream;
  streams_[stream].held += 1;
}

bool StationIntake::is_last_way(Input& input, StreamId stream) {
  input.streams.erase(std::remove(input.streams.begin(), input.streams.end(), stream),
                      input.streams.end());
  return std::none_of(inputs_.begin(), inputs_.end(), [stream](const Input& other) {
    return std::find(other.streams.begin(), other.streams.end(), stream) != other.streams.end();
  });
}

bool StationIntake::is_at_share(const Input& input) const {
  std::uint32_t held = 0;
  std::uint32_t most = 0;
  for (const StreamId stream : input.streams) {
    if (of(stream).share.frames == 0) {
      return false;
    }
    held += of(stream).held;
    most += of(stream).share.frames;
  }
  return held >= most && held > 0;
}

bool StationIntake::is_over() const noexcept {
  return std::all_of(
      inputs_.begin(), inputs_.end(), [](const Input& input) { return input.streams.empty(); });
}

}  // namespace penstock
