#include "tools/cli/graph_layout.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>

namespace penstock {
namespace {

using Rect = GraphLayout::Rect;
using Point = GraphLayout::Point;

constexpr double kMargin = 16;
constexpr double kPadding = 12;     // Between a frame and its boxes.
constexpr double kInnerGap = 34;    // Between the boxes of a frame.
constexpr double kSlotGap = 22;     // Between what stands in one column.
constexpr double kLeastGap = 56;    // Between columns.
constexpr double kBendHeight = 14;  // Room for an arrow that passes a column.
constexpr int kSweeps = 6;

// Of a sans-serif font at 13 px bold, and at 11 px.
constexpr double kNameWidth = 7.8;
constexpr double kTextWidth = 6.2;

double text_width(const std::string& text, double per_character) {
  return static_cast<double>(text.size()) * per_character;
}

/// What takes room in a column: a frame, or an arrow on its way to a later column.
struct Slot {
  std::optional<std::size_t> frame;
  std::size_t column = 0;
  double height = kBendHeight;
  double middle = 0;
  std::vector<std::size_t> before;  // Slots of the column to the left that lead here.
  std::vector<std::size_t> after;
};

class Layouter {
 public:
  explicit Layouter(const GraphPicture& picture) : picture_(picture) {}

  GraphLayout run() {
    size_boxes();
    find_columns();
    make_slots();
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      sort_columns(sweep % 2 == 0);
    }
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      place_columns(sweep % 2 == 0);
    }
    place_frames();
    draw_arrows();
    return std::move(layout_);
  }

 private:
  void size_boxes() {
    for (const GraphPicture::Box& box : picture_.boxes) {
      double width = text_width(box.name, kNameWidth);
      for (const std::string& line : box.lines) {
        width = std::max(width, text_width(line, kTextWidth));
      }
      const auto lines = static_cast<double>(box.lines.size() + 1);
      layout_.boxes.push_back({0, 0, width + 20, lines * GraphLayout::kLineHeight + 10});
    }
    for (const GraphPicture::Frame& frame : picture_.frames) {
      Rect rect{0, 0, 2 * kPadding - kInnerGap, 0};
      for (const std::size_t b : frame.boxes) {
        rect.width += layout_.boxes[b].width + kInnerGap;
        rect.height = std::max(rect.height, layout_.boxes[b].height);
      }
      rect.width = std::max(rect.width, text_width(frame.title, kTextWidth) + 2 * kPadding);
      rect.height += 2 * kPadding + (frame.title.empty() ? 0 : GraphLayout::kTitleHeight);
      layout_.frames.push_back(rect);
    }
  }

  [[nodiscard]] std::size_t frame_of(std::size_t box) const { return picture_.boxes[box].frame; }

  void find_columns() {
    column_of_.assign(picture_.frames.size(), 0);
    for (std::size_t round = 0; round < picture_.frames.size(); ++round) {
      for (const GraphPicture::Arrow& arrow : picture_.arrows) {
        const std::size_t from = frame_of(arrow.from);
        const std::size_t to = frame_of(arrow.to);
        if (from != to) {
          column_of_[to] = std::max(column_of_[to], column_of_[from] + 1);
        }
      }
    }
    const auto last = std::max_element(column_of_.begin(), column_of_.end());
    columns_.resize(last == column_of_.end() ? 0 : *last + 1);
  }

  std::size_t add_slot(Slot slot) {
    columns_[slot.column].push_back(slots_.size());
    slots_.push_back(std::move(slot));
    return slots_.size() - 1;
  }

  void make_slots() {
    for (std::size_t f = 0; f < picture_.frames.size(); ++f) {
      add_slot({f, column_of_[f], layout_.frames[f].height, 0, {}, {}});  // Slot f is frame f.
    }
    bends_.resize(picture_.arrows.size());
    for (std::size_t a = 0; a < picture_.arrows.size(); ++a) {
      std::size_t slot = frame_of(picture_.arrows[a].from);
      const std::size_t to = frame_of(picture_.arrows[a].to);
      if (slot == to) {
        continue;
      }
      for (std::size_t column = column_of_[slot] + 1; column < column_of_[to]; ++column) {
        const std::size_t bend = add_slot({std::nullopt, column, kBendHeight, 0, {}, {}});
        link(slot, bend);
        bends_[a].push_back(bend);
        slot = bend;
      }
      link(slot, to);
    }
  }

  void link(std::size_t from, std::size_t to) {
    slots_[from].after.push_back(to);
    slots_[to].before.push_back(from);
  }

  /// Brings each slot near to those it is linked with, so that few arrows cross.
  void sort_columns(bool forward) {
    std::vector<double> rank(slots_.size());
    const auto rank_column = [&](const std::vector<std::size_t>& column) {
      for (std::size_t i = 0; i < column.size(); ++i) {
        rank[column[i]] = static_cast<double>(i);
      }
    };
    for (const auto& column : columns_) {
      rank_column(column);
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      auto& column = columns_[forward ? i : columns_.size() - 1 - i];
      std::vector<double> wish(slots_.size());
      for (const std::size_t s : column) {
        wish[s] = mean(forward ? slots_[s].before : slots_[s].after, rank, rank[s]);
      }
      std::stable_sort(column.begin(), column.end(), [&](std::size_t a, std::size_t b) {
        return wish[a] < wish[b];
      });
      rank_column(column);
    }
  }

