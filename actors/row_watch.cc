#include "actors/row_watch.h"

namespace penstock::actors {

RowWatchActor::behavior_type RowWatch::make_behavior() {
  set_timer();
  return {[this](tick_atom) {
    rows_->rescue();
    set_timer();
  }};
}

void RowWatch::set_timer() {
  delayed_send(this, LocalTurnsBook::kRescuePeriod, tick_atom::value);
}

}  // namespace penstock::actors
