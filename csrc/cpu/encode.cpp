#include "cpu/encode.h"

#include <cstdlib>
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

}  // namespace

MaskColumns encode(const StackView& dense, int threads) {
  StackView stack = dense;
  if (stack.height == 1) {  // a row is a column
    std::swap(stack.height, stack.width);
    std::swap(stack.stride_y, stack.stride_x);
  }
  if (stack.width == 1 || std::abs(stack.stride_y) < std::abs(stack.stride_x)) {
    return encode_by_columns(stack, threads);
  }
  return encode_by_rows(stack, threads);
}

}  // namespace maskmill
