// A flip is where a pixel differs from the one before it, down the columns. Where columns lie along
// memory, each byte is compared with the byte before it, and the flips come in order. Where rows
// do, each row is compared with the row above it, and a counting sort by column puts the flips in
// order: real masks have few. The first row is compared with the last one, moved by a column. So
// every order of memory is read once, along memory.
#include "cpu/encode.h"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "cpu/parallel.h"
#include "cpu/simd.h"
#include "cpu/strips.h"

namespace maskmill {
namespace {

constexpr int kBands = 4;                 // measured: a quarter more bytes a second than one
constexpr int64_t kBandBytes = 80 << 10;  // no power of two: bands would share cache sets
constexpr int64_t kChunk = 4096;          // items narrowed at a time
constexpr int64_t kSortWords = 128;       // words whose flips are sorted at a time

// Flips among the 64 pixels at x of row y.
struct FlipWord {
  u64 bits;
  u32 x, y;
};

struct FlipPixel {
  u32 x, y;
};

struct RowBand {
  const u8* row;
  const u8* above;
  u32 y;
  FlipWord* flips;  // grows; there is room for one more than there are words
};

struct RowScan {
  i64 width, n_rows, stride_y;
  const u8* last_whole;  // last place in the caller's memory from where 64 bytes may be read
  RowBand bands[kBands];
};

}  // namespace
}  // namespace maskmill

#define MASKMILL_KERNELS "cpu/encode.inc"
#include "cpu/for_each_simd.h"

namespace maskmill {
namespace {

void narrow_items(const u8* items, int64_t stride, int item_size, int64_t n, u8* bytes) {
  switch (item_size) {
    case 1:
      return MASKMILL_KERNEL(narrow<u8>)(items, stride, n, bytes);
    case 2:
      return MASKMILL_KERNEL(narrow<u16>)(items, stride, n, bytes);
    case 4:
      return MASKMILL_KERNEL(narrow<u32>)(items, stride, n, bytes);
    default:
      return MASKMILL_KERNEL(narrow<u64>)(items, stride, n, bytes);
  }
}

// End of the memory that the stack spans.
const u8* end_of(const StackView& dense) {
  const auto reach = [](int64_t n, int64_t stride) { return stride > 0 ? (n - 1) * stride : 0; };
  return dense.data + reach(dense.n, dense.stride_n) + reach(dense.height, dense.stride_y) +
         reach(dense.width, dense.stride_x) + dense.item_size;
}

// Appends the bounds of strips; owns the memory that they need on the way.
class StripEncoder {
 public:
  // Columns [x0, x1) of mask i.
  void encode(const StackView& dense, int64_t i, int64_t x0, int64_t x1, Buffer<uint32_t>& bounds) {
    dense_ = dense;
    last_whole_ = end_of(dense) - 64;
    mask_ = dense.data + i * dense.stride_n;
    flips_.clear();
    if (dense.width == 1 || std::abs(dense.stride_y) < std::abs(dense.stride_x)) {
      encode_columns(x0, x1, bounds);
    } else {
      encode_rows(x0, x1, bounds);
    }
    if (x1 == dense.width && is_set(x1 - 1, dense.height - 1)) {
      bounds.push(static_cast<uint32_t>(dense.height * dense.width));
    }
  }

 private:
  [[nodiscard]] const u8* item(int64_t x, int64_t y) const {
    return mask_ + x * dense_.stride_x + y * dense_.stride_y;
  }

  [[nodiscard]] bool is_set(int64_t x, int64_t y) const {
    u8 byte = 0;
    narrow_items(item(x, y), 0, dense_.item_size, 1, &byte);
    return byte != 0;
  }

  void encode_columns(int64_t x0, int64_t x1, Buffer<uint32_t>& bounds);
  void encode_run(const u8* bytes, int64_t n, int64_t position, bool before,
                  Buffer<uint32_t>& bounds);
  void encode_rows(int64_t x0, int64_t x1, Buffer<uint32_t>& bounds);
  void sort_flips(int64_t x0, Buffer<uint32_t>& bounds);

  // Appends to flips_ those of n_bands * n_rows rows. `above` is what is above the first row of the
  // first band, and lies to it as for the other bands.
  void compare(const u8* row, const u8* above, int64_t stride_y, int64_t width, int64_t y,
               int64_t n_rows, int n_bands);

