// Where a mask lies inside a stretch of columns: the step from column-major spans to row-major
// maps.
#pragma once

#include "core/types.h"

namespace maskmill {

// First span of a mask that ends after `position`; n_bounds / 2 if none does.
MASKMILL_HD i64 first_span_after(const u32* bounds, i64 n_bounds, u64 position) {
  i64 low = 0;
  i64 high = n_bounds / 2;
  while (low < high) {
    const i64 middle = low + (high - low) / 2;
    if (bounds[2 * middle + 1] <= position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Cuts the spans of a mask at the ends of columns: calls piece(column, top, bottom) for the rows
// [top, bottom) that it covers in each column of [left, right), in ascending order. A column with
// several spans gives several pieces. `at` is the first span that ends after the column `left`
// begins; gives the first that ends after the column `right` begins. O(spans + columns).
template <class Piece>
MASKMILL_HD const u32* cut_at_columns(const u32* at, const u32* bounds_end, u32 height, u32 left,
                                      u32 right, const Piece& piece) {
  const u64 begin = u64{left} * height;
  const u64 end = u64{right} * height;
  if (at == bounds_end || *at >= end) return at;
  u64 start = *at < begin ? begin : *at;
  u32 column = static_cast<u32>(start / height);
  u64 base = u64{column} * height;  // position of the column's first row
  for (;;) {
    const u64 stop = at[1];
    const u64 next_base = base + height;
    piece(column, static_cast<u32>(start - base),
          static_cast<u32>((stop < next_base ? stop : next_base) - base));
    if (stop > next_base) {
      start = next_base;
    } else {
      at += 2;
      if (at == bounds_end) return at;
      start = *at;
    }
    if (start >= end) return at;
    while (start >= base + height) {
      base += height;
      ++column;
    }
  }
}

}  // namespace maskmill
