// Transforms of masks on runs: which source row or column an output one takes.
#pragma once

#include "core/types.h"

namespace maskmill {

// Output index i takes source index floor((step i + shift) / divisor), where that is inside; step
// is not 0 and divisor is above 0. Sizes are below 2**31 and step and divisor at most twice that.
struct AxisMap {
  i64 step, shift, divisor;
};

MASKMILL_HD i64 floor_divide(i64 a, i64 b) {  // b > 0
  const i64 quotient = a / b;
  return quotient - (a % b < 0 ? 1 : 0);
}

struct Range {
  i64 first, stop;  // empty unless first < stop
};

// Output indices in [0, n) whose source index lies in [first, stop).
MASKMILL_HD Range indices_from(const AxisMap& map, i64 first, i64 stop, i64 n) {
  const bool turned = map.step < 0;
  const i64 step = turned ? -map.step : map.step;
  // Not turned: the first index whose source is at or beyond a place is ceil((place d - shift) /
  // s). Turned: sources fall, and it is the first index whose source is before the place.
  const i64 low = turned ? floor_divide(map.shift - stop * map.divisor, step) + 1
                         : -floor_divide(map.shift - first * map.divisor, step);
  const i64 high = turned ? floor_divide(map.shift - first * map.divisor, step) + 1
                          : -floor_divide(map.shift - stop * map.divisor, step);
  return {low < 0 ? 0 : low, high > n ? n : high};
}

// Foreground in the columns [left, right) and the rows [top, bottom).
struct Rectangle {
  i64 left, right, top, bottom;
};

// Cuts a span into at most three rectangles, from left to right: the end of a column, whole
// columns, the start of a column. Those in one column, from several spans, follow one another.
template <class Emit>
MASKMILL_HD void for_each_rectangle(i64 start, i64 stop, i64 height, const Emit& emit) {
  i64 left = start / height;
  const i64 top = start - left * height;
  const i64 length = stop - start;
  if (top + length <= height) {
    emit(Rectangle{left, left + 1, top, top + length});
    return;
  }
  if (top > 0) {
    emit(Rectangle{left, left + 1, top, height});
    ++left;
  }
  const i64 right = stop / height;
  if (left < right) emit(Rectangle{left, right, 0, height});
  const i64 bottom = stop - right * height;
  if (bottom > 0) emit(Rectangle{right, right + 1, 0, bottom});
}

}  // namespace maskmill
