// Erosion and dilation by a square: rows of each column by themselves, columns by moving the mask.
#pragma once

#include "core/transform.h"
#include "core/types.h"

namespace maskmill {

// What is left of the rows of a rectangle, or what they become, for a square of `radius` pixels
// around each pixel. Outside of the image is background.
MASKMILL_HD Range eroded_rows(const Rectangle& at, i64 radius) {
  return {at.top + radius, at.bottom - radius};
}

MASKMILL_HD Range dilated_rows(const Rectangle& at, i64 radius, i64 height) {
  return {at.top < radius ? 0 : at.top - radius,
          at.bottom + radius > height ? height : at.bottom + radius};
}

// Moves a mask by a number of positions, whole columns; what leaves the image is lost. `out` must
// have room for n bounds and gets as many as are returned.
MASKMILL_HD i64 move_bounds(const u32* bounds, i64 n, i64 by, i64 n_pixels, u32* out) {
  i64 n_out = 0;
  for (i64 k = 0; k < n; k += 2) {
    const i64 start = bounds[k] + by;
    const i64 stop = bounds[k + 1] + by;
    const i64 first = start < 0 ? 0 : start;
    const i64 last = stop > n_pixels ? n_pixels : stop;
    if (first >= last) continue;
    out[n_out] = static_cast<u32>(first);
    out[n_out + 1] = static_cast<u32>(last);
    n_out += 2;
  }
  return n_out;
}

}  // namespace maskmill
