#include "cpu/prepared.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "cpu/bits.h"
#include "cpu/measure.h"
#include "cpu/simd.h"

namespace maskmill {
namespace {

constexpr i64 kChunk = 512;          // spans cut at a time: the pieces stay in the first cache
constexpr i64 kMostBytes = 1 << 20;  // prepared for one batch; mostly it is a quarter of that
constexpr u64 kEightOnes = 0x0101010101010101;

// The spans of a chunk, by column and row. Wrong where a span goes on in the next column.
struct Cut {
  u16 column[kChunk];
  u16 start[kChunk];
  u16 stop[kChunk];
  u8 follows[kChunk];  // 1 where the column is the one after that of the span before
};

// As extent_of, and keeps where the spans lie.
inline Extent cut_spans(const u32* __restrict bounds, i64 n_spans, Reciprocal by, u32 left,
                        Cut* __restrict cut) {
  const u32 height = by.divisor;
  auto [top, bottom, area] = Extent{};
  for (i64 k = 0; k < n_spans; ++k) {
    const u32 start = bounds[2 * k];
    const u32 length = bounds[2 * k + 1] - start;
    const Division at = divide(start, by);
    const u32 stop = at.rest + std::min(length, height + 1);
    top = std::min(top, at.rest);
    bottom = std::max(bottom, stop);
    area += length;
    cut->column[k] = static_cast<u16>(at.quotient - left);
    cut->start[k] = static_cast<u16>(at.rest);
    cut->stop[k] = static_cast<u16>(stop);
  }
  return {top, bottom, area};
}

// Cuts the spans of one mask into slices.
class Slicer {
 public:
  // `first` is scratch for the first spans of all columns.
  Slicer(Buffer<u16>& first, Prepared::Slices& to, u32 left, u32 right)
      : to_(to),
        before_(to.block.size()),
        first_block_(left / kBlock),
        n_blocks_((right - 1) / kBlock + 1 - first_block_) {
    first.resize(kSlice * n_blocks_);
    starts_ = first.data();
    stops_ = starts_ + kBlock * n_blocks_;
    std::memset(stops_, 0, static_cast<size_t>(kBlock * n_blocks_) * sizeof(u16));
  }

  [[nodiscard]] u32 first_column() const { return static_cast<u32>(first_block_ * kBlock); }
  [[nodiscard]] i64 last_column() const { return column_; }

  // Columns that follow one another with one span each are a copy.
  void put_cut(const Cut& cut, i64 n_spans) {
    i64 previous = column_;  // locals, as stores to u16 could alias anything
    u16* const starts = starts_;
    u16* const stops = stops_;
    for (i64 k = 0; k < n_spans;) {
      const i64 column = cut.column[k];
      if (k + 8 <= n_spans && eight_follow(cut.follows + k)) {
        std::memcpy(starts + column, cut.start + k, 8 * sizeof(u16));
        std::memcpy(stops + column, cut.stop + k, 8 * sizeof(u16));
        k += 8;
        previous = column + 7;
      } else if (column != previous) {
        starts[column] = cut.start[k];
        stops[column] = cut.stop[k];
        ++k;
        previous = column;
      } else {
        put_extra(column, cut.start[k], cut.stop[k]);
        ++k;
      }
    }
    column_ = previous;
  }

  // Spans that may go on in the next columns.
  void put_spans(const u32* bounds, i64 n_spans, Reciprocal by) {
    for (i64 k = 0; k < n_spans; ++k) {
      const Division at = divide(bounds[2 * k], by);
      i64 column = at.quotient - first_column();
      u32 start = at.rest;
      for (u32 length = bounds[2 * k + 1] - bounds[2 * k]; length > 0; ++column) {
        const u32 here = std::min(length, by.divisor - start);
        const u32 stop = start + here;
        if (column != column_) {
          starts_[column] = static_cast<u16>(start);
          stops_[column] = static_cast<u16>(stop);
        } else {
          put_extra(column, static_cast<u16>(start), static_cast<u16>(stop));
        }
        column_ = column;
        length -= here;
        start = 0;
      }
    }
  }

