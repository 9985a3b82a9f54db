// Set operations on two sorted lists of flips.
#pragma once

#include "core/search.h"
#include "core/types.h"

namespace maskmill {

// A set operation is its truth table: bit (in_a + 2 * in_b) tells whether the pixel is set.
// No operation here sets a pixel that is in neither mask.
enum class SetOp : u32 {
  kUnion = 0b1110,
  kIntersection = 0b1000,
  kDifference = 0b0010,
  kSymmetricDifference = 0b0110,
};

MASKMILL_HD u32 is_set(SetOp op, i64 in_a, i64 in_b) {
  return (static_cast<u32>(op) >> (in_a + 2 * in_b)) & 1;
}

MASKMILL_HD i64 copy_bounds(const u32* from, i64 n, u32* to) {
  for (i64 k = 0; k < n; ++k) to[k] = from[k];
  return n;
}

// Combines two masks. `out` must have room for n_a + n_b bounds and gets as many as are returned.
template <SetOp op>
MASKMILL_HD i64 combine_bounds(const u32* a, i64 n_a, const u32* b, i64 n_b, u32* out) {
  constexpr auto table = static_cast<u32>(op);
  constexpr bool keeps_a = (table & 0b0010) != 0;  // what is in a alone
  constexpr bool keeps_b = (table & 0b0100) != 0;
  i64 i = 0;
  i64 j = 0;
  i64 n = 0;
  // Before the first span of one mask the other is alone.
  if (n_a > 0 && n_b > 0) {
    if (a[0] < b[0]) {
      i = count_below(a, n_a, b[0]);
      if (keeps_a) n = copy_bounds(a, i, out);
    } else if (b[0] < a[0]) {
      j = count_below(b, n_b, a[0]);
      if (keeps_b) n = copy_bounds(b, j, out);
    }
  }
  // An odd index is inside a span. Each step passes the lower bound, or both where they are equal,
  // and writes it at once: it stays if the value flips there.
  u32 value = is_set(op, i & 1, j & 1);
  while (i < n_a && j < n_b) {
    const u32 at_a = a[i];
    const u32 at_b = b[j];
    i += at_a <= at_b;
    j += at_b <= at_a;
    out[n] = at_a < at_b ? at_a : at_b;
    const u32 next = is_set(op, i & 1, j & 1);
    n += next != value;
    value = next;
  }
  // After the last span of one mask the other is alone again.
  if (keeps_a) n += copy_bounds(a + i, n_a - i, out + n);
  if (keeps_b) n += copy_bounds(b + j, n_b - j, out + n);
  return n;
}

// `out` must have room for n + 2 bounds.
MASKMILL_HD i64 complement_bounds(const u32* bounds, i64 n, u32 n_pixels, u32* out) {
  const bool starts_set = n > 0 && bounds[0] == 0;
  const bool ends_set = n > 0 && bounds[n - 1] == n_pixels;
  i64 n_out = 0;
  if (!starts_set) out[n_out++] = 0;
  n_out += copy_bounds(bounds + starts_set, n - starts_set - ends_set, out + n_out);
  if (!ends_set) out[n_out++] = n_pixels;
  return n_out;
}

}  // namespace maskmill
