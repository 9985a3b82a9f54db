// COCO strings to counts: a thread eight characters, then a thread a number.
#pragma once

#include "kernels/from_counts.cuh"
#include "kernels/from_strings.h"

namespace maskmill {

// Characters before `at`, back to `start`, whose number goes on; no more than a number may have.
MASKMILL_DEVICE int unfinished_before(const u8* chars, i64 start, i64 at) {
  int n = 0;
  while (n < kLongestNumber && at - n > start && continues_number(chars[at - n - 1])) ++n;
  return n;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_check_chars(CheckCharsArgs args) {
  for (i64 row = thread_index(); row < args.n_rows; row += thread_count()) {
    if (args.offsets[row] == args.offsets[row + 1]) report_bad(args.bad, row);
  }
  for (i64 at = thread_index() * kCharsPerThread; at < args.n_chars;
       at += thread_count() * kCharsPerThread) {
    i64 row = row_of(args.offsets, args.n_rows, at);
    i64 stop = args.offsets[row + 1];
    int unfinished = unfinished_before(args.chars, args.offsets[row], at);
    const i64 end = at + kCharsPerThread < args.n_chars ? at + kCharsPerThread : args.n_chars;
    for (i64 k = at; k < end; ++k) {
      if (k == stop) {
        row = row_of(args.offsets, args.n_rows, k);
        stop = args.offsets[row + 1];
        unfinished = 0;
      }
      const u8 c = args.chars[k];
      unfinished = continues_number(c) ? unfinished + 1 : 0;
      const bool breaks_off = unfinished > 0 && k + 1 == stop;
      if (!is_count_char(c) || breaks_off || unfinished >= kLongestNumber) {
        report_bad(args.bad, row);
      }
    }
  }
}

// The characters of a tile that belong to this thread: [first, stop).
struct CharRange {
  i64 first, stop;
};

MASKMILL_DEVICE CharRange own_chars(const CountsView& strings, i64 n_rows, i64 tile) {
  const i64 n = strings.offsets[n_rows];
  const i64 first = tile * kCharTile + threadIdx.x * kCharsPerThread;
  const i64 stop = first + kCharsPerThread;
  return {first, stop < n ? stop : n};
}

MASKMILL_DEVICE u32 count_numbers(const u8* chars, const CharRange& own) {
  u32 n = 0;
  for (i64 k = own.first; k < own.stop; ++k) n += !continues_number(chars[k]);
  return n;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kCharThreads) maskmill_count_numbers(CountNumbersArgs args) {
  MASKMILL_SHARED(u32, sums, [kCharThreads / kWarp + 1]);
  const i64 n_rows = rows_to_read(args.strings);
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    const CharRange own = own_chars(args.strings, n_rows, tile);
    u32 total;
    block_exclusive_scan<kCharThreads>(count_numbers(args.chars, own), sums, &total);
    if (threadIdx.x == 0) args.out[tile] = total;
  }
}

MASKMILL_DEVICE i64 chain_slot(const ChainsView& chains, i64 place) {
  return (place % 2) * chains.length + place / 2;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kCharThreads) maskmill_read_numbers(ReadNumbersArgs args) {
  MASKMILL_SHARED(u32, sums, [kCharThreads / kWarp + 1]);
  const i64* const offsets = args.strings.offsets;
  const i64 n_rows = rows_to_read(args.strings);
  if (thread_index() == 0) args.offsets[n_rows] = args.tile_offsets[args.n_tiles];
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    const CharRange own = own_chars(args.strings, n_rows, tile);
    u32 total;
    i64 place = args.tile_offsets[tile] +
                block_exclusive_scan<kCharThreads>(count_numbers(args.chars, own), sums, &total);
    if (own.first >= own.stop) continue;
    i64 row = row_of(offsets, n_rows, own.first);
    i64 start = offsets[row];
    int length = unfinished_before(args.chars, start, own.first);
    u64 number = 0;  // the characters so far
    for (int c = 0; c < length; ++c) {
      number |= static_cast<u64>(args.chars[own.first - length + c]) << 8 * c;
    }
    for (i64 k = own.first; k < own.stop; ++k) {
      if (k == offsets[row + 1]) start = offsets[++row];  // no string up to here is empty
      if (k == start) args.offsets[row] = place;
      const u8 c = args.chars[k];
      number |= static_cast<u64>(c) << 8 * length;
      ++length;
      if (!continues_number(c)) {
        args.numbers.data[chain_slot(args.numbers, place)] = number_from_chars(number, length);
        ++place;
        length = 0;
        number = 0;
      }
    }
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_undo_differences(UndoDifferencesArgs args) {
  const CountsView& records = args.records;
  const i64 n_rows = rows_to_read(records);
  const i64 n_counts = records.offsets[n_rows];
  for (i64 k = thread_index(); k < args.n_counts; k += thread_count()) {
    i64 count = 0;
    if (k < n_counts) {
      const i64 row = row_of(records.offsets, n_rows, k);
      const i64 start = records.offsets[row];
      // The first number is itself; the others are added up in two chains from the second and the
      // third on.
      const i64 first = k == start ? start : start + 2 - (k - start) % 2;
      const u64 sum = static_cast<u64>(args.sums.data[chain_slot(args.sums, k) + 1] -
                                       args.sums.data[chain_slot(args.sums, first)]);
      constexpr int unknown = 64 - kScanFlagShift;  // bits that the sums lack
      count = clip_count(records, row, static_cast<i64>(sum << unknown) >> unknown, args.bad);
    }
    args.out[k] = count;
  }
}

}  // namespace maskmill