  // Adds the slices of the first spans; their order among those of other spans is of no account.
  Prepared::Shape finish() {
    const i64 at = to_.block.size();
    to_.block.resize(at + n_blocks_);
    to_.rows.resize(kSlice * (at + n_blocks_));
    u16* rows = to_.rows.data() + kSlice * at;
    for (i64 block = 0; block < n_blocks_; ++block) {
      to_.block[at + block] = static_cast<i32>(first_block_ + block);
      std::memcpy(rows, starts_ + kBlock * block, kBlock * sizeof(u16));
      std::memcpy(rows + kBlock, stops_ + kBlock * block, kBlock * sizeof(u16));
      rows += kSlice;
    }
    return {before_, to_.block.size() - before_, 0};
  }

 private:
  static bool eight_follow(const u8* follows) {
    u64 eight;
    std::memcpy(&eight, follows, sizeof eight);
    return eight == kEightOnes;
  }

  // The n-th extra span of a column goes to the n-th extra slice of its block.
  void put_extra(i64 column, u16 start, u16 stop) {
    const i64 block = column / kBlock;
    if (block != block_) {
      block_ = block;
      extras_of_block_ = to_.block.size();
    }
    extra_ = column == extra_column_ ? extra_ + 1 : extras_of_block_;
    extra_column_ = column;
    if (extra_ == to_.block.size()) {
      to_.block.push(static_cast<i32>(first_block_ + block));
      to_.rows.resize(kSlice * (extra_ + 1));
      std::memset(to_.rows.data() + kSlice * extra_, 0, kSlice * sizeof(u16));
    }
    u16* const rows = to_.rows.data() + kSlice * extra_ + column % kBlock;
    rows[0] = start;
    rows[kBlock] = stop;
  }

