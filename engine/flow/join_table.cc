#include "engine/flow/join_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

bool is_before(const ChildPath& a, const ChildPath& b) {
  return std::lexicographical_compare(a.indexes.begin(),
                                      a.indexes.begin() + a.depth,
                                      b.indexes.begin(),
                                      b.indexes.begin() + b.depth);
}

void move_all(std::vector<Frame>& from, std::vector<Frame>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
  from.clear();
}

}  // namespace

JoinTable::JoinTable(const Options& options) : options_(options) {
  PENSTOCK_CHECK(options.ports >= 2 && options.base < options.ports && options.max_pending > 0)
      << "a join of " << options.ports << " inputs with base " << options.base << " and room for "
      << options.max_pending;
}

JoinTable::Stream& JoinTable::stream_of(StreamId id) {
  Stream& stream = streams_[id];
  stream.gone.resize(options_.ports);
  return stream;
}

const JoinTable::Gone* JoinTable::find_gone(const Stream& stream,
                                            std::size_t port,
                                            std::uint64_t seq) const {
  for (const Gone& gone : stream.gone[port]) {
    if (gone.first <= seq && seq <= gone.last) {
      return &gone;
    }
  }
  return nullptr;
}

JoinTable::Entry* JoinTable::entry_of(Stream& stream, std::uint64_t seq, TimePoint now) {
  if (seq < stream.next) {
    return nullptr;
  }
  const auto at = std::lower_bound(
      stream.entries.begin(), stream.entries.end(), seq, [](const Entry& entry, std::uint64_t s) {
        return entry.seq < s;
      });
  if (at != stream.entries.end() && at->seq == seq) {
    return &*at;
  }
  Entry entry;
  entry.seq = seq;
  entry.since = now;
  entry.ways.resize(options_.ports);
  for (std::size_t port = 0; port < options_.ports; ++port) {
    entry.ways[port].is_settled = port != options_.base && find_gone(stream, port, seq) != nullptr;
  }
  return &*stream.entries.insert(at, std::move(entry));
}

void JoinTable::add(std::size_t port, Frame frame, TimePoint now, Decisions& out) {
  const FrameId id = frame.id();
  PENSTOCK_CHECK(port < options_.ports && (port != options_.base || id.child.depth == 0))
      << "input " << port << " of a join brought a piece of frame " << id.seq;
  Stream& stream = stream_of(id.stream);
  const Gone* no_base = port != options_.base ? find_gone(stream, options_.base, id.seq) : nullptr;
  Entry* entry = no_base == nullptr ? entry_of(stream, id.seq, now) : nullptr;
  // A second base is one frame too many, like a part of a set that has left.
  if (entry == nullptr || (port == options_.base && entry->base)) {
    stats_.late += no_base == nullptr ? 1 : 0;
    Unjoined over{{}, no_base != nullptr ? no_base->reason : Reason::kJoinLate, std::nullopt};
    if (entry == nullptr && port == options_.base) {
      // It may have been passed over without a sign of it: then nobody was told yet.
      over.tombstone = Tombstone{id.stream, id.seq, id.seq, {}, Reason::kJoinLate};
    }
    over.frames.push_back(std::move(frame));
    out.emplace_back(std::move(over));
    return;
  }
  Way& way = entry->ways[port];
  if (port == options_.base) {
    entry->base = std::move(frame);
    way.is_settled = true;
  } else {
    way.is_settled = way.is_settled || id.child.depth == 0;
    way.missing -= id.child.depth == 0 ? 0 : 1;
    way.frames.push_back(std::move(frame));
  }
  release(id.stream, stream, out);
}

void JoinTable::note(std::size_t port, const ControlRecord& record, TimePoint now, Decisions& out) {
  PENSTOCK_CHECK(port < options_.ports) << "a join has no input " << port;
  if (const auto* tombstone = std::get_if<Tombstone>(&record); tombstone != nullptr) {
    note_tombstone(port, *tombstone, now, out);
  } else if (const auto* closing = std::get_if<ClosingRecord>(&record); closing != nullptr) {
    note_closing(port, *closing, now, out);
  }
}

void JoinTable::note_tombstone(std::size_t port,
                               const Tombstone& record,
                               TimePoint now,
                               Decisions& out) {
  Stream& stream = stream_of(record.stream);
  const std::uint64_t first = std::max(record.first_seq, stream.next);
  if (port == options_.base && record.child.depth == 0) {
    lose_base(stream, record, out);
  }
  if (first > record.last_seq) {
    return;  // All of them are over.
  }
  if (record.child.depth > 0) {
    for (std::uint64_t seq = first; port != options_.base && seq <= record.last_seq; ++seq) {
      if (find_gone(stream, options_.base, seq) != nullptr) {
        continue;
      }
      if (Entry* entry = entry_of(stream, seq, now); entry != nullptr) {
        --entry->ways[port].missing;
      }
      release(record.stream, stream, out);
    }
    return;
  }
  keep_gone(stream.gone[port], {first, record.last_seq, record.reason});
  for (Entry& entry : stream.entries) {
    const bool is_meant = first <= entry.seq && entry.seq <= record.last_seq;
    // Once the frame was cut, its pieces count, however its own end is announced.
    if (is_meant && port != options_.base && !entry.ways[port].is_counted) {
      entry.ways[port].is_settled = true;
    }
  }
  release(record.stream, stream, out);
}

