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

// A span that crosses a column boundary touches both the last and the first row.
MASKMILL_HD Box mask_bbox(const u32* bounds, i64 n_bounds, u32 height) {
  if (n_bounds == 0) return {0, 0, 0, 0};
  const u32 left = bounds[0] / height;
  const u32 right = (bounds[n_bounds - 1] - 1) / height;
  u32 top = height - 1;
  u32 bottom = 0;
  for (i64 k = 0; k < n_bounds; k += 2) {
    const u32 first = bounds[k];
    const u32 last = bounds[k + 1] - 1;
    const u32 column = first / height;
    const u32 y0 = first - column * height;
    if (last - first >= height - y0) {  // reaches the next column
      top = 0;
      bottom = height - 1;
      break;
    }
    const u32 y1 = y0 + (last - first);
    if (y0 < top) top = y0;
    if (y1 > bottom) bottom = y1;
  }
  return {left, top, right - left + 1, bottom - top + 1};
}

}  // namespace maskmill
