#include "engine/schedule/fair_queue.h"

#include <algorithm>

namespace penstock {

void FairQueue::insert(FairFlow& flow, double floor, bool is_served_elsewhere, bool comes_back) {
  FairClient& client = *flow.client;
  flow.node.owner = &flow;
  client.node.owner = &client;
  if (!client.node.is_in()) {
    auto& rank = ranks_[client.rank];
    if (!is_served_elsewhere) {
      const double least = rank.empty() ? floor : std::min(floor, rank.top_key().tag);
      client.tag = std::max(client.tag, least);
    }
    rank.put(client.node, {client.tag, client.number});
    weights_[client.rank] += client.weight;
  }
  if (!flow.node.is_in()) {
    if (!comes_back) {
      const double least = client.flows.empty() ? client.flow_floor : client.flows.top_key().tag;
      flow.tag = std::max(flow.tag, least);
    }
    client.flows.put(flow.node, {flow.tag, flow.number});
  }
}

void FairQueue::remove(FairFlow& flow) noexcept {
  FairClient& client = *flow.client;
  client.flows.take(flow.node);
  if (client.flows.empty() && client.node.is_in()) {
    auto& rank = ranks_[client.rank];
    rank.take(client.node);
    // Sums of doubles drift; nobody's is exact.
    weights_[client.rank] = rank.empty() ? 0 : weights_[client.rank] - client.weight;
  }
}

FairClient* FairQueue::top_client() const noexcept {
  for (std::size_t rank = kPriorityClasses; rank-- > 0;) {
    if (!ranks_[rank].empty()) {
      return &ranks_[rank].top();
    }
  }
  return nullptr;
}

FairFlow* FairQueue::top() const noexcept {
  const FairClient* client = top_client();
  return client == nullptr ? nullptr : &client->flows.top();
}

void FairQueue::retag(FairFlow& flow, double tag) {
  flow.tag = tag;
  if (flow.node.is_in()) {
    flow.client->flows.put(flow.node, {tag, flow.number});
  }
}

void FairQueue::retag(FairClient& client, double tag) {
  client.tag = tag;
  if (client.node.is_in()) {
    ranks_[client.rank].put(client.node, {tag, client.number});
  }
}

void FairQueue::reweigh(FairClient& client, double weight) noexcept {
  weights_[client.rank] += client.node.is_in() ? weight - client.weight : 0;
  client.weight = weight;
}

std::size_t FairQueue::size() const noexcept {
  std::size_t total = 0;
  for (const auto& rank : ranks_) {
    total += rank.size();
  }
  return total;
}

}  // namespace penstock
