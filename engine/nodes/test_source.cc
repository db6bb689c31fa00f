#include "engine/nodes/test_source.h"

#include <string>
#include <utility>
#include <vector>

#include "engine/nodes/label_tables.h"

namespace penstock {
namespace {

constexpr int kMaxSide = 16384;
constexpr std::size_t kRowAlignment = 64;
// Beyond the frames in the graph: the one that waits at the entrance and the one that replaces it.
constexpr std::uint32_t kFramesOutside = 2;

std::vector<std::string> shape_labels() {
  return {"rectangle", "ellipse"};
}

std::optional<std::uint64_t> count_of(const OptionValues& options, const char* name) {
  if (!options.has(name)) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(options.get_int(name));
}

}  // namespace

ActorType test_source_type() {
  constexpr double kMaxFrames = 1e12;
  ActorType type("test_source", "makes pictures of moving shapes, with their ground truth");
  type.source([](const OptionValues& options) { return options.get_bool("live"); });
  type.out("frames", {payload::kImage, payload::kObjects}).labels(shape_labels());
  type.option(Option::size("size", "of the pictures")
                  .range(MovingShapes::kMinSide, kMaxSide)
                  .fallback("[640, 480]"));
  type.option(Option::rate("fps", "frames a second").range(0.001, 100000).fallback("25"));
  type.option(Option::integer("frames", "after which the stream ends; without it, endless")
                  .range(0, kMaxFrames)
                  .unit("frames"));
  type.option(Option::integer("shapes", "how many move").range(0, 1000).fallback("4"));
  type.option(
      Option::integer("seed", "other shapes for another number").range(0, 1e15).fallback("1"));
  type.option(Option::boolean("live", "behave as a camera: in time, the latest frame wins")
                  .fallback("false"));
  type.option(Option::integer("max_in_flight", "frames of a stream in the graph at once")
                  .range(1, 64)
                  .unit("frames"));
  type.option(Option::integer("fail_at", "fail once, before this frame").range(0, kMaxFrames));
  type.option(
      Option::integer("stall_at", "stop giving frames once, before this one").range(0, kMaxFrames));
  return type;
}

Result<std::unique_ptr<Source>> TestSource::make(const SourceArgs& args) {
  const OptionValues& from = *args.options;
  const Size2d size = from.get_size("size");
  Options options;
  options.scene.width = static_cast<int>(size.width);
  options.scene.height = static_cast<int>(size.height);
  options.scene.shapes = static_cast<std::size_t>(from.get_int("shapes"));
  options.scene.seed = static_cast<std::uint64_t>(from.get_int("seed"));
  options.fps = from.get_number("fps");
  options.frames = count_of(from, "frames");
  options.is_live = from.get_bool("live");
  options.fail_at = count_of(from, "fail_at");
  options.stall_at = count_of(from, "stall_at");
  options.attempt = args.attempt;
  return std::unique_ptr<Source>(std::make_unique<TestSource>(options));
}

TestSource::TestSource(const Options& options)
    : options_(options),
      scene_(options.scene),
      labels_(intern_labels(shape_labels())) {
  skip_old_faults();
}

void TestSource::skip_old_faults() {
  for (std::uint64_t i = 0; i < options_.attempt; ++i) {
    const bool fails_next =
        options_.fail_at.has_value() &&
        (!options_.stall_at.has_value() || *options_.fail_at <= *options_.stall_at);
    std::optional<std::uint64_t>& next = fails_next ? options_.fail_at : options_.stall_at;
    if (!next.has_value()) {
      return;
    }
    first_ = *next;
    next.reset();
  }
}

Status TestSource::start(const SourceContext& context, Doorbell /*doorbell*/) {
  BufferPool::Options pool;
  pool.name = context.name;
  pool.max_slots = context.max_frames + kFramesOutside;
  PENSTOCK_ASSIGN_OR_RETURN(auto made, BufferPool::create(std::move(pool)));
  pool_.emplace(std::move(made));
  clock_ = context.clock;
  began_ = clock_->now();
  next_ = first_;
  skipped_ = 0;
  return {};
}

Duration TestSource::time_of(std::uint64_t frame) const noexcept {
  return Duration(
      static_cast<Duration::rep>(static_cast<double>(frame - first_) * 1e9 / options_.fps));
}

bool TestSource::ends_at(std::uint64_t frame) const noexcept {
  return frame == options_.fail_at || frame == options_.stall_at || frame == options_.frames;
}

bool TestSource::is_due() {
  if (!options_.is_live) {
    return true;
  }
  const TimePoint now = clock_->now();
  // Of frames that are late the latest is given; the others are told with it.
  while (began_ + time_of(next_ + 1) <= now && !ends_at(next_) && !ends_at(next_ + 1)) {
    ++next_;
    ++skipped_;
  }
  not_before_ = began_ + time_of(next_);
  return *not_before_ <= now;
}

Source::Pull TestSource::pull(SourceFrame& out) {
  not_before_.reset();
  const bool is_time = is_due();
  if (next_ == options_.fail_at) {
    return Pull::kFailed;
  }
  if (next_ == options_.stall_at) {
    not_before_.reset();
    return Pull::kNothing;
  }
  if (options_.frames.has_value() && next_ >= *options_.frames) {
    return Pull::kEnd;
  }
  if (!is_time) {
    return Pull::kNothing;
  }
  return draw(out) ? Pull::kFrame : Pull::kNothing;
}

bool TestSource::draw(SourceFrame& out) {
  const MovingShapes::Options& scene = options_.scene;
  const ImageLayout layout =
      layout_of(PixelFormat::kI420, scene.width, scene.height, kRowAlignment);
  auto buffer = pool_->acquire(layout.bytes);
  if (!buffer.has_value()) {
    // Somebody keeps more frames than planned: look again when the next one would be due.
    not_before_ = clock_->now() + time_of(first_ + 1);
    return false;
  }
  Image image;
  image.format = PixelFormat::kI420;
  image.width = scene.width;
  image.height = scene.height;
  image.planes = layout.planes;
  image.buffer = std::move(*buffer);
  scene_.draw(next_, image);
  out.time.pts = time_of(next_);
  out.image = std::move(image);
  out.objects = scene_.objects(next_);
  out.labels = labels_;
  out.skipped = std::exchange(skipped_, 0);
  ++next_;
  return true;
}

Error TestSource::failure() const {
  return Error{Errc::kUnavailable,
               "test_source fails before frame " + std::to_string(next_) + ", as told"};
}

std::optional<double> TestSource::progress() const {
  if (!options_.frames.has_value() || *options_.frames == 0) {
    return std::nullopt;
  }
  return static_cast<double>(next_) / static_cast<double>(*options_.frames);
}

}  // namespace penstock
