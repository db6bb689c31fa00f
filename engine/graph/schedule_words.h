#pragma once

#include <vector>

#include "engine/graph/option.h"
#include "engine/graph/option_values.h"
#include "engine/graph/schedule_spec.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// The scheduler's knobs, as words of an entry of `models:`.
const std::vector<Option>& schedule_options();

/// `priority` and `weight`, as words of an actor that runs a model and of a source.
const std::vector<Option>& flow_options();

/// Words of `scheduler:`.
const std::vector<Option>& scheduler_words();

/// Returns the knobs in `values`; `job_limit`, where it is not written, from `scheduler`. Warns of
/// `max_wait: off` (E056), which takes away the bound of waiting.
ScheduleKnobs read_knobs(const OptionValues& values,
                         const SchedulerWords& scheduler,
                         Diagnostics& diagnostics);

/// Returns the words of `scheduler:` in `values`.
SchedulerWords read_scheduler_words(const OptionValues& values);

/// Returns what the word `drop` says, of an edge or of a model.
DropPolicy read_drop(const OptionValues& values);

/// Returns the priority of the word `priority`. Pre: `values` has it.
Priority read_priority(const OptionValues& values);

}  // namespace penstock
