// Where columns lie along memory, spans are written in order. Where rows do, a counting sort brings
// the flips to their rows: the bits of a row are those of the row above it, but for its flips, and
// are written as bytes from there. So every order of memory is written once, along memory. The bits
// of the first row follow from the flips before each of its pixels.
#include "cpu/decode.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "core/reciprocal.h"
#include "cpu/parallel.h"
#include "cpu/simd.h"
#include "cpu/tiles.h"

namespace maskmill {
namespace {

// Larger results do not fit into the caches, and are written past them.
constexpr int64_t kStreamBytes = 16 << 20;
constexpr int64_t kStreamLine = 1024;  // shorter lines are not worth it, unless they touch

constexpr int64_t kMostBits = 1 << 26;  // pixels whose bits, 8 MB, stay in a cache
constexpr int64_t kPixelsPerFlip = 50;  // written in the time that a flip takes to skip

struct Job {
  MasksView masks;
  MutableStackView out;
  Tiles tiles;
  bool by_columns;
};

// Where a tile is written, and the flips of its columns.
struct Target {
  u8* out;  // of the first pixel
  int64_t stride_y, stride_x;
  int64_t height;  // of the mask
  Tile tile;
  bool inside;       // the first pixel of the first column is set
  const u32* first;  // bounds after that pixel
  const u32* last;
};

Target target_of(const Job& job, int64_t t) {
  const Tile tile = job.tiles.tile(t);
  const int64_t height = job.tiles.height;
  const u32* const begin = job.masks.begin(tile.mask);
  const u32* const end = job.masks.end(tile.mask);
  const u32* const first = std::upper_bound(begin, end, static_cast<u32>(tile.x0 * height));
  const u32* const last = std::lower_bound(first, end, static_cast<u32>(tile.x1 * height));
  return {job.out.data + tile.mask * job.out.stride_n + tile.x0 * job.out.stride_x +
              tile.y0 * job.out.stride_y,
          job.out.stride_y,
          job.out.stride_x,
          height,
          tile,
          (first - begin) % 2 == 1,
          first,
          last};
}

// The flips of a tile, row by row, and the bits of its first row, within the columns that the mask
// touches.
class RowFlips {
 public:
  int64_t left = 0;  // column of the first bit
  int64_t n_bits = 0;
  int64_t n_words = 0;
  int64_t y0 = 0;  // first row that is not empty
  int64_t y1 = 0;  // row after the last flip

  void set(const Target& target);

  // Bits of the first row; of the next ones after next_row(y) for each y in turn, from 1 on. There
  // is one word more, which is zero.
  [[nodiscard]] const u64* bits() const { return bits_.data(); }

  void next_row(int64_t y) {
    u64* const bits = bits_.data();
    const u32* const columns = columns_.data();
    for (u32 k = ends_[y - 1]; k < ends_[y]; ++k)
      bits[columns[k] / 64] ^= u64{1} << columns[k] % 64;
  }

 private:
  struct Flip {
    u32 x, y;
  };
  void set_first_row(bool inside);