  static double mean(const std::vector<std::size_t>& of,
                     const std::vector<double>& values,
                     double otherwise) {
    if (of.empty()) {
      return otherwise;
    }
    const double sum =
        std::accumulate(of.begin(), of.end(), 0.0, [&](double so_far, std::size_t s) {
          return so_far + values[s];
        });
    return sum / static_cast<double>(of.size());
  }

  /// Moves slots to the height of those they are linked with, as far as their neighbours let them.
  void place_columns(bool forward) {
    std::vector<double> middles;
    for (const Slot& slot : slots_) {
      middles.push_back(slot.middle);
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto& column = columns_[forward ? i : columns_.size() - 1 - i];
      double bottom = -1e9;
      double shift = 0;
      for (const std::size_t s : column) {
        Slot& slot = slots_[s];
        const double wish = mean(forward ? slot.before : slot.after, middles, slot.middle);
        slot.middle = std::max(wish, bottom + kSlotGap + slot.height / 2);
        bottom = slot.middle + slot.height / 2;
        shift += wish - slot.middle;
      }
      for (const std::size_t s : column) {
        slots_[s].middle += shift / static_cast<double>(column.size());
        middles[s] = slots_[s].middle;
      }
    }
  }

  void place_frames() {
    double top = 0;
    for (const Slot& slot : slots_) {
      top = std::min(top, slot.middle - slot.height / 2);
    }
    double x = kMargin;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      x += c == 0 ? 0 : gap_before(c);
      double width = 0;
      for (const std::size_t s : columns_[c]) {
        slots_[s].middle += GraphLayout::kHeadHeight + kMargin - top;
        if (slots_[s].frame.has_value()) {
          place_frame(*slots_[s].frame, x, slots_[s].middle);
          width = std::max(width, layout_.frames[*slots_[s].frame].width);
        }
        layout_.height =
            std::max(layout_.height, slots_[s].middle + slots_[s].height / 2 + kMargin);
      }
      column_x_.push_back(x);
      x += width;
      column_right_.push_back(x);
    }
    layout_.width =
        std::max(x, kMargin + text_width(picture_.title, kNameWidth) + kMargin) + kMargin;
    layout_.height = std::max(layout_.height, GraphLayout::kHeadHeight + kMargin);
  }

  [[nodiscard]] double gap_before(std::size_t column) const {
    double gap = kLeastGap;
    for (const GraphPicture::Arrow& arrow : picture_.arrows) {
      if (frame_of(arrow.from) != frame_of(arrow.to) && column_of_[frame_of(arrow.to)] == column) {
        gap = std::max(gap, text_width(arrow.label, kTextWidth) + 36);
      }
    }
    return gap;
  }

  void place_frame(std::size_t f, double x, double middle) {
    Rect& frame = layout_.frames[f];
    frame.x = x;
    frame.y = middle - frame.height / 2;
    const double title = picture_.frames[f].title.empty() ? 0 : GraphLayout::kTitleHeight;
    double left = x + kPadding;
    for (const std::size_t b : picture_.frames[f].boxes) {
      Rect& box = layout_.boxes[b];
      box.x = left;
      box.y = frame.y + title + (frame.height - title - box.height) / 2;
      left += box.width + kInnerGap;
    }
  }

  void draw_arrows() {
    for (std::size_t a = 0; a < picture_.arrows.size(); ++a) {
      const Rect& from = layout_.boxes[picture_.arrows[a].from];
      const Rect& to = layout_.boxes[picture_.arrows[a].to];
      GraphLayout::Path path;
      path.points.push_back({from.right(), from.middle()});
      for (const std::size_t bend : bends_[a]) {
        const Slot& slot = slots_[bend];
        path.points.push_back({column_x_[slot.column], slot.middle});
        path.points.push_back({column_right_[slot.column], slot.middle});
      }
      const Point last = path.points.back();
      path.points.push_back({to.x, to.middle()});
      path.label = {(last.x + to.x) / 2, (last.y + to.middle()) / 2 - 5};
      layout_.arrows.push_back(std::move(path));
    }
  }

  const GraphPicture& picture_;
  GraphLayout layout_;
  std::vector<std::size_t> column_of_;  // By frame.
  std::vector<Slot> slots_;
  std::vector<std::vector<std::size_t>> columns_;  // Slots, from top to bottom.
  std::vector<std::vector<std::size_t>> bends_;    // By arrow: slots on its way.
  std::vector<double> column_x_;
  std::vector<double> column_right_;
};

}  // namespace

GraphLayout lay_out(const GraphPicture& picture) {
  return Layouter(picture).run();
}

}  // namespace penstock
