// Area and bounding box of one mask.
#pragma once

#include "core/reciprocal.h"
#include "core/types.h"

namespace maskmill {

// What the spans of a mask of one height reach: rows [top, bottom), and how many pixels they hold.
// A bottom beyond the height says that a span goes on in the next column, and so touches both the
// last and the first row. All pixels are fewer than 2**32.
struct Extent {
  u32 top = 0xffffffffU;
  u32 bottom = 0;
  u32 area = 0;
};

MASKMILL_HD Extent extent_of(const u32* bounds, i64 n_bounds, Reciprocal by) {
  Extent extent;
  for (i64 k = 0; k < n_bounds / 2; ++k) {  // vectorises
    const u32 start = bounds[2 * k];
    const u32 length = bounds[2 * k + 1] - start;
    const u32 row = divide(start, by).rest;
    const u32 stop = row + (length <= by.divisor ? length : by.divisor + 1);
    extent.top = row < extent.top ? row : extent.top;
    extent.bottom = stop > extent.bottom ? stop : extent.bottom;
    extent.area += length;
  }
  return extent;
}

MASKMILL_HD i64 mask_area(const u32* bounds, i64 n_bounds) {
  u32 area = 0;
  for (i64 k = 0; k < n_bounds / 2; ++k) area += bounds[2 * k + 1] - bounds[2 * k];
  return area;
}

struct Box {
  i64 x, y, width, height;
};

MASKMILL_HD Box mask_bbox(const u32* bounds, i64 n_bounds, Reciprocal by, Extent extent) {
  if (n_bounds == 0) return {0, 0, 0, 0};
  const u32 left = divide(bounds[0], by).quotient;
  const u32 right = divide(bounds[n_bounds - 1] - 1, by).quotient;
  const bool crosses = extent.bottom > by.divisor;
  const u32 top = crosses ? 0 : extent.top;
  const u32 bottom = crosses ? by.divisor : extent.bottom;
  return {left, top, right - left + 1, bottom - top};
}

}  // namespace maskmill
