// Parameters of the kernels that read COCO strings.
#pragma once

#include "kernels/from_counts.h"

namespace maskmill {

constexpr u32 kCharThreads = 256;
constexpr u32 kCharsPerThread = 8;
constexpr u32 kCharTile = kCharsPerThread * kCharThreads;

struct CheckCharsArgs {
  static constexpr const char* kKernel = "maskmill_check_chars";
  const u8* chars;
  i64 n_chars;
  const i64* offsets;  // [n_rows + 1]
  i64 n_rows;
  u64* bad;  // [1]
};

struct CountNumbersArgs {
  static constexpr const char* kKernel = "maskmill_count_numbers";
  const u8* chars;
  CountsView strings;
  i64 n_tiles;
  i64* out;  // [n_tiles]
};

// Where numbers lie: those at even places of the column before those at odd places, so that one sum
// runs over every second number.
struct ChainsView {
  i64* data;   // [2 * length + 1]
  i64 length;  // of one chain
};

struct ReadNumbersArgs {
  static constexpr const char* kKernel = "maskmill_read_numbers";
  const u8* chars;
  CountsView strings;
  const i64* tile_offsets;  // [n_tiles + 1]
  i64 n_tiles;
  ChainsView numbers;  // zero
  i64* offsets;        // [n_rows + 1]
};

struct UndoDifferencesArgs {
  static constexpr const char* kKernel = "maskmill_undo_differences";
  CountsView records;  // with the offsets of the numbers
  ChainsView sums;
  i64 n_counts;  // as many as there may be
  i64* out;      // [n_counts], 0 in place of what no mask of the row's size may hold
  u64* bad;      // [1]
};

}  // namespace maskmill
