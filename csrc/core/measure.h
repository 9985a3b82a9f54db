// Area and bounding box of one mask.
#pragma once

#include "core/types.h"

namespace maskmill {

MASKMILL_HD i64 mask_area(const u32* bounds, i64 n_bounds) {
  i64 area = 0;
  for (i64 k = 0; k < n_bounds; k += 2) area += bounds[k + 1] - bounds[k];
  return area;
}

struct Box {
  i64 x, y, width, height;
};

// First and last row of the spans, both inclusive.
struct RowRange {
  u32 top, bottom;
};

// A span that crosses a column boundary touches both the last and the first row.
MASKMILL_HD RowRange mask_rows(const u32* bounds, i64 n_bounds, u32 height) {
  u32 top = height - 1;
  u32 bottom = 0;
  for (i64 k = 0; k < n_bounds; k += 2) {
    const u32 first = bounds[k];
    const u32 last = bounds[k + 1] - 1;
    const u32 y0 = first % height;
    if (last - first >= height - y0) return {0, height - 1};
    const u32 y1 = y0 + (last - first);
    if (y0 < top) top = y0;
    if (y1 > bottom) bottom = y1;
  }
  return {top, bottom};
}

MASKMILL_HD Box mask_box(const u32* bounds, i64 n_bounds, u32 height, RowRange rows) {
  const u32 left = bounds[0] / height;
  const u32 right = (bounds[n_bounds - 1] - 1) / height;
  return {left, rows.top, right - left + 1, rows.bottom - rows.top + 1};
}

}  // namespace maskmill
