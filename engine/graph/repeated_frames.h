#pragma once

#include "engine/graph/graph_draft.h"
#include "engine/graph/graph_linker.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// Reports E047 for an input of a join that frames come to by two ways: the join takes a frame of
/// an input once, and drops the part that comes behind it.
///
/// Frames are followed from their sources. What an actor with several outputs sends out of one of
/// them, and what one that drops lets through, are some of those that came to it: which ones, only
/// the run tells. So two outputs of one actor may meet in an input, and two filters; an output and
/// what it was taken from may not. Where nothing is known, nothing is reported.
/// Cost: O((actors + edges) * (sources + choices)), as following streams is, and as much again for
/// each actor that two others feed by one port.
void check_repeated_frames(const GraphDraft& draft,
                           const LinkedGraph& linked,
                           Diagnostics& diagnostics);

}  // namespace penstock