  Prepared::Slices& to_;
  const i64 before_;
  const i64 first_block_;
  const i64 n_blocks_;
  u16* starts_;
  u16* stops_;
  i64 column_ = -1;  // of the last span
  i64 block_ = -1;   // of the last extra span
  i64 extras_of_block_ = 0;
  i64 extra_column_ = -1;
  i64 extra_ = 0;
};

inline void cut_mask(const u32* bounds, i64 n_bounds, Reciprocal by, u32 left, u32 right,
                     Extent& extent, Buffer<u16>& first, Prepared& to) {
  Slicer slicer(first, to.slices, left, right);
  Cut cut;
  for (i64 k = 0; k < n_bounds; k += 2 * kChunk) {
    const u32* chunk = bounds + k;
    const i64 n = std::min(kChunk, (n_bounds - k) / 2);
    const Extent here = cut_spans(chunk, n, by, slicer.first_column(), &cut);
    if (here.bottom > by.divisor) {
      slicer.put_spans(chunk, n, by);
    } else {
      cut.follows[0] = cut.column[0] == slicer.last_column() + 1;
      for (i64 i = 1; i < n; ++i) cut.follows[i] = cut.column[i] == cut.column[i - 1] + 1;
      slicer.put_cut(cut, n);
    }
    extent = {std::min(extent.top, here.top), std::max(extent.bottom, here.bottom),
              extent.area + here.area};
  }
  to.shapes.push(slicer.finish());
}

MASKMILL_AVX2 void cut_mask_avx2(const u32* bounds, i64 n_bounds, Reciprocal by, u32 left,
                                 u32 right, Extent& extent, Buffer<u16>& first, Prepared& to) {
  cut_mask(bounds, n_bounds, by, left, right, extent, first, to);
}

}  // namespace

void Prepared::prepare(const MasksView& masks, int64_t first, int64_t end, Method how) {
  method = how;
  begin = first;
  n = end - first;
  height = n == 0 ? 1 : static_cast<u32>(masks.height(first));
  for (Buffer<i32>* side : {&left, &right, &top, &bottom}) side->resize(n);
  area.resize(n);
  shapes.clear();
  slices.block.clear();
  slices.rows.clear();
  words.clear();
  const bool avx2 = use_avx2();
  const Reciprocal by = reciprocal(height);
  const bool narrow = n > 0 && height <= 0xffff && masks.width(first) <= 0xffff;
  for (i64 i = 0; i < n; ++i) {
    const u32* bounds = masks.begin(first + i);
    const i64 n_bounds = masks.n_bounds(first + i);
    if (n_bounds == 0) {
      left[i] = top[i] = std::numeric_limits<i32>::max();
      right[i] = bottom[i] = 0;
      area[i] = 0;
      shapes.push({});
      continue;
    }
    const u32 x0 = divide(bounds[0], by).quotient;
    const u32 x1 = divide(bounds[n_bounds - 1] - 1, by).quotient + 1;
    const i64 bytes = slices.rows.size() * i64{sizeof(u16)} + words.size() * i64{sizeof(u64)};
    Extent extent;
    if (method == Method::kColumns && narrow && bytes < kMostBytes) {
      (avx2 ? cut_mask_avx2 : cut_mask)(bounds, n_bounds, by, x0, x1, extent, scratch_, *this);
    } else {
      extent = measure_extent(bounds, n_bounds, by);
    }
    if (extent.bottom > height) {
      extent.top = 0;
      extent.bottom = height;
    }
    if (method == Method::kBits && bytes < kMostBytes) {
      const i64 origin = bounds[0] / 64;
      const i64 n_words = (bounds[n_bounds - 1] - 1) / 64 + 1 - origin;
      const i64 at = words.size();
      words.resize(at + n_words);
      std::memset(words.data() + at, 0, static_cast<size_t>(n_words) * sizeof(u64));
      for (i64 k = 0; k < n_bounds; k += 2) {
        const auto shift = static_cast<u64>(64 * origin);
        set_bits(words.data() + at, bounds[k] - shift, bounds[k + 1] - shift);
      }
      shapes.push({at, n_words, origin});
    } else if (shapes.size() == i) {
      shapes.push({});
    }
    left[i] = static_cast<i32>(x0);
    right[i] = static_cast<i32>(x1);
    top[i] = static_cast<i32>(extent.top);
    bottom[i] = static_cast<i32>(extent.bottom);
    area[i] = extent.area;
  }
}

void Prepared::gather_slices() {
  if (method != Method::kColumns) return;
  const i64 n_slices = slices.block.size();
  i32 first = std::numeric_limits<i32>::max();
  i32 last = 0;
  for (const i32 block : slices.block) {
    first = std::min(first, block);
    last = std::max(last, block);
  }
  first_block = n_slices == 0 ? 0 : first;
  const i64 n_blocks = n_slices == 0 ? 0 : last - first + 1;
  offsets.resize(n_blocks + 1);
  std::fill(offsets.begin(), offsets.end(), 0);
  for (const i32 block : slices.block) ++offsets[block - first];
  i64 total = 0;
  for (i64& offset : offsets) total += std::exchange(offset, total);
  mask.resize(n_slices);
  gathered_.resize(kSlice * (n_slices + 1));
  const auto line = reinterpret_cast<uintptr_t>(gathered_.data()) / sizeof(u16) % kSlice;
  gathered_start_ = static_cast<i64>((kSlice - line) % kSlice);
  // Writing moves every offset to the start of the next block.
  for (i64 i = 0; i < n; ++i) {
    for (i64 s = shapes[i].first; s < shapes[i].first + shapes[i].n; ++s) {
      const i64 to = offsets[slices.block[s] - first]++;
      mask[to] = static_cast<i32>(i);
      std::memcpy(gathered_.data() + gathered_start_ + kSlice * to, slices.rows.data() + kSlice * s,
                  kSlice * sizeof(u16));
    }
  }
  for (i64 k = n_blocks; k > 0; --k) offsets[k] = offsets[k - 1];
  offsets[0] = 0;
}

}  // namespace maskmill
