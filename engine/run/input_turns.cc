#include "engine/run/input_turns.h"

#include <algorithm>

namespace penstock {

InputTurns::InputTurns(const std::vector<Claim>& claims) {
  std::vector<std::uint8_t> ranks;
  for (const Claim& claim : claims) {
    ranks.push_back(claim.rank);
  }
  std::sort(ranks.begin(), ranks.end(), [](auto a, auto b) { return a > b; });
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  floors_.resize(ranks.size());
  for (std::size_t lane = 0; lane < ranks.size(); ++lane) {
    for (std::size_t input = 0; input < claims.size(); ++input) {
      if (claims[input].rank == ranks[lane]) {
        turns_.push_back({input, lane, 1 / claims[input].weight, 0});
      }
    }
  }
}

void InputTurns::serve(std::size_t place) noexcept {
  Turn served = turns_[place];
  double& floor = floors_[served.lane];
  floor = std::max(floor, served.due);
  served.due = floor + served.step;
  for (; place + 1 < turns_.size() && turns_[place + 1].lane == served.lane &&
         turns_[place + 1].due <= served.due;
       ++place) {
    turns_[place] = turns_[place + 1];
  }
  turns_[place] = served;
}

}  // namespace penstock
