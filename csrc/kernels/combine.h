// Parameters of the kernels of set operations.
//
// Both masks of a pair lie in slots, in merged order; a slot is kept where the result flips.
#pragma once

#include "core/combine.h"
#include "core/types.h"

namespace maskmill {

struct Slots {
  u32* kept;   // [n / 32 + 1] a bit a slot
  i64* ranks;  // [n / 32 + 2] slots kept in each word, after the scan before it
};

// One side of the pairs.
struct CombineSide {
  const u32* bounds;
  const i64* offsets;  // [n_masks + 1]
  i64 n_bounds;
  bool serves_all;  // one mask for every pair
};

struct CombinePairs {
  CombineSide a, b;
  i64 n_masks;
  i64 n_slots;  // bounds of all pairs
  SetOp op;
  Slots slots;
};

struct CombineCountArgs : CombinePairs {
  static constexpr const char* kKernel = "maskmill_combine_count";
};

struct CombineWriteArgs : CombinePairs {
  static constexpr const char* kKernel = "maskmill_combine_write";
  u32* out;
};

struct CombineOffsetsArgs : CombinePairs {
  static constexpr const char* kKernel = "maskmill_combine_offsets";
  i64* out;  // [n_masks + 1]
};

// The longest group tells how many rounds there are, 0 for groups of one mask.
struct MergeRoundsArgs {
  static constexpr const char* kKernel = "maskmill_merge_rounds";
  const i64* groups;  // [n_groups + 1]
  i64 n_groups;
  u32* n_rounds;  // [1], zero
};

// A round combines neighbours: masks 2j and 2j + 1 of each group become its mask j. Masks keep
// their number, and those that are no more are empty, so slots are the bounds of the round before.
// Rounds count down to 0; those that the longest group does not need come first and do nothing.
struct MergeRound {
  const u32* input;          // of the first round that does something
  const i64* input_offsets;  // [n_masks + 1]
  const u32* bounds;         // of the others
  const i64* offsets;        // [n_masks + 1]
  i64 n_masks;
  const i64* groups;  // [n_groups + 1]
  i64 n_groups;
  SetOp op;
  u32 round;
  const u32* n_rounds;  // [1]
  i64 n_words;          // of slots
  Slots slots;
};

struct MergeCountArgs : MergeRound {
  static constexpr const char* kKernel = "maskmill_merge_count";
};

struct MergeWriteArgs : MergeRound {
  static constexpr const char* kKernel = "maskmill_merge_write";
  u32* out;          // [as many as the input]
  i64* out_offsets;  // [n_masks + 1]
};

// After the last round: bounds of each group.
struct MergeGroupsArgs : MergeRound {
  static constexpr const char* kKernel = "maskmill_merge_groups";
  const i32* sizes;  // [n_groups, 2]
  i64* counts;       // [n_groups]
};

struct MergeFinishArgs : MergeRound {
  static constexpr const char* kKernel = "maskmill_merge_finish";
  const i32* sizes;          // [n_groups, 2]
  const i64* group_offsets;  // [n_groups + 1]
  u32* out;
};

struct ComplementCountArgs {
  static constexpr const char* kKernel = "maskmill_complement_count";
  const u32* bounds;
  const i64* offsets;  // [n_masks + 1]
  const i32* sizes;    // [n_masks, 2]
  i64 n_masks;
  i64* counts;  // [n_masks]
};

struct ComplementWriteArgs {
  static constexpr const char* kKernel = "maskmill_complement_write";
  const u32* bounds;
  const i64* offsets;      // [n_masks + 1]
  const i32* sizes;        // [n_masks, 2]
  const i64* out_offsets;  // [n_masks + 1]
  i64 n_masks;
  i64 n_out;
  u32* out;
};

}  // namespace maskmill
