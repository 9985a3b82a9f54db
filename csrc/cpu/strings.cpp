#include "cpu/strings.h"

#include <bit>
#include <cstring>
#include <string>

#include "core/strings.h"
#include "cpu/errors.h"
#include "cpu/parallel.h"
#include "cpu/simd.h"

namespace maskmill {
namespace {

// A number of a string that takes more than three characters.
struct LongNumber {
  i64 index, value;
};

}  // namespace
}  // namespace maskmill

#define MASKMILL_KERNELS "cpu/strings.inc"
#include "cpu/for_each_simd.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 15;  // values a piece: about 30 us of work

__extension__ using int128 = __int128;

std::string to_text(int128 value) {
  std::string digits;
  const bool negative = value < 0;
  do {
    const int digit = static_cast<int>(value % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + (negative ? -digit : digit)));
    value /= 10;
  } while (value != 0);
  return negative ? "-" + digits : digits;
}

int64_t n_pixels_of(const int32_t* sizes, int64_t i) {
  return int64_t{sizes[2 * i]} * sizes[2 * i + 1];
}

// Appends the bounds of one record of run lengths.
void append_counts(int64_t record, const int64_t* counts, int64_t n, int64_t n_pixels,
                   Buffer<uint32_t>& bounds) {
  int128 total = 0;
  for (int64_t k = 0; k < n; ++k) {
    if (counts[k] < 0) {
      throw StructureError(record, "hold no negative count", std::to_string(counts[k]));
    }
    total += counts[k];
  }
  if (total != n_pixels) {
    throw StructureError(record, "add up to height*width = " + std::to_string(n_pixels),
                         to_text(total));
  }
  // An odd number of counts ends with background, whose end is no flip. Flips at one place cancel.
  uint32_t* const first = bounds.room(n);
  uint32_t* last = first;
  uint32_t at = 0;
  for (int64_t k = 0; k < n - n % 2; ++k) {
    at += static_cast<uint32_t>(counts[k]);
    if (last != first && last[-1] == at) {
      --last;
    } else {
      *last++ = at;
    }
  }
  bounds.advance(last - first);
}

// The numbers of one string. Throws for the first rule that it breaks.
void append_numbers(int64_t record, const unsigned char* chars, int64_t n,
                    Buffer<int64_t>& numbers) {
  for (int64_t k = 0; k < n; ++k) {
    if (!is_count_char(chars[k])) {
      throw StructureError(
          record, "hold only the characters '0' to 'o'",
          "byte " + std::to_string(chars[k]) + " at position " + std::to_string(k));
    }
  }
  if (n > 0 && continues_number(chars[n - 1])) {
    throw StructureError(record, "end with a whole number", "a string that breaks off inside one");
  }
  for (int64_t k = 0; k < n;) {
    int length = 1;
    while (continues_number(chars[k + length - 1])) {
      if (++length > kLongestNumber) {
        throw StructureError(
            record, "hold numbers of at most " + std::to_string(kLongestNumber) + " characters",
            "a longer one");
      }
    }
    u64 word = 0;
    std::memcpy(&word, chars + k, static_cast<size_t>(length));
    numbers.push(number_from_chars(word, length));
    k += length;
  }
}

struct NumbersScratch {
  Buffer<i16> numbers;
  Buffer<LongNumber> longs;
  Buffer<int64_t> counts;
};

}  // namespace

Ragged<uint32_t> to_counts(const MasksView& masks, int threads) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 4, kGrain);
  const auto write = MASKMILL_KERNEL(write_counts);
  return build_ragged<uint32_t>(threads, cuts, [&](int64_t i, Buffer<uint32_t>& values) {
    const auto n_pixels = static_cast<u32>(n_pixels_of(masks.sizes, i));
    const int64_t n = masks.n_bounds(i);
    values.advance(write(masks.begin(i), n, n_pixels, values.room(n + 1)));
  });
}

Ragged<unsigned char> to_coco_strings(const MasksView& masks, int threads) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 4, kGrain);
  const auto count = MASKMILL_KERNEL(write_counts);
  const auto write = MASKMILL_KERNEL(write_string);
  return build_ragged_with<unsigned char, Buffer<uint32_t>>(
      threads, cuts, [&](int64_t i, Buffer<unsigned char>& values, Buffer<uint32_t>& counts) {
        const auto n_pixels = static_cast<u32>(n_pixels_of(masks.sizes, i));
        counts.resize(masks.n_bounds(i) + 1);
        const int64_t n = count(masks.begin(i), masks.n_bounds(i), n_pixels, counts.data());
        unsigned char* const first = values.room(kLongestNumber * n + 8);
        values.advance(write(counts.data(), n, first) - first);
      });
}

MaskColumns from_counts(const CountsView& records, int threads) {
  const auto cuts = split_rows(threads, records.n_masks, records.offsets, 4, kGrain);
  const auto read = MASKMILL_KERNEL(read_counts);
  return build_ragged<uint32_t>(threads, cuts, [&](int64_t i, Buffer<uint32_t>& bounds) {
    const int64_t* const counts = records.counts + records.offsets[i];
    const int64_t n = records.offsets[i + 1] - records.offsets[i];
    const int64_t n_pixels = n_pixels_of(records.sizes, i);
    const int64_t n_bounds = read(counts, n, static_cast<u64>(n_pixels), bounds.room(n));
    if (n_bounds >= 0) {
      bounds.advance(n_bounds);
    } else {
      append_counts(i, counts, n, n_pixels, bounds);
    }
  });
}

MaskColumns from_coco_strings(const StringsView& records, int threads) {
  const auto cuts = split_rows(threads, records.n_masks, records.offsets, 4, kGrain);
  const auto read = MASKMILL_KERNEL(read_string);
  return build_ragged_with<uint32_t, NumbersScratch>(
      threads, cuts, [&](int64_t i, Buffer<uint32_t>& bounds, NumbersScratch& scratch) {
        const unsigned char* const chars = records.chars + records.offsets[i];
        const int64_t n = records.offsets[i + 1] - records.offsets[i];
        const int64_t n_pixels = n_pixels_of(records.sizes, i);
        scratch.numbers.resize(n + 8);
        scratch.longs.resize(n / 4 + 1);
        const int64_t n_bounds = read(chars, n, static_cast<u64>(n_pixels), scratch.numbers.data(),
                                      scratch.longs.data(), bounds.room(n));
        if (n_bounds >= 0) {
          bounds.advance(n_bounds);
          return;
        }
        Buffer<int64_t>& counts = scratch.counts;
        counts.clear();
        append_numbers(i, chars, n, counts);
        // Each count is its number plus the count two before it, from the fourth on.
        for (int64_t k = 3; k < counts.size(); ++k) {
          counts[k] =
              static_cast<int64_t>(static_cast<u64>(counts[k]) + static_cast<u64>(counts[k - 2]));
        }
        append_counts(i, counts.data(), counts.size(), n_pixels, bounds);
      });
}

}  // namespace maskmill
