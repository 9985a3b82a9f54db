// Overlap of two masks, and the ratios made of it.
#pragma once

#include "core/search.h"
#include "core/types.h"

namespace maskmill {

// Common pixels. Each step measures the overlap of one span of either mask and passes the span
// that stops first, or both.
MASKMILL_HD i64 overlap(const u32* a, const u32* a_end, const u32* b, const u32* b_end) {
  if (a == a_end || b == b_end) return 0;
  // Skip the spans that stop before the other mask starts.
  if (a[0] < b[0]) {
    a += count_below(a, a_end - a, b[0] + 1) / 2 * 2;
  } else {
    b += count_below(b, b_end - b, a[0] + 1) / 2 * 2;
  }
  i64 common = 0;
  // Signs in place of branches, which noise would defy.
  while (a != a_end && b != b_end) {
    const i64 start = a[0] > b[0] ? a[0] : b[0];
    const i64 stop_a = a[1];
    const i64 stop_b = b[1];
    const i64 length = (stop_a < stop_b ? stop_a : stop_b) - start;
    common += length & ~(length >> 63);
    a += 2 + 2 * ((stop_b - stop_a) >> 63);
    b += 2 + 2 * ((stop_a - stop_b) >> 63);
  }
  return common;
}

// Nothing over nothing is 0.
MASKMILL_HD double ratio(i64 part, i64 whole) {
  return part == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

// The union of two masks, or for a crowd region the area of the first alone, is the whole.
MASKMILL_HD double iou_of(i64 common, i64 area_a, i64 area_b, bool crowd) {
  return ratio(common, crowd ? area_a : area_a + area_b - common);
}

MASKMILL_HD double dice_of(i64 common, i64 area_a, i64 area_b) {
  return ratio(2 * common, area_a + area_b);
}

}  // namespace maskmill
