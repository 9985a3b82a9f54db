// Finding a place in a sorted list.
#pragma once

#include "core/types.h"

namespace maskmill {

// Number of values below `limit`.
MASKMILL_HD i64 count_below(const u32* values, i64 n, u32 limit) {
  i64 first = 0;
  while (n > 0) {
    const i64 half = n / 2;
    const bool below = values[first + half] < limit;
    first = below ? first + half + 1 : first;
    n = below ? n - half - 1 : half;
  }
  return first;
}

}  // namespace maskmill
