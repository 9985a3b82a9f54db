// Parameters of the kernels that find the masks of label maps.
#pragma once

#include "kernels/dense.h"

namespace maskmill {

// Maps as bits, laid as in BitsView: where a run of one label starts, and which of the runs are
// kept.
struct RunBits {
  u32* starts;
  u32* kept;
  i64 column_words;
};

// Filled in the order of the labels as unsigned numbers, see order_of_label.
struct RunTotals {
  u64 n_runs, n_kept, lowest, highest;
};

struct MarkRunsArgs {
  static constexpr const char* kKernel = "maskmill_mark_runs";
  DenseView maps;
  bool is_signed;
  bool columns_first;  // values lie closer along x
  const i64* ignore;   // [n_ignore]
  i64 n_ignore;
  RunBits bits;
  RunTotals* totals;  // zero; lowest: all bits
};

constexpr u32 kRunThreads = 256;
constexpr u32 kRunWords = 4;  // words a thread
constexpr u32 kRunTile = kRunWords * kRunThreads;

struct CountMarksArgs {
  static constexpr const char* kKernel = "maskmill_count_marks";
  RunBits bits;
  i64 n_words;
  i64 n_tiles;
  i64* n_runs;  // [n_tiles]
  i64* n_kept;  // [n_tiles]
};

// Runs in the order of maps and positions.
struct RunsTable {
  u32* starts;  // [n_runs]
  i64* runs;    // [n_kept]: number of the run
  i64* labels;  // [n_kept]
  i32* maps;    // [n_kept]
};

struct WriteRunsArgs {
  static constexpr const char* kKernel = "maskmill_write_runs";
  DenseView maps;
  bool is_signed;
  RunBits bits;
  i64 n_words;
  i64 n_tiles;
  const i64* run_offsets;   // [n_tiles + 1]
  const i64* kept_offsets;  // [n_tiles + 1]
  RunsTable table;
};

// Keys of the kept runs in the order of `places`; without, of each at its own place, which is
// written.
struct MakeKeysArgs {
  static constexpr const char* kKernel = "maskmill_make_keys";
  RunsTable table;
  i64 n_kept;
  bool with_map, with_label;
  u64 lowest;  // of the labels' order
  u32 label_bits;
  bool first;
  i64* places;  // [n_kept]
  u64* keys;    // [n_kept]
};

// Sorted runs: those of one mask follow one another.
struct SortedRuns {
  RunsTable table;
  const i64* places;  // [n_kept]
  i64 n_kept;
};

struct CountHeadsArgs {
  static constexpr const char* kKernel = "maskmill_count_heads";
  SortedRuns sorted;
  i64 n_tiles;
  i64* out;          // [n_tiles]
  u64* group_sizes;  // [n_maps], zero
};

struct WriteMasksArgs {
  static constexpr const char* kKernel = "maskmill_write_masks";
  SortedRuns sorted;
  i64 n_runs;
  i64 n_tiles;
  const i64* tile_offsets;  // [n_tiles + 1]
  i32 height, width;
  i64 n_masks;
  u32* bounds;   // [2 * n_kept]
  i64* offsets;  // [n_masks + 1]
  i32* sizes;    // [n_masks, 2]
  i64* labels;   // [n_masks]
};

}  // namespace maskmill
