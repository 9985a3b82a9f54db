// Parameters of the kernels of intersection area, IoU and dice.
#pragma once

#include "core/types.h"

namespace maskmill {

enum class PairMeasure : u32 { kIntersection, kIou, kDice };

struct PairSide {
  const u32* bounds;
  const i64* offsets;  // [n_masks + 1]
  const i64* covered;  // [n_spans + 1] pixels of all spans before each
  const i64* groups;   // [n_groups + 1]
};

// All pairs of each group, row-major matrices end to end, and where results go.
struct Pairs {
  PairSide a, b;
  const i64* starts;  // [n_groups + 1] of the matrices
  i64 n_groups;
  PairMeasure measure;
  const bool* crowd;  // [masks of b], or null
  i64* common;        // [pairs] of an intersection
  double* ratios;     // [pairs] of the others
};

struct PairCountsArgs {
  static constexpr const char* kKernel = "maskmill_pair_counts";
  const i64* groups_a;  // [n_groups + 1]
  const i64* groups_b;  // [n_groups + 1]
  i64 n_groups;
  i64* counts;  // [n_groups]
};

// What the host must know to plan.
constexpr u32 kFewGroups = 16;

struct GroupSummary {
  i64 n_a, n_b;                // masks
  i64 n_bounds_a, n_bounds_b;  // of all of them
  i64 n_pixels;                // of a mask
};

struct PairSummary {
  i64 n_pairs;
  GroupSummary groups[kFewGroups];  // set if there are no more
};

struct PairSummaryArgs {
  static constexpr const char* kKernel = "maskmill_pair_summary";
  Pairs pairs;
  const i32* sizes_a;  // [masks of a, 2]
  PairSummary* out;
};

struct SpanLengthsArgs {
  static constexpr const char* kKernel = "maskmill_span_lengths";
  const u32* bounds;
  i64 n_spans;
  i64* lengths;  // [n_spans]
};

struct PairWalkArgs {
  static constexpr const char* kKernel = "maskmill_pair_walk";
  Pairs pairs;
  i64 first, stop;     // pairs
  const i64* boxes_a;  // [masks of a, 4] x, y, width, height
  const i64* boxes_b;  // [masks of b, 4]
};

// Masks of one group as bits: words [first_word, first_word + n_words) of each. The pixels of a
// mask follow one another, the first one in the lowest bit of word 0.
struct PackArgs {
  static constexpr const char* kKernel = "maskmill_pack";
  const u32* bounds;
  const i64* offsets;
  const i64* groups;
  i64 group;
  i64 n_masks;
  i64 first_word;
  i64 n_words;      // a multiple of 4
  i64 n_all_words;  // of a mask; there are none beyond
  u32* out;         // [n_masks, n_words]
};

// Products of two bit matrices, tile by tile; the words of a tile are shared by `n_splits` blocks.
struct BitTiles {
  const u32* a;  // [n_a, n_words]
  const u32* b;  // [n_b, n_words]
  i64 n_a, n_b;
  i64 n_words;
  i64 n_splits;
  i64 split_words;  // a multiple of kStageWords
  u32* counts;      // [n_a, n_b]
};

constexpr i64 kStageWords = 32;

struct BinaryMmaArgs : BitTiles {
  static constexpr const char* kKernel = "maskmill_overlap_mma";
  static constexpr i64 kTile = 128;
  static constexpr int kThreads = 128;
};

struct PopcountArgs : BitTiles {
  static constexpr const char* kKernel = "maskmill_overlap_popcount";
  static constexpr i64 kTile = 64;
  static constexpr int kThreads = 256;
};

struct PairFinishArgs {
  static constexpr const char* kKernel = "maskmill_pair_finish";
  Pairs pairs;
  i64 first, stop;    // pairs
  const u32* counts;  // [stop - first] common pixels
};

}  // namespace maskmill
