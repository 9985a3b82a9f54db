// Runs of label maps, as they are read piece by piece, and how they are dealt out to the labels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/types.h"
#include "cpu/label_map.h"
#include "cpu/parallel.h"

namespace maskmill {

inline constexpr uint32_t kIgnored = UINT32_MAX;

// The part of one map that one piece of work read.
struct Segment {
  int64_t map;
  int64_t first_run, last_run;      // in Piece::starts
  int64_t first_label, last_label;  // in Piece::labels
};

struct Label {
  int64_t label;
  int64_t at;  // number of runs; later where the next one goes
};

struct Piece {
  Buffer<u32> starts;    // position of each run
  Buffer<u32> numbers;   // which of the segment's labels it has, or kIgnored
  Buffer<Label> labels;  // of each segment, in the order in which they were met
  Buffer<Segment> segments;
};

// Joins the segments of each map and deals its runs out to its labels.
class Dealer {
 public:
  Dealer(std::vector<Piece>& pieces, const StackView& maps, int threads)
      : n_maps_(maps.n), n_pixels_(maps.height * maps.width), threads_(threads) {
    for (Piece& piece : pieces) {
      for (Segment& segment : piece.segments) parts_.push_back({&piece, &segment});
    }
    first_part_.assign(static_cast<size_t>(n_maps_) + 1, 0);
    first_entry_ = first_part_;
    for (const Part& part : parts_) {
      const auto after = static_cast<size_t>(part.segment->map) + 1;
      ++first_part_[after];
      first_entry_[after] += part.segment->last_label - part.segment->first_label;
    }
    for (size_t map = 0; map < static_cast<size_t>(n_maps_); ++map) {
      first_part_[map + 1] += first_part_[map];
      first_entry_[map + 1] += first_entry_[map];
    }
    entries_.resize(first_entry_.back());
  }

  Labelled deal() {
    Labelled result;
    result.groups.resize(n_maps_ + 1);
    std::vector<int64_t> first_bound(static_cast<size_t>(n_maps_) + 1, 0);
    result.groups[0] = 0;
    for_each_map([&](int64_t map) {
      sort_labels(map);
      int64_t n_labels = 0;
      int64_t n_runs = 0;
      for_each_label(map, [&](const Entry& entry, bool is_new) {
        n_labels += is_new ? 1 : 0;
        n_runs += entry.slot->at;
      });
      result.groups[map + 1] = n_labels;
      first_bound[static_cast<size_t>(map) + 1] = 2 * n_runs;
    });
    for (int64_t map = 0; map < n_maps_; ++map) {
      result.groups[map + 1] += result.groups[map];
      first_bound[static_cast<size_t>(map) + 1] += first_bound[static_cast<size_t>(map)];
    }
    const int64_t n_labels = result.groups[n_maps_];
    result.labels.resize(n_labels);
    result.masks.offsets.resize(n_labels + 1);
    result.masks.values.resize(first_bound.back());
    result.masks.offsets[n_labels] = first_bound.back();
    for_each_map([&](int64_t map) {
      int64_t k = result.groups[map];
      int64_t at = first_bound[static_cast<size_t>(map)];
      for_each_label(map, [&](const Entry& entry, bool is_new) {
        if (is_new) {
          result.labels[k] = entry.slot->label;
          result.masks.offsets[k++] = at;
        }
        at += 2 * std::exchange(entry.slot->at, at);
      });
    });
    write_bounds(result.masks.values.data());
    return result;
  }

 private:
  struct Part {
    Piece* piece;
    Segment* segment;
  };
  // One label of one segment; entries of a map are sorted by label, then by segment.
  struct Entry {
    Label* slot;
    int64_t part;
  };

  template <class Body>
  void for_each_map(const Body& body) {
    const auto cuts = split_rows(threads_, n_maps_, first_entry_.data(), 16, 1 << 12);
    parallel_for(threads_, static_cast<int64_t>(cuts.size()) - 1, [&](int64_t p) {
      const auto at = static_cast<size_t>(p);
      for (int64_t map = cuts[at]; map < cuts[at + 1]; ++map) body(map);
    });
  }

  template <class Visit>
  void for_each_label(int64_t map, const Visit& visit) const {
    const int64_t first = first_entry_[static_cast<size_t>(map)];
    const int64_t last = first_entry_[static_cast<size_t>(map) + 1];
    for (int64_t e = first; e < last; ++e) {
      visit(entries_[e], e == first || entries_[e].slot->label != entries_[e - 1].slot->label);
    }
  }

  void sort_labels(int64_t map) {
    Entry* first = entries_.data() + first_entry_[static_cast<size_t>(map)];
    Entry* last = first;
    for (int64_t p = first_part_[static_cast<size_t>(map)];
         p < first_part_[static_cast<size_t>(map) + 1]; ++p) {
      const Part& part = parts_[static_cast<size_t>(p)];
      for (int64_t k = part.segment->first_label; k < part.segment->last_label; ++k) {
        *last++ = {part.piece->labels.data() + k, p};
      }
    }
    std::sort(first, last, [](const Entry& a, const Entry& b) {
      return a.slot->label != b.slot->label ? a.slot->label < b.slot->label : a.part < b.part;
    });
  }

  // Where the last run of a part ends: at the next start, which may be in a later part.
  [[nodiscard]] u32 end_of(size_t part) const {
    for (size_t next = part + 1; next < parts_.size(); ++next) {
      const Segment& segment = *parts_[next].segment;
      if (segment.map != parts_[part].segment->map) break;
      if (segment.first_run < segment.last_run) {
        return parts_[next].piece->starts[segment.first_run];
      }
    }
    return static_cast<u32>(n_pixels_);
  }

  void write_bounds(u32* bounds) {
    std::vector<int64_t> runs{0};
    for (const Part& part : parts_) {
      runs.push_back(runs.back() + part.segment->last_run - part.segment->first_run);
    }
    const auto cuts =
        split_rows(threads_, static_cast<int64_t>(parts_.size()), runs.data(), 16, 1 << 14);
    parallel_for(threads_, static_cast<int64_t>(cuts.size()) - 1, [&](int64_t p) {
      const auto at = static_cast<size_t>(p);
      for (int64_t k = cuts[at]; k < cuts[at + 1]; ++k) write_part(static_cast<size_t>(k), bounds);
    });
  }

  void write_part(size_t k, u32* bounds) {
    Piece& piece = *parts_[k].piece;
    const Segment& segment = *parts_[k].segment;
    Label* labels = piece.labels.data() + segment.first_label;
    for (int64_t run = segment.first_run; run < segment.last_run; ++run) {
      const u32 number = piece.numbers[run];
      if (number == kIgnored) continue;
      int64_t& at = labels[number].at;
      bounds[at] = piece.starts[run];
      bounds[at + 1] = run + 1 < segment.last_run ? piece.starts[run + 1] : end_of(k);
      at += 2;
    }
  }

  int64_t n_maps_, n_pixels_;
  int threads_;
  std::vector<Part> parts_;  // in the order of the maps
  std::vector<int64_t> first_part_, first_entry_;
  Buffer<Entry> entries_;
};

}  // namespace maskmill
