#include "engine/tensor/kernels/tap_table.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "engine/base/check.h"

namespace penstock {
namespace {

constexpr int kGatherBytes = 4;

/// The sample in a lane of a group, the last one repeated where the axis has ended.
std::size_t sample_of(const TapTable& table, std::size_t group, int lane) {
  return std::min(group * TapTable::kGroup + static_cast<std::size_t>(lane),
                  table.first.size() - 1);
}

bool fits_segments(const TapTable& table, int outputs, int bytes) {
  const auto step = static_cast<std::size_t>(outputs);
  for (std::size_t first = 0; first < table.first.size(); first += step) {
    const std::size_t last = std::min(first + step, table.first.size()) - 1;
    if (table.second[last] + 1 - table.first[first] > bytes) {
      return false;
    }
  }
  return true;
}

void set_control(TapTable::Group& group, int lane, int first_byte, int second_byte) {
  const std::size_t at = static_cast<std::size_t>(lane) * 4;
  group.control[at] = static_cast<std::uint8_t>(first_byte);
  group.control[at + 1] = TapTable::kZeroByte;
  group.control[at + 2] = static_cast<std::uint8_t>(second_byte);
  group.control[at + 3] = TapTable::kZeroByte;
}

void fill_shuffle(TapTable& table, std::size_t index, SegmentShape segment, int row_bytes) {
  TapTable::Group& group = table.groups[index];
  int base = 0;
  for (int lane = 0; lane < TapTable::kGroup; ++lane) {
    const std::size_t sample = sample_of(table, index, lane);
    if (lane % segment.outputs == 0) {
      base = std::min(table.first[sample], row_bytes - segment.bytes);
      group.offset[static_cast<std::size_t>(lane / segment.outputs)] = base;
    }
    set_control(group, lane, table.first[sample] - base, table.second[sample] - base);
  }
}

void fill_gather(TapTable& table, std::size_t index, int row_bytes) {
  TapTable::Group& group = table.groups[index];
  for (int lane = 0; lane < TapTable::kGroup; ++lane) {
    const std::size_t sample = sample_of(table, index, lane);
    const int base = std::min(table.first[sample], row_bytes - kGatherBytes);
    const int in_register = 4 * (lane % 4) - base;
    group.offset[static_cast<std::size_t>(lane)] = base;
    set_control(group, lane, in_register + table.first[sample], in_register + table.second[sample]);
  }
}

void fill_weights(TapTable& table, std::size_t index) {
  TapTable::Group& group = table.groups[index];
  for (int lane = 0; lane < TapTable::kGroup; ++lane) {
    const float weight = table.weight[sample_of(table, index, lane)];
    const auto second = static_cast<std::int16_t>(std::lround(weight * TapTable::kWeightOne));
    const std::size_t at = static_cast<std::size_t>(lane) * 2;
    group.weight[at] = static_cast<std::int16_t>(TapTable::kWeightOne - second);
    group.weight[at + 1] = second;
  }
}

}  // namespace

bool AxisTaps::is_single() const noexcept {
  return std::all_of(weight.begin(), weight.end(), [](float value) { return value == 0.0F; });
}

AxisTaps bilinear_taps(int source, int destination) {
  PENSTOCK_CHECK(source > 0 && destination > 0) << source << " -> " << destination;
  AxisTaps taps;
  const double step = static_cast<double>(source) / destination;
  for (int i = 0; i < destination; ++i) {
    const double centre = std::clamp((i + 0.5) * step - 0.5, 0.0, source - 1.0);
    const int index = static_cast<int>(centre);
    const double weight = std::round((centre - index) * TapTable::kWeightOne);
    taps.index.push_back(index);
    taps.weight.push_back(static_cast<float>(weight / TapTable::kWeightOne));
  }
  return taps;
}

TapTable tap_table(const AxisTaps& taps, int width, int pixel_bytes, SegmentShape segment) {
  TapTable table;
  table.is_single = taps.is_single();
  table.weight = taps.weight;
  const int row_bytes = component_bytes(width, pixel_bytes);
  for (const std::int32_t index : taps.index) {
    table.first.push_back(index * pixel_bytes);
    table.second.push_back(std::min((index + 1) * pixel_bytes, row_bytes - 1));
  }
  if (row_bytes < segment.bytes) {
    return table;
  }
  if (fits_segments(table, segment.outputs, segment.bytes)) {
    table.fetch = TapTable::Fetch::kShuffle;
  } else if (segment.can_double && row_bytes >= 2 * segment.bytes &&
             fits_segments(table, segment.outputs, 2 * segment.bytes)) {
    table.fetch = TapTable::Fetch::kShuffleDouble;
    segment.bytes *= 2;
  } else {
    table.fetch = TapTable::Fetch::kGather;
  }
  table.groups.resize((table.first.size() + TapTable::kGroup - 1) / TapTable::kGroup);
  for (std::size_t i = 0; i < table.groups.size(); ++i) {
    if (table.fetch == TapTable::Fetch::kGather) {
      fill_gather(table, i, row_bytes);
    } else {
      fill_shuffle(table, i, segment, row_bytes);
    }
    fill_weights(table, i);
  }
  return table;
}

}  // namespace penstock
