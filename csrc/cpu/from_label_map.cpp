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
#include "cpu/label_runs.h"
#include "cpu/label_table.h"
#include "cpu/parallel.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 18;        // pixels a piece: about 40 us
constexpr int64_t kStripPixels = 1 << 24;  // bounds the starts of one strip

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
