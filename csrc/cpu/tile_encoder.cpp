#include "cpu/tile_encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "cpu/simd.h"

namespace maskmill {
namespace {

constexpr int kBands = 4;                 // measured: a quarter more bytes a second than one
constexpr int64_t kBandBytes = 80 << 10;  // no power of two: bands would share cache sets
constexpr int64_t kChunk = 4096;          // items narrowed at a time
constexpr int64_t kSortWords = 128;       // words whose flips are sorted at a time

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

}  // namespace

void TileEncoder::open(const StackView& dense, int64_t mask) {
  dense_ = dense;
  last_whole_ = end_of(dense) - 64;
  mask_ = dense.data + mask * dense.stride_n;
}

bool TileEncoder::is_set(int64_t x, int64_t y) const {
  u8 byte = 0;
  narrow_items(item(x, y), 0, dense_.item_size, 1, &byte);
  return byte != 0;
}

void TileEncoder::close_mask(Buffer<uint32_t>& bounds) const {
  if (is_set(dense_.width - 1, dense_.height - 1)) {
    bounds.push(static_cast<uint32_t>(dense_.height * dense_.width));
  }
}

void TileEncoder::compare(const u8* row, const u8* above, int64_t stride_y, int64_t width,
                          int64_t y, int64_t n_rows, int n_bands, Buffer<FlipWord>& flips) const {
  const int64_t room = n_rows * ((width + 63) / 64) + 1;
  FlipWord* const first = flips.room(n_bands * room);
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
    if (n > 0) std::memmove(flips.end(), own, static_cast<size_t>(n) * sizeof(FlipWord));
    flips.advance(n);
  }
}

void TileEncoder::encode_columns(int64_t x0, int64_t x1, Buffer<uint32_t>& bounds) {
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
  if (x1 == dense_.width) close_mask(bounds);
}

// Bytes along a column; `before` tells whether the pixel before the first is set.
void TileEncoder::encode_run(const u8* bytes, int64_t n, int64_t position, bool before,
                             Buffer<uint32_t>& bounds) {
  const auto compare_and_emit = [&](const u8* above, int64_t at, int64_t width, int n_bands) {
    flips_.clear();
    compare(bytes + at, above, width, width, 0, 1, n_bands, flips_);
    const auto first = static_cast<u32>(position + at);
    const u32* const end =
        MASKMILL_KERNEL(positions_of)(flips_.data(), flips_.size(), first, static_cast<u32>(width),
                                      bounds.room(64 * flips_.size() + 4));
    bounds.advance(end - bounds.end());
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

void TileEncoder::find_flips(int64_t y0, int64_t y1, Buffer<FlipWord>& flips) {
  const int64_t width = dense_.width;
  const int64_t step = dense_.stride_y;
  const bool narrows = dense_.item_size != 1 || dense_.stride_x != 1;
  above_.resize(width + 64);
  if (y0 > 0) {
    narrow_items(item(0, y0 - 1), dense_.stride_x, dense_.item_size, width, above_.data());
  } else {
    above_[0] = 0;
    narrow_items(item(0, dense_.height - 1), dense_.stride_x, dense_.item_size, width - 1,
                 above_.data() + 1);
  }
  if (narrows) {
    const u8* above = above_.data();
    bytes_.resize(2 * (width + 64));
    for (int64_t y = y0; y < y1; ++y) {
      u8* const row = bytes_.data() + y % 2 * (width + 64);
      narrow_items(item(0, y), dense_.stride_x, dense_.item_size, width, row);
      compare(row, above, 0, width, y, 1, 1, flips);
      above = row;
    }
    return;
  }
  compare(item(0, y0), above_.data(), step, width, y0, 1, 1, flips);
  const int64_t most = std::max<int64_t>(kBandBytes / width, 1);
  int64_t y = y0 + 1;
  while (y1 - y >= kBands) {
    const int64_t n_rows = std::min(most, (y1 - y) / kBands);
    compare(item(0, y), item(0, y - 1), step, width, y, n_rows, kBands, flips);
    y += kBands * n_rows;
  }
  if (y < y1) compare(item(0, y), item(0, y - 1), step, width, y, y1 - y, 1, flips);
}

void TileEncoder::sort_flips(const FlipWord* flips, int64_t n_flips, Buffer<uint32_t>& bounds) {
  if (n_flips == 0) return close_mask(bounds);
  pixels_.resize(64 * kSortWords + 4);
  const auto for_each_flip = [&](auto&& visit) {
    for (int64_t at = 0; at < n_flips; at += kSortWords) {
      const FlipPixel* const end = MASKMILL_KERNEL(pixels_of)(
          flips + at, std::min(kSortWords, n_flips - at), pixels_.data());
      for (const FlipPixel* flip = pixels_.data(); flip != end; ++flip) visit(flip->x, flip->y);
    }
  };
  uint32_t low = flips[0].x;
  uint32_t high = low;
  for (int64_t k = 0; k < n_flips; ++k) {
    low = std::min(low, flips[k].x);
    high = std::max(high, flips[k].x);
  }
  high += 64;
  starts_.resize(high);
  std::memset(starts_.data() + low, 0, (high - low) * sizeof(uint32_t));
  for_each_flip([&](u32 x, u32) { ++starts_[x]; });
  uint32_t n = 0;
  for (uint32_t x = low; x < high; ++x) n += std::exchange(starts_[x], n);
  uint32_t* const out = bounds.room(n);
  const auto height = static_cast<uint32_t>(dense_.height);
  for_each_flip([&](u32 x, u32 y) { out[starts_[x]++] = x * height + y; });
  bounds.advance(n);
  close_mask(bounds);
}

}  // namespace maskmill
