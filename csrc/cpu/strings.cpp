#include "cpu/strings.h"

#include <cstring>
#include <string>

#include "core/strings.h"
#include "cpu/errors.h"
#include "cpu/parallel.h"

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

// Counts of one mask, into room for n_bounds + 1; returns how many.
int64_t write_counts(const MasksView& masks, int64_t i, uint32_t* counts) {
  const uint32_t* bounds = masks.begin(i);
  const int64_t n = masks.n_bounds(i);
  const auto n_pixels = static_cast<uint32_t>(n_pixels_of(masks.sizes, i));
  uint32_t before = 0;
  for (int64_t k = 0; k < n; ++k) {
    counts[k] = bounds[k] - before;
    before = bounds[k];
  }
  // The end of the image closes the background, unless the foreground reaches it.
  if (n > 0 && before == n_pixels) return n;
  counts[n] = n_pixels - before;
  return n + 1;
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

}  // namespace

Ragged<uint32_t> to_counts(const MasksView& masks, int threads) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 4, kGrain);
  return build_ragged<uint32_t>(threads, cuts, [&](int64_t i, Buffer<uint32_t>& values) {
    values.advance(write_counts(masks, i, values.room(masks.n_bounds(i) + 1)));
  });
}

Ragged<unsigned char> to_coco_strings(const MasksView& masks, int threads) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 4, kGrain);
  return build_ragged<unsigned char>(threads, cuts, [&](int64_t i, Buffer<unsigned char>& values) {
    Buffer<uint32_t> counts(masks.n_bounds(i) + 1);
    const int64_t n = write_counts(masks, i, counts.data());
    unsigned char* const first = values.room(kLongestNumber * n + 8);
    unsigned char* last = first;
    for (int64_t k = 0; k < n; ++k) {
      const int64_t number = int64_t{counts[k]} - (k > 2 ? counts[k - 2] : 0);
      const int length = number_length(number);
      const u64 word = number_to_chars(number, length);
      std::memcpy(last, &word, 8);
      last += length;
    }
    values.advance(last - first);
  });
}

MaskColumns from_counts(const CountsView& records, int threads) {
  const auto cuts = split_rows(threads, records.n_masks, records.offsets, 4, kGrain);
  return build_ragged<uint32_t>(threads, cuts, [&](int64_t i, Buffer<uint32_t>& bounds) {
    append_counts(i, records.counts + records.offsets[i],
                  records.offsets[i + 1] - records.offsets[i], n_pixels_of(records.sizes, i),
                  bounds);
  });
}

MaskColumns from_coco_strings(const StringsView& records, int threads) {
  const auto cuts = split_rows(threads, records.n_masks, records.offsets, 4, kGrain);
  return build_ragged<uint32_t>(threads, cuts, [&](int64_t i, Buffer<uint32_t>& bounds) {
    Buffer<int64_t> counts;
    append_numbers(i, records.chars + records.offsets[i],
                   records.offsets[i + 1] - records.offsets[i], counts);
    // Each count is its number plus the count two before it, from the fourth on.
    for (int64_t k = 3; k < counts.size(); ++k) {
      counts[k] =
          static_cast<int64_t>(static_cast<u64>(counts[k]) + static_cast<u64>(counts[k - 2]));
    }
    append_counts(i, counts.data(), counts.size(), n_pixels_of(records.sizes, i), bounds);
  });
}

}  // namespace maskmill
