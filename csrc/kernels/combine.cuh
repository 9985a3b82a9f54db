// Set operations: a thread a slot of the merged bounds of two masks.
#pragma once

#include "core/combine.h"
#include "kernels/combine.h"
#include "kernels/ragged.cuh"
#include "kernels/warp.cuh"

namespace maskmill {

struct MergedBound {
  u32 position;
  bool kept;  // the result flips there
};

// The bound of this rank in the merged order of two masks; of equal ones, that of `a` comes first
// and decides for both.
MASKMILL_DEVICE MergedBound merged_bound(SetOp op, const u32* a, i64 n_a, const u32* b, i64 n_b,
                                         i64 rank) {
  i64 i = rank > n_b ? rank - n_b : 0;  // bounds of a before it
  i64 most = rank < n_a ? rank : n_a;
  while (i < most) {
    const i64 middle = i + (most - i) / 2;
    if (a[middle] <= b[rank - 1 - middle]) {
      i = middle + 1;
    } else {
      most = middle;
    }
  }
  const i64 j = rank - i;
  const u32 before = is_set(op, i & 1, j & 1);
  if (i < n_a && (j == n_b || a[i] <= b[j])) {
    const i64 passed = j + (j < n_b && b[j] == a[i] ? 1 : 0);
    return {a[i], before != is_set(op, (i + 1) & 1, passed & 1)};
  }
  const bool again = i > 0 && a[i - 1] == b[j];
  return {b[j], !again && before != is_set(op, i & 1, (j + 1) & 1)};
}

MASKMILL_DEVICE bool is_kept(const Slots& slots, i64 slot) {
  return (slots.kept[slot / 32] >> (slot % 32) & 1) != 0;
}

// Slots kept before this one.
MASKMILL_DEVICE i64 rank_of(const Slots& slots, i64 slot) {
  const u32 before = slots.kept[slot / 32] & ((1U << (slot % 32)) - 1);
  return slots.ranks[slot / 32] + __popc(before);
}

// By a warp, for its 32 slots.
MASKMILL_DEVICE void store_kept(const Slots& slots, i64 word, bool kept) {
  const u32 bits = __ballot_sync(kAllLanes, kept);
  if (lane_index() == 0) {
    slots.kept[word] = bits;
    slots.ranks[word] = __popc(bits);
  }
}

// ---- Pairs of two batches.

MASKMILL_DEVICE i64 start_of(const CombineSide& side, i64 mask) {
  return side.serves_all ? mask * side.n_bounds : side.offsets[mask];
}

// Where the slots of a pair start.
MASKMILL_DEVICE i64 row_start(const CombinePairs& pairs, i64 mask) {
  return start_of(pairs.a, mask) + start_of(pairs.b, mask);
}

MASKMILL_DEVICE MergedBound bound_of_slot(const CombinePairs& pairs, i64 slot) {
  const i64 mask = row_of(pairs, pairs.n_masks, slot);
  const i64 row_a = pairs.a.serves_all ? 0 : mask;
  const i64 row_b = pairs.b.serves_all ? 0 : mask;
  const i64 at_a = pairs.a.offsets[row_a];
  const i64 at_b = pairs.b.offsets[row_b];
  return merged_bound(pairs.op, pairs.a.bounds + at_a, pairs.a.offsets[row_a + 1] - at_a,
                      pairs.b.bounds + at_b, pairs.b.offsets[row_b + 1] - at_b,
                      slot - row_start(pairs, mask));
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_combine_count(CombineCountArgs args) {
  for (i64 word = warp_index(); word <= args.n_slots / 32; word += warp_count()) {
    const i64 slot = word * 32 + lane_index();
    store_kept(args.slots, word, slot < args.n_slots && bound_of_slot(args, slot).kept);
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_combine_write(CombineWriteArgs args) {
  for (i64 slot = thread_index(); slot < args.n_slots; slot += thread_count()) {
    if (is_kept(args.slots, slot)) {
      args.out[rank_of(args.slots, slot)] = bound_of_slot(args, slot).position;
    }
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_combine_offsets(CombineOffsetsArgs args) {
  for (i64 i = thread_index(); i <= args.n_masks; i += thread_count()) {
    args.out[i] = rank_of(args.slots, row_start(args, i));
  }
}

// ---- Groups of one batch.

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_merge_rounds(MergeRoundsArgs args) {
  for (i64 first = warp_index() * kWarp; first < args.n_groups; first += warp_count() * kWarp) {
    const i64 g = first + lane_index();
    const i64 n_masks = g < args.n_groups ? args.groups[g + 1] - args.groups[g] : 0;
    u32 rounds = 0;
    while (i64{1} << rounds < n_masks) ++rounds;
    rounds = warp_max(rounds);
    if (lane_index() == 0 && rounds != 0) atomicMax(args.n_rounds, rounds);
  }
}

// What a round combines; nothing in a round that is not needed.
struct MergeSource {
  const u32* bounds;
  const i64* offsets;
  i64 n_slots;
  u32 n_done;  // rounds before
};

MASKMILL_DEVICE MergeSource source_of(const MergeRound& round) {
  const u32 needed = *round.n_rounds;
  const u32 n_rounds = needed == 0 ? 1 : needed;
  if (round.round >= n_rounds) return {nullptr, nullptr, 0, 0};
  if (round.round == n_rounds - 1) {
    return {round.input, round.input_offsets, round.input_offsets[round.n_masks], 0};
  }
  return {round.bounds, round.offsets, round.offsets[round.n_masks], n_rounds - 1 - round.round};
}

MASKMILL_DEVICE MergedBound bound_of_slot(const MergeRound& round, const MergeSource& source,
                                          i64 slot) {
  const i64 mask = row_of(source.offsets, round.n_masks, slot);
  const i64 g = row_of(round.groups, round.n_groups, mask);
  const i64 pair = (mask - round.groups[g]) / 2;
  const i64 first = round.groups[g] + 2 * pair;
  const i64 stop = first + 2 < round.groups[g + 1] ? first + 2 : round.groups[g + 1];
  const i64 a = source.offsets[first];
  const i64 b = source.offsets[first + 1];
  // The first mask less all others: these unite. So does one that has no neighbour, with nothing.
  const i64 n_input = round.groups[g + 1] - round.groups[g];
  const i64 n_left = (n_input - 1) >> source.n_done;  // but one
  const bool unites = 2 * pair == n_left || (round.op == SetOp::kDifference && pair > 0);
  const SetOp op = unites ? SetOp::kUnion : round.op;
  return merged_bound(op, source.bounds + a, b - a, source.bounds + b, source.offsets[stop] - b,
                      slot - a);
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_merge_count(MergeCountArgs args) {
  const MergeSource source = source_of(args);
  for (i64 word = warp_index(); word < args.n_words; word += warp_count()) {
    const i64 slot = word * 32 + lane_index();
    store_kept(args.slots, word, slot < source.n_slots && bound_of_slot(args, source, slot).kept);
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_merge_write(MergeWriteArgs args) {
  const MergeSource source = source_of(args);
  if (source.offsets == nullptr) return;
  for (i64 slot = thread_index(); slot < source.n_slots; slot += thread_count()) {
    if (is_kept(args.slots, slot)) {
      args.out[rank_of(args.slots, slot)] = bound_of_slot(args, source, slot).position;
    }
  }
  for (i64 i = thread_index(); i <= args.n_masks; i += thread_count()) {
    i64 from = i;  // the mask whose bounds come first in mask i of the next round
    if (i < args.n_masks) {
      const i64 g = row_of(args.groups, args.n_groups, i);
      from += i - args.groups[g];
      from = from < args.groups[g + 1] ? from : args.groups[g + 1];
    }
    args.out_offsets[i] = rank_of(args.slots, source.offsets[from]);
  }
}

// No mask at all restricts nothing.
MASKMILL_DEVICE bool is_full(const MergeRound& round, i64 g) {
  return round.op == SetOp::kIntersection && round.groups[g] == round.groups[g + 1];
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_merge_groups(MergeGroupsArgs args) {
  const MergeSource source = source_of(args);
  for (i64 g = thread_index(); g < args.n_groups; g += thread_count()) {
    const i64 first = rank_of(args.slots, source.offsets[args.groups[g]]);
    const i64 stop = rank_of(args.slots, source.offsets[args.groups[g + 1]]);
    args.counts[g] = is_full(args, g) ? 2 : stop - first;
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_merge_finish(MergeFinishArgs args) {
  const MergeSource source = source_of(args);
  for (i64 slot = thread_index(); slot < source.n_slots; slot += thread_count()) {
    if (!is_kept(args.slots, slot)) continue;
    const i64 mask = row_of(source.offsets, args.n_masks, slot);
    const i64 g = row_of(args.groups, args.n_groups, mask);
    const i64 before = rank_of(args.slots, source.offsets[args.groups[g]]);
    args.out[args.group_offsets[g] + rank_of(args.slots, slot) - before] =
        bound_of_slot(args, source, slot).position;
  }
  for (i64 g = thread_index(); g < args.n_groups; g += thread_count()) {
    if (!is_full(args, g)) continue;
    args.out[args.group_offsets[g]] = 0;
    args.out[args.group_offsets[g] + 1] =
        static_cast<u32>(args.sizes[2 * g]) * static_cast<u32>(args.sizes[2 * g + 1]);
  }
}

// ---- Complement.

struct Ends {
  i64 n_bounds;
  u32 n_pixels;
  bool starts_set, ends_set;
};

MASKMILL_DEVICE Ends ends_of(const u32* bounds, const i64* offsets, const i32* sizes, i64 i) {
  const i64 n = offsets[i + 1] - offsets[i];
  const u32 n_pixels = static_cast<u32>(sizes[2 * i]) * static_cast<u32>(sizes[2 * i + 1]);
  return {n, n_pixels, n > 0 && bounds[offsets[i]] == 0,
          n > 0 && bounds[offsets[i + 1] - 1] == n_pixels};
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_complement_count(ComplementCountArgs args) {
  for (i64 i = thread_index(); i < args.n_masks; i += thread_count()) {
    const Ends ends = ends_of(args.bounds, args.offsets, args.sizes, i);
    args.counts[i] = ends.n_bounds + (ends.starts_set ? -1 : 1) + (ends.ends_set ? -1 : 1);
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_complement_write(ComplementWriteArgs args) {
  for (i64 k = thread_index(); k < args.n_out; k += thread_count()) {
    const i64 i = row_of(args.out_offsets, args.n_masks, k);
    const Ends ends = ends_of(args.bounds, args.offsets, args.sizes, i);
    const i64 from = k - args.out_offsets[i] + (ends.starts_set ? 1 : -1);
    u32 bound = 0;
    if (from >= 0) {
      bound = from < ends.n_bounds ? args.bounds[args.offsets[i] + from] : ends.n_pixels;
    }
    args.out[k] = bound;
  }
}

}  // namespace maskmill