void JoinTable::note_closing(std::size_t port,
                             const ClosingRecord& record,
                             TimePoint now,
                             Decisions& out) {
  Stream& stream = stream_of(record.parent.stream);
  const std::uint64_t seq = record.parent.seq;
  if (port == options_.base || find_gone(stream, options_.base, seq) != nullptr) {
    return;
  }
  Entry* entry = entry_of(stream, seq, now);
  if (entry == nullptr) {
    return;
  }
  Way& way = entry->ways[port];
  way.missing += record.pieces;
  if (record.parent.child.depth == 0) {
    way.is_counted = true;
  } else {
    --way.missing;  // The piece that was cut again does not come itself.
  }
  release(record.parent.stream, stream, out);
}

void JoinTable::lose_base(Stream& stream, const Tombstone& record, Decisions& out) {
  const auto is_lost = [&](const Entry& entry) {
    return record.first_seq <= entry.seq && entry.seq <= record.last_seq && !entry.base;
  };
  Unjoined over{{}, record.reason, record};
  auto& entries = stream.entries;
  for (Entry& entry : entries) {
    for (Way& way : entry.ways) {
      if (is_lost(entry)) {
        move_all(way.frames, over.frames);
      }
    }
  }
  entries.erase(std::remove_if(entries.begin(), entries.end(), is_lost), entries.end());
  out.emplace_back(std::move(over));
}

void JoinTable::keep_gone(std::vector<Gone>& list, Gone added) const {
  const auto after = std::find_if(
      list.begin(), list.end(), [&](const Gone& gone) { return gone.first > added.first; });
  list.insert(after, added);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < list.size(); ++i) {
    const Gone& next = list[i];
    Gone& last = list[kept];
    const bool touches = next.first == last.last + 1 && next.reason == last.reason;
    if (next.first <= last.last || touches) {
      last.last = std::max(last.last, next.last);
    } else {
      list[++kept] = next;
    }
  }
  list.resize(kept + 1);
  // More of them than frames may wait: what lies between the oldest two does not come either,
  // because an input keeps the order of its stream.
  if (list.size() > options_.max_pending + 1) {
    list[1].first = list[0].first;
    list.erase(list.begin());
  }
}

bool JoinTable::is_complete(const Entry& entry) const {
  return std::all_of(entry.ways.begin(), entry.ways.end(), [](const Way& way) {
    return way.is_settled || (way.is_counted && way.missing <= 0);
  });
}

void JoinTable::release(StreamId id, Stream& stream, Decisions& out) {
  auto& entries = stream.entries;
  if (entries.size() > options_.max_pending && !is_complete(entries.front()) &&
      !entries.front().given_up.has_value()) {
    entries.front().given_up = Reason::kJoinLate;
    ++stats_.crowded;
  }
  while (!entries.empty() &&
         (entries.front().given_up.has_value() || is_complete(entries.front()))) {
    Entry entry = std::move(entries.front());
    entries.pop_front();
    stream.next = entry.seq + 1;
    let_go(id, std::move(entry), out);
  }
  for (auto& list : stream.gone) {
    list.erase(
        std::remove_if(
            list.begin(), list.end(), [&](const Gone& gone) { return gone.last < stream.next; }),
        list.end());
  }
}

void JoinTable::let_go(StreamId id, Entry entry, Decisions& out) {
  const bool complete = is_complete(entry);
  stats_.timed_out += !complete && entry.given_up == Reason::kTimeout ? 1 : 0;
  if (entry.base && (complete || options_.late != Late::kDrop)) {
    ++(complete ? stats_.complete : stats_.partial);
    Joined joined{std::move(entry.base), {}, complete};
    joined.parts.reserve(entry.ways.size());
    for (Way& way : entry.ways) {
      std::stable_sort(way.frames.begin(), way.frames.end(), [](const Frame& a, const Frame& b) {
        return is_before(a.id().child, b.id().child);
      });
      joined.parts.push_back(std::move(way.frames));
    }
    out.emplace_back(std::move(joined));
    return;
  }
  ++stats_.dropped;
  const Reason reason = entry.given_up.value_or(Reason::kJoinLate);
  Unjoined over{{}, reason, Tombstone{id, entry.seq, entry.seq, {}, reason}};
  if (entry.base) {
    over.frames.push_back(std::move(entry.base));
  }
  for (Way& way : entry.ways) {
    move_all(way.frames, over.frames);
  }
  out.emplace_back(std::move(over));
}

void JoinTable::expire(TimePoint now, Decisions& out) {
  if (!options_.timeout.has_value() || options_.late == Late::kWait) {
    return;
  }
  for (auto& [id, stream] : streams_) {
    for (Entry& entry : stream.entries) {
      const bool is_due = entry.since + *options_.timeout <= now;
      if (is_due && !entry.given_up.has_value() && !is_complete(entry)) {
        entry.given_up = Reason::kTimeout;
      }
    }
    release(id, stream, out);
  }
}

void JoinTable::flush(StreamId stream, Decisions& out) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) {
    return;
  }
  for (Entry& entry : found->second.entries) {
    if (!entry.given_up.has_value()) {
      entry.given_up = Reason::kJoinLate;
    }
  }
  release(stream, found->second, out);
  streams_.erase(found);
}

std::optional<TimePoint> JoinTable::next_deadline() const {
  std::optional<TimePoint> first;
  if (!options_.timeout.has_value() || options_.late == Late::kWait) {
    return first;
  }
  for (const auto& [id, stream] : streams_) {
    for (const Entry& entry : stream.entries) {
      const TimePoint due = entry.since + *options_.timeout;
      if (!entry.given_up.has_value() && !is_complete(entry) && (!first || due < *first)) {
        first = due;
      }
    }
  }
  return first;
}

std::size_t JoinTable::pending(StreamId stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? 0 : found->second.entries.size();
}

}  // namespace penstock
