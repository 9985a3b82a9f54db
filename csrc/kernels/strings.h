// Parameters of the kernels that write counts and COCO strings.
#pragma once

#include "core/types.h"

namespace maskmill {

struct CountRunsArgs {
  static constexpr const char* kKernel = "maskmill_count_runs";
  const u32* bounds;
  const i64* offsets;  // [n_masks + 1]
  const i32* sizes;    // [n_masks, 2]
  i64 n_masks;
  i64* out;  // [n_masks]
};

// Masks with the offsets of their runs.
struct RunsView {
  const u32* bounds;
  const i64* offsets;      // [n_masks + 1]
  const i32* sizes;        // [n_masks, 2]
  const i64* run_offsets;  // [n_masks + 1]
  i64 n_masks;
};

struct ToCountsArgs {
  static constexpr const char* kKernel = "maskmill_to_counts";
  RunsView runs;
  i64 n_runs;
  u32* out;  // [n_runs]
};

constexpr u32 kStringThreads = 256;
constexpr u32 kStringTile = 4 * kStringThreads;  // runs

struct CountCharsArgs {
  static constexpr const char* kKernel = "maskmill_count_chars";
  RunsView runs;
  i64 n_tiles;  // as many as there may be runs for
  i64* out;     // [n_tiles]
};

struct ToStringsArgs {
  static constexpr const char* kKernel = "maskmill_to_strings";
  RunsView runs;
  const i64* tile_offsets;  // [n_tiles + 1]
  i64 n_tiles;
  u8* chars;
  i64* offsets;  // [n_masks + 1]
};

}  // namespace maskmill
