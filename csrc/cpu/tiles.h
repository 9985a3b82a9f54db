// Masks of a dense stack, cut into tiles: the pieces of work of encode and decode.
#pragma once

#include <algorithm>
#include <cstdint>

namespace maskmill {

constexpr int64_t kTileGrain = 1 << 17;  // pixels that are worth a thread

// Columns [x0, x1) and rows [y0, y1) of one mask.
struct Tile {
  int64_t mask, x0, x1, y0, y1;
};

struct Tiles {
  int64_t count;  // of all masks
  int64_t per_mask;
  int64_t height, width;            // of a mask
  int64_t tile_height, tile_width;  // of a tile; those at the end may be smaller

  [[nodiscard]] int64_t n_pixels() const { return tile_height * tile_width; }
  [[nodiscard]] Tile tile(int64_t t) const {
    const int64_t per_row = (width + tile_width - 1) / tile_width;
    const int64_t x0 = t % per_mask % per_row * tile_width;
    const int64_t y0 = t % per_mask / per_row * tile_height;
    return {t / per_mask, x0, std::min(x0 + tile_width, width), y0,
            std::min(y0 + tile_height, height)};
  }
};

// How many tiles of a mask give every thread something to do.
inline int64_t tiles_for_threads(int64_t n, int64_t n_pixels, int threads) {
  if (n >= threads || n == 0) return 1;
  return std::max<int64_t>(std::min(int64_t{2} * threads / n, n_pixels / kTileGrain), 1);
}

// Cuts each mask into about as many tiles as wanted: bands of rows, or strips of columns.
inline Tiles cut_tiles(int64_t n, int64_t height, int64_t width, int64_t wanted, bool by_rows) {
  const auto divide_up = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  Tiles tiles{0, 1, height, width, height, width};
  if (height == 0 || width == 0) return tiles;
  if (by_rows) {
    tiles.tile_height = divide_up(height, wanted);
  } else {
    tiles.tile_width = std::min(divide_up(divide_up(width, wanted), 64) * 64, width);
  }
  tiles.per_mask = divide_up(height, tiles.tile_height) * divide_up(width, tiles.tile_width);
  tiles.count = n * tiles.per_mask;
  return tiles;
}

}  // namespace maskmill
