// All masks of label maps in one pass over the pixels, whatever the number of labels.
//
// A run starts where a pixel differs from the one above it (for the first row: from the bottom of
// the column to the left). Maps are read along their rows, in strips of columns; the starts of a
// strip are sorted by column, the labels numbered through a table, and at the end the runs are
// dealt out to the labels by counting.
//
// Memory beside the result: 8 bytes a run, 32 bytes a label, and 12 bytes a run of one strip a
// thread.
#include <algorithm>
#include <cstring>
#include <random>

#include "core/types.h"
#include "cpu/changes.h"
#include "cpu/label_map.h"
#include "cpu/label_table.h"
#include "cpu/parallel.h"

namespace maskmill {
namespace {

constexpr uint32_t kIgnored = UINT32_MAX;
constexpr int64_t kGrain = 1 << 18;        // pixels a piece: about 40 us
constexpr int64_t kStripPixels = 1 << 24;  // bounds the starts of one strip

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

struct Ignore {
  const int64_t* labels;
  int64_t n;
};

template <class T>
class Reader {
 public:
  Reader(const StackView& maps, bool is_signed, const Ignore& ignore, uint64_t seed, Piece& piece)
      : maps_(maps), is_signed_(is_signed), ignore_(ignore), table_(seed), piece_(piece) {
    const auto item = static_cast<int64_t>(sizeof(T));
    const auto steps = [&](int64_t stride, int64_t n) { return n == 1 || stride == item; };
    const bool aligned = reinterpret_cast<uintptr_t>(maps.data) % sizeof(T) == 0 &&
                         maps.stride_n % item == 0 && maps.stride_y % item == 0 &&
                         maps.stride_x % item == 0;
    columns_are_contiguous_ = aligned && steps(maps.stride_y, maps.height) &&
                              (maps.width == 1 || !steps(maps.stride_x, maps.width));
    rows_are_contiguous_ = aligned && steps(maps.stride_x, maps.width);
  }

  // Reads the columns [left, right) of one map; of a map from left to right.
  void read(int64_t map, int64_t left, int64_t right) {
    if (piece_.segments.empty() || map_ != map) {
      map_ = map;
      table_.clear();
      piece_.segments.push({map, piece_.starts.size(), piece_.starts.size(), piece_.labels.size(),
                            piece_.labels.size()});
    }
    segment_ = piece_.segments.end() - 1;
    if (columns_are_contiguous_) {
      for (int64_t x = left; x < right; ++x) read_column(x);
    } else {
      read_strip(left, right);
    }
    segment_->last_run = piece_.starts.size();
    segment_->last_label = piece_.labels.size();
  }

 private:
  [[nodiscard]] const unsigned char* at(int64_t y, int64_t x) const {
    return maps_.data + map_ * maps_.stride_n + y * maps_.stride_y + x * maps_.stride_x;
  }
  [[nodiscard]] T value(int64_t y, int64_t x) const {
    T result;
    std::memcpy(&result, at(y, x), sizeof(T));
    return result;
  }
  // What column x must differ from to start a run at its first row.
  [[nodiscard]] T before(int64_t x) const {
    return x == 0 ? static_cast<T>(~value(0, 0)) : value(maps_.height - 1, x - 1);
  }

  uint32_t number(T value) {
    const uint32_t number = table_.number(value, [&](uint64_t) {
      int64_t label = static_cast<int64_t>(value);
      if (is_signed_) label = static_cast<std::make_signed_t<T>>(value);
      if (std::binary_search(ignore_.labels, ignore_.labels + ignore_.n, label)) return kIgnored;
      piece_.labels.push({label, 0});
      return static_cast<uint32_t>(piece_.labels.size() - 1 - segment_->first_label);
    });
    if (number != kIgnored) ++piece_.labels[segment_->first_label + number].at;
    return number;
  }

  void read_column(int64_t x) {
    const T* column = reinterpret_cast<const T*>(at(0, x));
    const auto base = static_cast<u32>(x * maps_.height);
    const auto add = [&](int64_t y) {
      piece_.starts.push(base + static_cast<u32>(y));
      piece_.numbers.push(number(column[y]));
    };
    if (column[0] != before(x)) add(0);
    for (int64_t y = 1; y < maps_.height; y += 64) {
      const int64_t n = std::min<int64_t>(64, maps_.height - y);
      for_each_bit(changes(column + y, column + y - 1, n), [&](int j) { add(y + j); });
    }
  }

