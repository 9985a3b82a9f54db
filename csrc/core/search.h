// Finding a place in a sorted list.
#pragma once

#include "core/types.h"

namespace maskmill {

// Number of values below `limit`. Arithmetic in place of branches, which would be wrong half of the
// time.
MASKMILL_HD i64 count_below(const u32* values, i64 n, u32 limit) {
  if (n == 0) return 0;
  i64 first = 0;
  while (n > 1) {
    const i64 half = n / 2;
    first += half & -i64{values[first + half - 1] < limit};
    n -= half;
  }
  return first + (values[first] < limit);
}

}  // namespace maskmill
