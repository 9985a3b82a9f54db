// Parameters of the kernels that turn counts into bounds.
#pragma once

#include "core/types.h"

namespace maskmill {

// Records of counts. Foreign, so rows may break rules; kernels leave the first that does in `bad`
// and stay inside all arrays.
struct CountsView {
  const i64* offsets;  // [n_rows + 1]
  const i32* sizes;    // [n_rows, 2]
  i64 n_rows;
  // First row that breaks a rule of an earlier stage: it and those after it are left alone. At
  // least n_rows if there is none.
  const u64* known_bad;
};

constexpr u32 kFlipThreads = 256;  // a tile of as many counts

struct ClipCountsArgs {
  static constexpr const char* kKernel = "maskmill_clip_counts";
  CountsView records;
  const i64* counts;
  i64 n_counts;
  i64* out;  // [n_counts], 0 in place of what no mask of the row's size may hold
  u64* bad;  // [1]
};

struct CountFlipsArgs {
  static constexpr const char* kKernel = "maskmill_count_flips";
  CountsView records;
  const i64* ends;  // sums of the counts before each
  i64 n_tiles;      // as many as there may be counts for
  i64* out;         // [n_tiles]
  u64* bad;         // [1]
};

struct WriteFlipsArgs {
  static constexpr const char* kKernel = "maskmill_write_flips";
  CountsView records;
  const i64* ends;
  const i64* tile_offsets;  // [n_tiles + 1]
  i64 n_tiles;
  u32* bounds;
  i64* offsets;  // [n_rows + 1]
};

}  // namespace maskmill
