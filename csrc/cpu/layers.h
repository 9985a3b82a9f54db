// Cuts a mask into words of 64 columns: what it covers, row by row.
//
// A span flips its column's bit in the word of its first row and in that of the row after its last;
// the exclusive-or of the words down to a row tells which of the 64 pixels are covered there.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/label_map.h"
#include "cpu/buffer.h"

namespace maskmill {

// Columns [left, right) and rows [top, bottom) of one map.
struct Tile {
  int64_t map;
  u32 left, right, top, bottom;
};

// 64 columns of one mask, in rows of the tile. The rows [full_top, full_bottom) are covered wholly;
// of the others there are words.
struct Layer {
  u32 word;  // columns from 64 * word on
  u32 top, full_top, full_bottom, bottom;

  [[nodiscard]] int64_t n_words() const {
    return int64_t{full_top} - top + (int64_t{bottom} - full_bottom);
  }
};

class LayerCutter {
 public:
  static constexpr int64_t kMostRows = 1 << 14;  // of a tile

  // For each layer of a mask, left to right, room(layer) gives where its words go, one more than
  // layer.n_words(); done(layer) is called when they are there.
  template <class Room, class Done>
  void cut(const u32* bounds, int64_t n_bounds, u32 height, const Tile& tile, const Room& room,
           const Done& done) {
    u64 begin = u64{tile.left} * height;
    const u64 end = u64{tile.right} * height;
    if (n_bounds == 0 || bounds[n_bounds - 1] <= begin || bounds[0] >= end) return;
    pieces_.reserve(n_bounds / 2 + 64);
    const bool is_tall = tile.bottom - tile.top < height;
    const u32* const bounds_end = bounds + n_bounds;
    const u32* at = begin == 0 ? bounds : bounds + 2 * first_span_after(bounds, n_bounds, begin);
    while (at != bounds_end && *at < end && begin < end) {
      const auto column = static_cast<u32>(std::max<u64>(*at, begin) / height);
      Layer layer{(column - tile.left) / 64, 0, 0, 0, 0};
      begin = (u64{tile.left} + u64{64} * (layer.word + 1)) * height;  // of the next word
      at = is_tall ? cut_word<true>(at, bounds_end, height, tile, layer)
                   : cut_word<false>(at, bounds_end, height, tile, layer);
      if (layer.top >= layer.bottom) continue;
      if (pieces_.size() == 64) find_full_rows(layer);
      write_words(layer, room(layer));
      done(layer);
    }
  }

 private:
  // Rows [top, bottom) of one column of a word.
  struct Piece {
    uint16_t bit, top, bottom;
  };
  static_assert(kMostRows <= UINT16_MAX);

  template <bool kClips>
  const u32* cut_word(const u32* at, const u32* bounds_end, u32 height, const Tile& tile,
                      Layer& layer) {
    const u32 left = tile.left + 64 * layer.word;
    const u32 right = std::min(left + 64, tile.right);
    const u32 tile_top = tile.top;
    const u32 tile_bottom = tile.bottom;
    u32 top = UINT32_MAX;
    u32 bottom = 0;
    Piece* piece = pieces_.data();
    at = cut_at_columns(at, bounds_end, height, left, right, [&](u32 x, u32 y0, u32 y1) {
      if (kClips) {
        if (y1 <= tile_top || y0 >= tile_bottom) return;
        y0 = std::max(y0, tile_top) - tile_top;
        y1 = std::min(y1, tile_bottom) - tile_top;
      }
      top = std::min(top, y0);
      bottom = std::max(bottom, y1);
      *piece++ = {static_cast<uint16_t>(x - left), static_cast<uint16_t>(y0),
                  static_cast<uint16_t>(y1)};
    });
    pieces_.resize(piece - pieces_.data());
    layer.top = top;
    layer.full_top = layer.full_bottom = layer.bottom = bottom;
    return at;
  }

  // Looks for the rows that all of 64 columns cover: below their lowest beginning, above their
  // highest end.
  void find_full_rows(Layer& layer) const {
    u32 top = 0;
    u32 bottom = UINT32_MAX;
    u32 others = 0;
    for (u32 k = 0; k < 64; ++k) {
      const Piece& piece = pieces_[k];
      others |= piece.bit ^ k;
      top = std::max<u32>(top, piece.top);
      bottom = std::min<u32>(bottom, piece.bottom);
    }
    if (others != 0 || top >= bottom) return;
    layer.full_top = top;
    layer.full_bottom = bottom;
  }

  void write_words(const Layer& layer, u64* words) const {
    const int64_t n = layer.n_words();
    std::fill_n(words, n + 1, u64{0});
    const int64_t top = layer.top;
    // Spans begin above the full rows and end below them.
    const int64_t skipped = top + layer.full_bottom - layer.full_top;
    for (const Piece& piece : pieces_) {
      const u64 flip = u64{1} << piece.bit;
      words[piece.top - top] ^= flip;
      words[piece.bottom - skipped] ^= flip;
    }
    u64 covered = 0;
    for (int64_t k = 0; k < n; ++k) words[k] = covered ^= words[k];
  }

  Buffer<Piece> pieces_;  // of one word, in the order of columns
};

}  // namespace maskmill