  StackView dense_{};
  const u8* last_whole_ = nullptr;
  const u8* mask_ = nullptr;
  Buffer<FlipWord> flips_;
  Buffer<FlipPixel> pixels_;
  Buffer<u8> above_;         // what is above the first row
  Buffer<u8> bytes_;         // narrowed items
  Buffer<uint32_t> starts_;  // where the next flip of a column goes
};

void StripEncoder::compare(const u8* row, const u8* above, int64_t stride_y, int64_t width,
                           int64_t y, int64_t n_rows, int n_bands) {
  const int64_t room = n_rows * ((width + 63) / 64) + 1;
  FlipWord* const first = flips_.room(n_bands * room);
  RowScan scan{width, n_rows, stride_y, last_whole_, {}};
  for (int b = 0; b < n_bands; ++b) {
    const int64_t step = b * n_rows * stride_y;
    scan.bands[b] = {row + step, above + step, static_cast<u32>(y + b * n_rows), first + b * room};
  }
  if (n_bands == kBands) {
    MASKMILL_KERNEL(compare_rows<kBands>)(scan);
  } else {
    MASKMILL_KERNEL(compare_rows<1>)(scan);
  }
  for (int b = 0; b < n_bands; ++b) {
    const FlipWord* const own = first + b * room;
    const int64_t n = scan.bands[b].flips - own;
    if (n > 0) std::memmove(flips_.end(), own, static_cast<size_t>(n) * sizeof(FlipWord));
    flips_.advance(n);
  }
}

void StripEncoder::encode_columns(int64_t x0, int64_t x1, Buffer<uint32_t>& bounds) {
  const int64_t size = dense_.item_size;
  int64_t n_runs = x1 - x0;
  int64_t n_items = dense_.height;
  if (dense_.stride_y == size && dense_.stride_x == size * dense_.height) {
    n_items *= n_runs;  // columns touch: one long run
    n_runs = 1;
  }
  const bool narrows = size != 1 || dense_.stride_y != 1;
  const int64_t chunk = narrows ? kChunk : n_items;
  if (narrows) bytes_.resize(kChunk + 64);
  bool before = x0 > 0 && is_set(x0 - 1, dense_.height - 1);
  int64_t position = x0 * dense_.height;
  for (int64_t r = 0; r < n_runs; ++r) {
    for (int64_t at = 0; at < n_items; at += chunk) {
      const int64_t n = std::min(chunk, n_items - at);
      const u8* bytes = item(x0 + r, 0) + at * dense_.stride_y;
      if (narrows) {
        narrow_items(bytes, dense_.stride_y, dense_.item_size, n, bytes_.data());
        bytes = bytes_.data();
      }
      encode_run(bytes, n, position, before, bounds);
      before = bytes[n - 1] != 0;
      position += n;
    }
  }
}

// Bytes along a column; `before` tells whether the pixel before the first is set.
void StripEncoder::encode_run(const u8* bytes, int64_t n, int64_t position, bool before,
                              Buffer<uint32_t>& bounds) {
  const auto compare_and_emit = [&](const u8* above, int64_t at, int64_t width, int n_bands) {
    compare(bytes + at, above, width, width, 0, 1, n_bands);
    const auto first = static_cast<u32>(position + at);
    const u32* const end =
        MASKMILL_KERNEL(positions_of)(flips_.data(), flips_.size(), first, static_cast<u32>(width),
                                      bounds.room(64 * flips_.size() + 4));
    bounds.advance(end - bounds.end());
    flips_.clear();
  };
  const int64_t head = std::min<int64_t>(n, 64);
  above_.resize(128);
  above_[0] = before ? 1 : 0;
  std::memcpy(above_.data() + 1, bytes, static_cast<size_t>(head - 1));
  compare_and_emit(above_.data(), 0, head, 1);
  int64_t at = head;
  while (n - at >= int64_t{kBands} * 128) {
    const int64_t width = std::min(kBandBytes, (n - at) / kBands / 128 * 128);
    compare_and_emit(bytes + at - 1, at, width, kBands);
    at += kBands * width;
  }
  if (at < n) compare_and_emit(bytes + at - 1, at, n - at, 1);
}

void StripEncoder::encode_rows(int64_t x0, int64_t x1, Buffer<uint32_t>& bounds) {
  const int64_t width = x1 - x0;
  const int64_t height = dense_.height;
  above_.resize(width + 64);
  above_[0] = x0 > 0 && is_set(x0 - 1, height - 1) ? 1 : 0;
  narrow_items(item(x0, height - 1), dense_.stride_x, dense_.item_size, width - 1,
               above_.data() + 1);
  const u8* above = above_.data();
  if (dense_.item_size == 1 && dense_.stride_x == 1) {
    compare(item(x0, 0), above, dense_.stride_y, width, 0, 1, 1);
    const int64_t most = std::max<int64_t>(kBandBytes / width, 1);
    for (int64_t y = 1; y < height;) {
      const u8* const row = item(x0, y);
      const int64_t n_rows = std::min(most, (height - y) / kBands);
      if (n_rows > 0) {
        compare(row, row - dense_.stride_y, dense_.stride_y, width, y, n_rows, kBands);
        y += kBands * n_rows;
      } else {
        compare(row, row - dense_.stride_y, dense_.stride_y, width, y, height - y, 1);
        y = height;
      }
    }
  } else {
    bytes_.resize(2 * (width + 64));
    for (int64_t y = 0; y < height; ++y) {
      u8* const row = bytes_.data() + y % 2 * (width + 64);
      narrow_items(item(x0, y), dense_.stride_x, dense_.item_size, width, row);
      compare(row, above, 0, width, y, 1, 1);
      above = row;
    }
  }
  sort_flips(x0, bounds);
}

// Puts the flips, which are in order of rows, in order of columns.
void StripEncoder::sort_flips(int64_t x0, Buffer<uint32_t>& bounds) {
  if (flips_.empty()) return;
  pixels_.resize(64 * kSortWords + 4);
  const auto for_each_flip = [&](auto&& visit) {
    for (int64_t at = 0; at < flips_.size(); at += kSortWords) {
      const FlipPixel* const end = MASKMILL_KERNEL(pixels_of)(
          flips_.data() + at, std::min(kSortWords, flips_.size() - at), pixels_.data());
      for (const FlipPixel* flip = pixels_.data(); flip != end; ++flip) visit(flip->x, flip->y);
    }
  };
  uint32_t low = flips_[0].x;
  uint32_t high = low;
  for (const FlipWord& flip : flips_) {
    low = std::min(low, flip.x);
    high = std::max(high, flip.x);
  }
  high += 64;
  starts_.resize(high);
  std::memset(starts_.data() + low, 0, (high - low) * sizeof(uint32_t));
  for_each_flip([&](u32 x, u32) { ++starts_[x]; });
  uint32_t n = 0;
  for (uint32_t x = low; x < high; ++x) n += std::exchange(starts_[x], n);
  uint32_t* const out = bounds.room(n);
  for_each_flip([&](u32 x, u32 y) {
    out[starts_[x]++] = static_cast<uint32_t>((x0 + x) * dense_.height + y);
  });
  bounds.advance(n);
}

}  // namespace

MaskColumns encode(const StackView& dense, int threads) {
  StackView stack = dense;
  if (stack.height == 1) {  // a row is a column
    std::swap(stack.height, stack.width);
    std::swap(stack.stride_y, stack.stride_x);
  }
  const Strips strips = cut_strips(stack.n, stack.height, stack.width, threads);
  const auto cuts = split_rows(threads, strips.count, nullptr, strips.n_pixels(), kStripGrain);
  MaskColumns columns = build_ragged_with<uint32_t, StripEncoder>(
      threads, cuts, [&](int64_t strip, Buffer<uint32_t>& bounds, StripEncoder& encoder) {
        encoder.encode(stack, strips.mask_of(strip), strips.start(strip), strips.stop(strip),
                       bounds);
      });
  // A mask owns the bounds of its strips.
  for (int64_t i = 0; i <= stack.n; ++i) columns.offsets[i] = columns.offsets[i * strips.per_mask];
  columns.offsets.resize(stack.n + 1);
  return columns;
}

}  // namespace maskmill
