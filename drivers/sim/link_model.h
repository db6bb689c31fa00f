#pragma once

#include <optional>

#include "drivers/sim/cost_model.h"
#include "engine/base/clock.h"

namespace penstock::sim {

/// The link between a simulated device and its host: the `link:` map of a profile.
///
/// The only definition of what a frame costs there: the fit of the costs, what a load expects and
/// the device as it runs all ask the functions below.
struct LinkFigures {
  double in_bytes_per_s = 0;  ///< 0: no limit.
  double out_bytes_per_s = 0;
  Duration latency{0};  ///< More for each transfer.
  /// The host's own time and both transfers of a frame follow each other; else they overlap.
  bool host_moves = false;
  /// Of a value that the model has as a float. What crosses need not be what is stored: a group of
  /// values may share an exponent.
  double value_bits = 8;
  int pad_channels = 1;  ///< Channels of a map are padded to a multiple of this on the way.
};

/// Returns `link` as it is where ports pass values of `value_bits` instead, which pads nothing;
/// nothing: `link` itself.
LinkFigures with_value_bits(LinkFigures link, std::optional<double> value_bits);

/// What of a model's port counts on the way. Published networks are known by such counts alone.
struct LinkPort {
  double values = 0;
  int channels = 0;     ///< Of a map of four axes; 0: it is none, and nothing is padded.
  double own_bits = 0;  ///< Of a value that is no float and crosses as it is; 0: they are floats.
};

enum class LinkWay { kIn, kOut };

/// Returns the bytes by which `port` crosses the link.
double link_bytes(const LinkFigures& link, const LinkPort& port);

/// Returns how long a transfer of `bytes` takes that way.
Duration transfer_time(const LinkFigures& link, LinkWay way, double bytes);

}  // namespace penstock::sim
