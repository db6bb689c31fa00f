#include "drivers/sim/link_model.h"

#include <cmath>

namespace penstock::sim {

LinkFigures with_value_bits(LinkFigures link, std::optional<double> value_bits) {
  if (value_bits.has_value()) {
    link.value_bits = *value_bits;
    link.pad_channels = 1;
  }
  return link;
}

double link_bytes(const LinkFigures& link, const LinkPort& port) {
  double values = port.values;
  if (port.channels > 0) {
    const double padded =
        std::ceil(static_cast<double>(port.channels) / link.pad_channels) * link.pad_channels;
    values *= padded / port.channels;
  }
  const double bits = port.own_bits > 0 ? port.own_bits : link.value_bits;
  return std::ceil(values * bits / 8);
}

Duration transfer_time(const LinkFigures& link, LinkWay way, double bytes) {
  const double rate = way == LinkWay::kIn ? link.in_bytes_per_s : link.out_bytes_per_s;
  return link.latency + link_time(bytes, rate);
}

}  // namespace penstock::sim
