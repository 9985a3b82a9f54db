// What the machine can do at most: loops that an operation cannot avoid, and nothing else.
// Compiled by limits.py at the first use, for this processor.
#include <stdint.h>

// All box tests of a matrix of pairs. Boxes are left, top, right, bottom.
void box_tests(const int32_t* a,  // [n, 4]
               int64_t n,
               const int32_t* b,  // [m, 4]
               int64_t m,
               uint8_t* out) {  // [n, m]
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < m; ++j) {
      out[i * m + j] = (a[4 * i] < b[4 * j + 2]) & (b[4 * j] < a[4 * i + 2]) &
                       (a[4 * i + 1] < b[4 * j + 3]) & (b[4 * j + 1] < a[4 * i + 3]);
    }
  }
}

// Reads the runs of both masks of every pair once.
uint32_t read_pairs(const uint32_t* bounds_a, const int64_t* offsets_a, int64_t n,
                    const uint32_t* bounds_b, const int64_t* offsets_b, int64_t m) {
  uint32_t all = 0;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < m; ++j) {
      for (int64_t k = offsets_a[i]; k < offsets_a[i + 1]; ++k) all += bounds_a[k] ^ (uint32_t)j;
      for (int64_t k = offsets_b[j]; k < offsets_b[j + 1]; ++k) all += bounds_b[k] ^ (uint32_t)i;
    }
  }
  return all;
}
