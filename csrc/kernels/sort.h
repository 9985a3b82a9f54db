// Parameters of the kernels of a stable radix sort: a pass orders by one digit of eight bits.
#pragma once

#include "core/types.h"

namespace maskmill {

constexpr u32 kSortThreads = 256;  // one for each digit
constexpr u32 kSortTile = 4 * kSortThreads;
constexpr u32 kDigitBits = 8;
constexpr u32 kDigits = 1U << kDigitBits;

struct CountDigitsArgs {
  static constexpr const char* kKernel = "maskmill_count_digits";
  const u64* keys;  // [n]
  i64 n;
  i64 n_tiles;
  u32 shift;
  i64* out;  // [kDigits, n_tiles]
};

struct ScatterDigitsArgs {
  static constexpr const char* kKernel = "maskmill_scatter_digits";
  const u64* keys;    // [n]
  const i64* values;  // [n]
  i64 n;
  i64 n_tiles;
  u32 shift;
  const i64* offsets;  // [kDigits, n_tiles]: where the first of each goes
  u64* out_keys;
  i64* out_values;
};

}  // namespace maskmill
