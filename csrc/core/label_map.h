// Where a mask lies inside a tile of columns: the step from column-major spans to row-major maps.
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

// Cuts the spans of a mask at the columns' ends: calls piece(column, top, bottom) for the rows
// [top, bottom) that it covers in each column of [left, right), in ascending order. A column with
// several spans gives several pieces; together the pieces cost O(spans + columns).
template <class Piece>
MASKMILL_HD void cut_at_columns(const u32* bounds, i64 n_bounds, u32 height, u32 left, u32 right,
                                const Piece& piece) {
  const u64 begin = u64{left} * height;
  const u64 end = u64{right} * height;
  i64 k = 2 * first_span_after(bounds, n_bounds, begin);
  if (k == n_bounds || bounds[k] >= end) return;
  const u64 first = bounds[k] < begin ? begin : bounds[k];
  u32 column = static_cast<u32>(first / height);
  u64 base = u64{column} * height;  // position of the column's first row
  for (; k < n_bounds && bounds[k] < end; k += 2) {
    u64 start = bounds[k] < begin ? begin : bounds[k];
    const u64 stop = bounds[k + 1] > end ? end : bounds[k + 1];
    while (start >= base + height) {
      base += height;
      ++column;
    }
    while (stop > base + height) {
      piece(column, static_cast<u32>(start - base), height);
      base += height;
      ++column;
      start = base;
    }
    piece(column, static_cast<u32>(start - base), static_cast<u32>(stop - base));
  }
}

}  // namespace maskmill