  Buffer<u64> bits_;
  Buffer<u64> starts_;  // where the first row differs from one column to the next
  Buffer<Flip> flips_;  // below the first row
  Buffer<u32> ends_;    // row y flips at columns_[ends_[y - 1]:ends_[y]]
  Buffer<u32> columns_;
};

void RowFlips::set(const Target& target) {
  left = n_bits = n_words = y0 = y1 = 0;
  if (target.first == target.last && !target.inside) return;
  const Tile& tile = target.tile;
  const Reciprocal by = reciprocal(static_cast<u32>(target.height));
  auto origin = static_cast<u32>(tile.x0 * target.height);
  const bool ends_inside = target.inside != ((target.last - target.first) % 2 == 1);
  left = target.inside ? 0 : divide(*target.first - origin, by).quotient;
  const int64_t right = ends_inside
                            ? tile.x1 - tile.x0
                            : int64_t{divide(target.last[-1] - 1 - origin, by).quotient} + 1;
  n_bits = right - left;
  n_words = (n_bits + 63) / 64;
  origin += static_cast<u32>(left * target.height);
  const auto top_row = static_cast<u32>(tile.y0);
  const auto n_rows = static_cast<u32>(tile.y1 - tile.y0);
  const int64_t n_flips = target.last - target.first;
  starts_.resize(n_words + 1);
  flips_.resize(n_flips + 1);
  ends_.resize(n_rows);
  std::memset(starts_.data(), 0, static_cast<size_t>(n_words + 1) * sizeof(u64));
  std::memset(ends_.data(), 0, n_rows * sizeof(u32));
  u32 low = n_rows;
  u32 high = 0;
  Flip* flips = flips_.data();
  for (int64_t k = 0; k < n_flips; ++k) {
    const auto [x, y] = divide(target.first[k] - origin, by);
    // A flip at or above the first row counts from its own column on in that row, one below it
    // from the next column on.
    const u32 start = x + (y > top_row ? 1 : 0);
    starts_[start / 64] ^= u64{1} << start % 64;
    const bool below = y > top_row && y - top_row < n_rows;
    const u32 own_row = below ? y - top_row : 0;
    *flips = {x, own_row};
    flips += below ? 1 : 0;
    ++ends_[own_row];
    low = std::min(low, below ? own_row : n_rows);
    high = std::max(high, own_row);
  }
  set_first_row(target.inside);
  if (y0 > 0) y0 = low;
  y1 = int64_t{high} + 1;
  // Counting sort.
  ends_[0] = 0;
  u32 n = 0;
  for (u32 y = low; y <= high; ++y) n += std::exchange(ends_[y], n);
  columns_.resize(n_flips);
  for (const Flip* flip = flips_.data(); flip != flips; ++flip)
    columns_[ends_[flip->y]++] = flip->x;
}

void RowFlips::set_first_row(bool inside) {
  bits_.resize(n_words + 1);
  u64 before = inside ? ~u64{0} : 0;
  u64 any = 0;
  for (int64_t k = 0; k < n_words; ++k) {
    u64 word = starts_[k];
    for (int shift = 1; shift < 64; shift *= 2) word ^= word << shift;
    word ^= before;
    before = u64{0} - (word >> 63);
    if (k == n_words - 1 && n_bits % 64 != 0) word &= (u64{1} << n_bits % 64) - 1;
    bits_[k] = word;
    any |= word;
  }
  bits_[n_words] = 0;
  y0 = any != 0 ? 0 : 1;
}

}  // namespace
}  // namespace maskmill

#define MASKMILL_KERNELS "cpu/decode.inc"
#include "cpu/for_each_simd.h"

namespace maskmill {

void decode(const MasksView& masks, const MutableStackView& out, int threads) {
  MutableStackView stack = out;
  if (stack.height == 1) {  // a row is a column
    std::swap(stack.height, stack.width);
    std::swap(stack.stride_y, stack.stride_x);
  }
  const bool by_columns = stack.width == 1 || std::abs(stack.stride_y) < std::abs(stack.stride_x);
  const int64_t n_pixels = stack.height * stack.width;
  const int64_t wanted = tiles_for_threads(stack.n, n_pixels, threads);
  bool bands = false;
  if (!by_columns) {
    // Bands of rows lie along memory; but each looks at all flips of its mask.
    const int64_t n_flips = masks.offsets[masks.n_masks] - masks.offsets[0];
    bands = n_flips * wanted < stack.n * n_pixels / kPixelsPerFlip;
  }
  const Tiles tiles = cut_tiles(stack.n, stack.height, stack.width, wanted, bands);
  const Job job{masks, stack, tiles, by_columns};
  const int64_t line = by_columns ? stack.height : tiles.tile_width;
  const int64_t step = by_columns ? stack.stride_y : stack.stride_x;
  const int64_t next = by_columns ? stack.stride_x : stack.stride_y;
  const bool streams =
      stack.n * n_pixels >= kStreamBytes && step == 1 && (next == line || line >= kStreamLine);
  const int64_t* const weights = tiles.per_mask == 1 ? masks.offsets : nullptr;
  const auto cuts = split_rows(threads, tiles.count, weights, tiles.n_pixels(), kTileGrain);
  parallel_for(threads, static_cast<int64_t>(cuts.size()) - 1, [&](int64_t p) {
    const int64_t first = cuts[static_cast<size_t>(p)];
    const int64_t last = cuts[static_cast<size_t>(p) + 1];
    if (streams) {
      MASKMILL_KERNEL(decode_streamed)(job, first, last);
    } else {
      MASKMILL_KERNEL(decode_cached)(job, first, last);
    }
  });
}

}  // namespace maskmill
