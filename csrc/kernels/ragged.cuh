// Rows of ragged columns.
#pragma once

#include "kernels/device.h"

namespace maskmill {

MASKMILL_DEVICE i64 row_start(const i64* offsets, i64 row) { return offsets[row]; }

// The row that owns element `at` of n_rows rows: the last one that starts at or before it.
// `row_start(starts, row)` ascends.
template <class Starts>
MASKMILL_DEVICE i64 row_of(const Starts& starts, i64 n_rows, i64 at) {
  i64 row = 0;
  i64 beyond = n_rows;
  while (beyond - row > 1) {
    const i64 middle = row + (beyond - row) / 2;
    if (row_start(starts, middle) <= at) {
      row = middle;
    } else {
      beyond = middle;
    }
  }
  return row;
}

}  // namespace maskmill
