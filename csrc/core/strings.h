// COCO's compressed counts: numbers in groups of five bits, least significant first. A character
// is 48 plus a group, plus 32 where more groups follow; bit 4 of the last group is the sign.
#pragma once

#include "core/types.h"

namespace maskmill {

// A difference of two counts below 2**32 has 33 bits and a sign.
constexpr int kLongestNumber = 7;

MASKMILL_HD bool is_count_char(u8 c) { return static_cast<u8>(c - 48) < 64; }

// More characters of the number follow this one.
MASKMILL_HD bool continues_number(u8 c) { return ((c - 48) & 0x20) != 0; }

// Groups of five bits to bytes: two halves, four quarters, eight groups.
MASKMILL_HD u64 spread_groups(u64 bits) {
  bits = (bits & 0x00000000000FFFFF) | (bits & 0x000000FFFFF00000) << 12;
  bits = (bits & 0x000003FF000003FF) | (bits & 0x000FFC00000FFC00) << 6;
  return (bits & 0x001F001F001F001F) | (bits & 0x03E003E003E003E0) << 3;
}

// The inverse; other bits of the bytes are ignored.
MASKMILL_HD u64 gather_groups(u64 bytes) {
  bytes = (bytes & 0x001F001F001F001F) | (bytes & 0x1F001F001F001F00) >> 3;
  bytes = (bytes & 0x000003FF000003FF) | (bytes & 0x03FF000003FF0000) >> 6;
  return (bytes & 0x00000000000FFFFF) | (bytes & 0x000FFFFF00000000) >> 12;
}

// Characters that a number in (-2**34, 2**34) takes, 1 to 7.
MASKMILL_HD int number_length(i64 number) {
  const u64 magnitude = static_cast<u64>(number < 0 ? ~number : number);
  int length = 1;
  for (int bits = 4; bits < 34; bits += 5) length += magnitude >> bits != 0;
  return length;
}

// The number as characters, first one in the lowest byte; bytes beyond its length are arbitrary.
MASKMILL_HD u64 number_to_chars(i64 number, int length) {
  const u64 more = 0x2020202020202020 & ((u64{1} << 8 * (length - 1)) - 1);
  return (spread_groups(static_cast<u64>(number) & 0x7FFFFFFFF) | more) + 0x3030303030303030;
}

// The number in the lowest `length` bytes of chars, 1 to 7; other bytes are ignored.
MASKMILL_HD i64 number_from_chars(u64 chars, int length) {
  const u64 groups = gather_groups(chars - 0x3030303030303030);
  const int unused = 64 - 5 * length;
  return static_cast<i64>(groups << unused) >> unused;
}

MASKMILL_HD i64 pixel_count(const i32* sizes, i64 image) {
  return static_cast<i64>(sizes[2 * image]) * sizes[2 * image + 1];
}

// Runs of a mask, background first. The end of the image closes the last one, unless the foreground
// reaches it.
MASKMILL_HD i64 run_count(const u32* bounds, i64 n_bounds, u32 n_pixels) {
  return n_bounds + (n_bounds == 0 || bounds[n_bounds - 1] != n_pixels);
}

MASKMILL_HD u32 run_length(const u32* bounds, i64 n_bounds, u32 n_pixels, i64 run) {
  const u32 end = run < n_bounds ? bounds[run] : n_pixels;
  return end - (run > 0 ? bounds[run - 1] : 0);
}

// What a string holds of a run: its difference to the run two before it, from the fourth on.
MASKMILL_HD i64 run_number(const u32* bounds, i64 n_bounds, u32 n_pixels, i64 run) {
  const i64 length = run_length(bounds, n_bounds, n_pixels, run);
  return run > 2 ? length - i64{run_length(bounds, n_bounds, n_pixels, run - 2)} : length;
}

// A count that a mask of so many pixels may hold.
MASKMILL_HD bool is_possible_count(i64 count, i64 n_pixels) {
  return count >= 0 && count <= n_pixels;
}

}  // namespace maskmill
