#include "engine/graph/schedule_words.h"

namespace penstock {
namespace {

constexpr double kMostFrames = 1e9;
constexpr double kLongestQueue = 4096;
constexpr double kLeastWeight = 0.001;
constexpr double kMostWeight = 1000;
constexpr double kMostTries = 1e9;
/// With less, a model that was sent out would not come back (`SwapBudget::kLeastShare`).
constexpr double kLeastSwapShare = 0.001;

Option priority_option(const std::string& help) {
  return Option::word("priority", {"low", "normal", "high"}, help);
}

Option weight_option(const std::string& help) {
  return Option::number("weight", help).range(kLeastWeight, kMostWeight);
}

}  // namespace

const char* to_string(Priority priority) noexcept {
  switch (priority) {
    case Priority::kLow:
      return "low";
    case Priority::kNormal:
      return "normal";
    case Priority::kHigh:
      return "high";
  }
  return "unknown";
}

const char* to_string(Placement placement) noexcept {
  switch (placement) {
    case Placement::kPinned:
      return "pinned";
    case Placement::kRoundRobin:
      return "round_robin";
    case Placement::kLeastLoaded:
      return "least_loaded";
  }
  return "unknown";
}

const std::vector<Option>& schedule_options() {
  static const std::vector<Option> kWords = {
      Option::integer("frame_limit", "leave the device after a turn of so many, if others wait")
          .range(1, kMostFrames)
          .unit("frames")
          .fallback("600"),
      Option::duration("time_limit", "leave after so much device time, if others wait")
          .range("1ms", "1h")
          .or_words({"off"})
          .fallback("off"),
      Option::duration("linger", "stay so long on an empty queue before others come")
          .range("0s", "1min")
          .fallback("0s"),
      Option::integer("min_frames", "wait for so many before asking for a device")
          .range(1, kLongestQueue)
          .unit("frames")
          .fallback("1"),
      Option::duration("max_wait", "ask for a device after this with any number, before all others")
          .range("1ms", "1h")
          .or_words({"off"})
          .fallback("2s"),
      Option::integer("ifmap_queue_size",
                      "frames of one user that wait for the device or are at it; with 'drop', "
                      "beside those at it")
          .range(1, kLongestQueue)
          .unit("frames")
          .fallback("16"),
      Option::word("drop",
                   {"none", "oldest", "newest"},
                   "which frame is lost when 'ifmap_queue_size' wait; none lets the producer wait")
          .fallback("none"),
      Option::integer("ofmap_queue_size",
                      "results that wait for their reader, with those that are being made")
          .range(1, kLongestQueue)
          .unit("frames")
          .fallback("12"),
      Option::boolean("smoothing", "pace frames evenly instead of in bursts").fallback("false"),
      Option::rate("fps_target", "the pace of smoothing; 0 = as frames really come")
          .range(0, 100000)
          .fallback("0"),
      Option::duration("job_limit", "a job that takes longer makes its device faulty")
          .range("10ms", "1h"),
      priority_option("class of its frames; strict between classes").fallback("normal"),
      weight_option("share of device time among equals").fallback("1")};
  return kWords;
}

const std::vector<Option>& flow_options() {
  static const std::vector<Option> kWords = {
      priority_option("class of its frames at the device; over that of the model"),
      weight_option("share of device time among equals, for all streams or for each")
          .or_map(Option::MapKey::kName)};
  return kWords;
}

const std::vector<Option>& scheduler_words() {
  static const std::vector<Option> kWords = {
      Option::number("swap_share",
                     "largest share of the time of a sub-device that swaps may take; 1 = no limit")
          .range(kLeastSwapShare, 1)
          .fallback("0.2"),
      Option::duration("job_limit", "a job that takes longer makes its device faulty")
          .range("10ms", "1h")
          .fallback("10s"),
      Option::duration("change_limit",
                       "longest time for a model to come in; a device that takes longer, or by far "
                       "longer than is known of the model, is faulty")
          .range("10ms", "1h")
          .fallback("60s"),
      Option::integer("fail_limit",
                      "jobs in a row, of different frames, that fail until their device is faulty, "
                      "or their model is kept away from it")
          .range(1, 10000)
          .fallback("8"),
      Option::integer("load_tries",
                      "failed loads of a model in a row until it is given up on that device, which "
                      "a reset forgives")
          .range(1, kMostTries)
          .fallback("3"),
      Option::integer("reset_tries", "resets in a row until the device is given up")
          .range(1, kMostTries)
          .fallback("5"),
      Option::integer("retries", "how often a frame runs again after its device failed")
          .range(0, 100)
          .fallback("3"),
      Option::integer("history", "decisions that are kept for 'penstock status'")
          .range(1, 65536)
          .fallback("256")};
  return kWords;
}

Priority read_priority(const OptionValues& values) {
  if (values.is_word("priority", "low")) {
    return Priority::kLow;
  }
  return values.is_word("priority", "high") ? Priority::kHigh : Priority::kNormal;
}

DropPolicy read_drop(const OptionValues& values) {
  if (values.is_word("drop", "oldest")) {
    return DropPolicy::kOldest;
  }
  return values.is_word("drop", "newest") ? DropPolicy::kNewest : DropPolicy::kNone;
}

ScheduleKnobs read_knobs(const OptionValues& values,
                         const SchedulerWords& scheduler,
                         Diagnostics& diagnostics) {
  // A word is absent where what was written is wrong; that is reported already.
  ScheduleKnobs knobs;
  knobs.job_limit = scheduler.job_limit;
  const auto read_count = [&](const char* name, std::int64_t& value) {
    value = values.has(name) ? values.get_int(name) : value;
  };
  const auto read_time = [&](const char* name, std::chrono::nanoseconds& value) {
    value = values.has(name) && !values.is_word(name, "off") ? values.get_duration(name) : value;
  };
  read_count("frame_limit", knobs.frame_limit);
  read_count("min_frames", knobs.min_frames);
  read_count("ifmap_queue_size", knobs.ifmap_queue_size);
  knobs.drop = read_drop(values);
  read_count("ofmap_queue_size", knobs.ofmap_queue_size);
  read_time("time_limit", knobs.time_limit);
  read_time("linger", knobs.linger);
  read_time("job_limit", knobs.job_limit);
  if (values.is_word("max_wait", "off")) {
    knobs.max_wait = std::nullopt;
    diagnostics.warning("E056",
                        values.place("max_wait"),
                        "without 'max_wait' nothing bounds how long frames wait for a device",
                        "write a duration such as 2s");
  } else if (values.has("max_wait")) {
    knobs.max_wait = values.get_duration("max_wait");
  }
  knobs.smoothing = values.has("smoothing") && values.get_bool("smoothing");
  knobs.fps_target = values.has("fps_target") ? values.get_number("fps_target") : 0;
  knobs.priority = read_priority(values);
  knobs.weight = values.has("weight") ? values.get_number("weight") : knobs.weight;
  return knobs;
}

SchedulerWords read_scheduler_words(const OptionValues& values) {
  SchedulerWords words;
  words.swap_share = values.has("swap_share") ? values.get_number("swap_share") : words.swap_share;
  words.job_limit = values.has("job_limit") ? values.get_duration("job_limit") : words.job_limit;
  words.change_limit =
      values.has("change_limit") ? values.get_duration("change_limit") : words.change_limit;
  words.fail_limit = values.has("fail_limit") ? values.get_int("fail_limit") : words.fail_limit;
  words.load_tries = values.has("load_tries") ? values.get_int("load_tries") : words.load_tries;
  words.reset_tries = values.has("reset_tries") ? values.get_int("reset_tries") : words.reset_tries;
  words.retries = values.has("retries") ? values.get_int("retries") : words.retries;
  words.history = values.has("history") ? values.get_int("history") : words.history;
  return words;
}

}  // namespace penstock