  // A row of the strip as contiguous values; `buffer` holds them where they are not.
  const T* row(int64_t y, int64_t left, int64_t width, T* buffer) const {
    if (rows_are_contiguous_) return reinterpret_cast<const T*>(at(y, left));
    for (int64_t j = 0; j < width; ++j) buffer[j] = value(y, left + j);
    return buffer;
  }

  void read_strip(int64_t left, int64_t right) {
    const int64_t width = right - left;
    above_.resize(width);
    spare_.resize(width);
    next_.resize(width);
    std::fill(next_.begin(), next_.end(), 0);
    starts_.clear();
    for (int64_t j = 0; j < width; ++j) above_[j] = before(left + j);
    const T* above = above_.data();
    for (int64_t y = 0; y < maps_.height; ++y) {
      T* buffer = above == spare_.data() ? above_.data() : spare_.data();
      const T* here = row(y, left, width, buffer);
      for (int64_t j = 0; j < width; j += 64) {
        const int64_t n = std::min<int64_t>(64, width - j);
        for_each_bit(changes(here + j, above + j, n), [&](int bit) {
          const int64_t x = j + bit;
          ++next_[x];
          starts_.push({static_cast<u32>(x), static_cast<u32>((left + x) * maps_.height + y),
                        number(here[x])});
        });
      }
      above = here;
    }
    int64_t total = 0;  // sort by column, stably
    for (int64_t& next : next_) total += std::exchange(next, total);
    u32* starts = piece_.starts.room(total);
    u32* numbers = piece_.numbers.room(total);
    for (const Start& start : starts_) {
      const int64_t k = next_[start.x]++;
      starts[k] = start.position;
      numbers[k] = start.number;
    }
    piece_.starts.advance(total);
    piece_.numbers.advance(total);
  }

  struct Start {
    u32 x, position, number;
  };

  const StackView& maps_;
  bool is_signed_;
  bool columns_are_contiguous_, rows_are_contiguous_;
  const Ignore& ignore_;
  LabelTable table_;
  Piece& piece_;
  Segment* segment_ = nullptr;
  int64_t map_ = 0;
  Buffer<T> above_, spare_;
  Buffer<int64_t> next_;
  Buffer<Start> starts_;
};

template <class T>
void read_maps(const StackView& maps, bool is_signed, const Ignore& ignore, int threads,
               std::vector<Piece>& pieces) {
  // Wide strips read memory in long stretches; a few large maps are cut for every thread.
  int64_t columns = std::clamp<int64_t>(kStripPixels / std::max<int64_t>(1, maps.height), 64, 2048);
  if (maps.n < threads) columns = std::min(columns, maps.width / (int64_t{2} * threads));
  columns = std::max<int64_t>(64, columns / 64 * 64);
  const int64_t strips = maps.height == 0 ? 0 : (maps.width + columns - 1) / columns;
  const auto cuts = split_rows(threads, maps.n * strips, nullptr,
                               std::min(columns, maps.width) * maps.height, kGrain);
  const auto n_pieces = static_cast<int64_t>(cuts.size()) - 1;
  pieces.resize(static_cast<size_t>(n_pieces));
  const uint64_t seed = std::random_device{}();
  parallel_for(threads, n_pieces, [&](int64_t p) {
    const auto at = static_cast<size_t>(p);
    Reader<T> reader(maps, is_signed, ignore, seed, pieces[at]);
    for (int64_t unit = cuts[at]; unit < cuts[at + 1]; ++unit) {
      const int64_t left = unit % strips * columns;
      reader.read(unit / strips, left, std::min(left + columns, maps.width));
    }
  });
}

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

}  // namespace

Labelled from_label_map(const StackView& maps, bool is_signed, const int64_t* ignore,
                        int64_t n_ignore, int threads) {
  const Ignore ignored{ignore, n_ignore};
  std::vector<Piece> pieces;
  switch (maps.item_size) {
    case 1:
      read_maps<uint8_t>(maps, is_signed, ignored, threads, pieces);
      break;
    case 2:
      read_maps<uint16_t>(maps, is_signed, ignored, threads, pieces);
      break;
    case 4:
      read_maps<uint32_t>(maps, is_signed, ignored, threads, pieces);
      break;
    default:
      read_maps<uint64_t>(maps, is_signed, ignored, threads, pieces);
      break;
  }
  return Dealer(pieces, maps, threads).deal();
}

}  // namespace maskmill
