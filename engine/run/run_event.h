#pragma once

#include <cstdint>
#include <string>

#include "engine/base/result.h"
#include "engine/frame/frame.h"

namespace penstock {

class Runnable;

/// Something that the supervisor of a run must know.
struct RunEvent {
  enum class Kind : std::uint8_t {
    /// A segment's nodes or a station's backend are open; after a failure: what had failed has
    /// processed a frame. A source delivered its first frame.
    kOpened,
    kFailed,       ///< A node or source has failed and waits for `restart` or `give_up`.
    kFrameFailed,  ///< First of a row of frames that a node could not process; the node goes on.
    kFlawed,       ///< A source's data is damaged; it goes on, or has ended like a sound one.
    kSilent,       ///< A source was asked for a frame and has given none for long.
    kHeard,        ///< A source that was silent has given a frame.
    kFinished,     ///< The runnable has done all its work.
  };
  Kind kind = Kind::kOpened;
  Runnable* runnable = nullptr;
  std::string node;
  std::string stream;  ///< Empty where the node serves all streams.
  Error error;
};

/// Where events go: the supervisor's mailbox. Thread-safety: any thread.
class RunEvents {
 public:
  virtual void post(RunEvent event) = 0;

 protected:
  ~RunEvents() = default;
};

}  // namespace penstock
