#include "cpu/encode.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "cpu/parallel.h"
#include "cpu/tile_encoder.h"
#include "cpu/tiles.h"

namespace maskmill {
namespace {

MaskColumns encode_by_columns(const StackView& dense, int threads) {
  const int64_t wanted = tiles_for_threads(dense.n, dense.height * dense.width, threads);
  const Tiles tiles = cut_tiles(dense.n, dense.height, dense.width, wanted, false);
  const auto cuts = split_rows(threads, tiles.count, nullptr, tiles.n_pixels(), kTileGrain);
  MaskColumns columns = build_ragged_with<uint32_t, TileEncoder>(
      threads, cuts, [&](int64_t t, Buffer<uint32_t>& bounds, TileEncoder& encoder) {
        const Tile tile = tiles.tile(t);
        encoder.open(dense, tile.mask);
        encoder.encode_columns(tile.x0, tile.x1, bounds);
      });
  // A mask owns the bounds of its tiles.
  for (int64_t i = 0; i <= dense.n; ++i) columns.offsets[i] = columns.offsets[i * tiles.per_mask];
  columns.offsets.resize(dense.n + 1);
  return columns;
}

// Few large masks: all threads find flips, then each mask is sorted by one.
MaskColumns encode_by_bands(const StackView& dense, int64_t n_bands, int threads) {
  const Tiles tiles = cut_tiles(dense.n, dense.height, dense.width, n_bands, true);
  auto cuts = split_rows(threads, tiles.count, nullptr, tiles.n_pixels(), kTileGrain);
  const auto flips = build_ragged_with<FlipWord, TileEncoder>(
      threads, cuts, [&](int64_t t, Buffer<FlipWord>& own, TileEncoder& encoder) {
        const Tile tile = tiles.tile(t);
        encoder.open(dense, tile.mask);
        encoder.find_flips(tile.y0, tile.y1, own);
      });
  cuts = split_rows(threads, dense.n, nullptr, 1, 1);
  return build_ragged_with<uint32_t, TileEncoder>(
      threads, cuts, [&](int64_t i, Buffer<uint32_t>& bounds, TileEncoder& encoder) {
        const int64_t first = flips.offsets[i * tiles.per_mask];
        const int64_t last = flips.offsets[(i + 1) * tiles.per_mask];
        encoder.open(dense, i);
        encoder.sort_flips(flips.values.data() + first, last - first, bounds);
      });
}

struct MaskScratch {
  TileEncoder encoder;
  Buffer<FlipWord> flips;
};

MaskColumns encode_by_rows(const StackView& dense, int threads) {
  const int64_t n_pixels = dense.height * dense.width;
  const int64_t n_bands = tiles_for_threads(dense.n, n_pixels, threads);
  if (n_bands > 1) return encode_by_bands(dense, n_bands, threads);
  const auto cuts = split_rows(threads, dense.n, nullptr, n_pixels, kTileGrain);
  return build_ragged_with<uint32_t, MaskScratch>(
      threads, cuts, [&](int64_t i, Buffer<uint32_t>& bounds, MaskScratch& scratch) {
        scratch.flips.clear();
        scratch.encoder.open(dense, i);
        scratch.encoder.find_flips(0, dense.height, scratch.flips);
        scratch.encoder.sort_flips(scratch.flips.data(), scratch.flips.size(), bounds);
      });
}

// Masks whose pixels lie between those of the others are taken out of there, some at a time.
constexpr int64_t kTogether = 16;
constexpr int64_t kMostApart = 1 << 26;  // bytes a thread; larger masks stay where they are
constexpr int64_t kStretch = 256;        // pixels: their cache lines stay in the first cache

// Copies pixels of n masks, 1 where there is foreground: mask k to `to + k * n_pixels`.
template <class T>
void take_apart(const u8* from, int64_t stride_n, int64_t n, int64_t stride, int64_t length,
                int64_t n_pixels, u8* to) {
  for (int64_t first = 0; first < length; first += kStretch) {
    const int64_t last = std::min(first + kStretch, length);
    for (int64_t k = 0; k < n; ++k) {
      const u8* at = from + k * stride_n + first * stride;
      u8* const line = to + k * n_pixels;
      for (int64_t i = first; i < last; ++i, at += stride) {
        T value;
        std::memcpy(&value, at, sizeof value);
        line[i] = value != 0 ? 1 : 0;
      }
    }
  }
}

MaskColumns encode_interleaved(const StackView& dense, int threads) {
  const int64_t n_pixels = dense.height * dense.width;
  const int64_t n_groups = (dense.n + kTogether - 1) / kTogether;
  auto cuts = split_rows(threads, n_groups, nullptr, kTogether * n_pixels, kTileGrain);
  for (int64_t& cut : cuts) cut = std::min(cut * kTogether, dense.n);
  const bool by_columns = std::abs(dense.stride_y) < std::abs(dense.stride_x);
  const int64_t stride = by_columns ? dense.stride_y : dense.stride_x;
  const int64_t next = by_columns ? dense.stride_x : dense.stride_y;
  const int64_t length = by_columns ? dense.height : dense.width;
  const auto take = dense.item_size == 1   ? take_apart<uint8_t>
                    : dense.item_size == 2 ? take_apart<uint16_t>
                    : dense.item_size == 4 ? take_apart<uint32_t>
                                           : take_apart<uint64_t>;
  return build_ragged_pieces<uint32_t>(
      threads, cuts, [&](int64_t first, int64_t stop, Buffer<uint32_t>& bounds, int64_t* ends) {
        TileEncoder encoder;
        Buffer<FlipWord> flips;
        Buffer<u8> apart(std::min(kTogether, dense.n) * n_pixels);
        for (int64_t i = first; i < stop; i += kTogether) {
          const int64_t n = std::min(kTogether, stop - i);
          for (int64_t line = 0; line * length < n_pixels; ++line) {
            take(dense.data + i * dense.stride_n + line * next, dense.stride_n, n, stride, length,
                 n_pixels, apart.data() + line * length);
          }
          const StackView own{apart.data(),
                              n,
                              dense.height,
                              dense.width,
                              n_pixels,
                              by_columns ? 1 : length,
                              by_columns ? length : 1,
                              1};
          for (int64_t k = 0; k < n; ++k) {
            encoder.open(own, k);
            if (by_columns) {
              encoder.encode_columns(0, own.width, bounds);
            } else {
              flips.clear();
              encoder.find_flips(0, own.height, flips);
              encoder.sort_flips(flips.data(), flips.size(), bounds);
            }
            ends[i + k] = bounds.size();
            reserve_ahead(i + k + 1 - first, stop - first, bounds);
          }
        }
      });
}

}  // namespace

MaskColumns encode(const StackView& dense, int threads) {
  StackView stack = dense;
  if (stack.height == 1) {  // a row is a column
    std::swap(stack.height, stack.width);
    std::swap(stack.stride_y, stack.stride_x);
  }
  const int64_t nearest = std::min(std::abs(stack.stride_y), std::abs(stack.stride_x));
  if (stack.n > 1 && stack.width > 1 && std::abs(stack.stride_n) < nearest &&
      std::min(stack.n, kTogether) * stack.height * stack.width <= kMostApart) {
    return encode_interleaved(stack, threads);
  }
  if (stack.width == 1 || std::abs(stack.stride_y) < std::abs(stack.stride_x)) {
    return encode_by_columns(stack, threads);
  }
  return encode_by_rows(stack, threads);
}

}  // namespace maskmill
