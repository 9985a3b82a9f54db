// Paints label maps.
//
// Spans run down the columns, maps run along the rows, and painting span by span would touch one
// cache line a pixel. So each mask is first turned into words of 64 columns: a span flips its
// column's bit in the words of its first row and of the row after its last, and the exclusive-or of
// the words down to a row tells which of the 64 pixels are covered there. Rows are then written
// once, in bands that stay in the cache: the background, and over it each mask in order.
#include "cpu/label_map.h"

#include <algorithm>
#include <bit>

#include "core/label_map.h"
#include "cpu/parallel.h"

namespace maskmill {
namespace {

constexpr int64_t kScratchWords = 1 << 16;  // flips of one tile: 512 KiB a thread
constexpr int64_t kGrain = 1 << 18;         // pixels a piece: about 20 us
constexpr int64_t kBandRows = 16;
constexpr int64_t kNarrowest = 256;  // columns of a tile

// Columns [left, right) and rows [top, bottom) of one map.
struct Tile {
  int64_t map;
  u32 left, right, top, bottom;
};

// One mask inside one tile. The flips of its word column w are at
// first_flip + w * (bottom - top + 1), one word a row and one more below.
struct Layer {
  int64_t first_flip;
  u32 first_word, n_words;  // in words of 64 columns from the tile's left
  u32 top, bottom;
  int64_t label;
};

template <class T>
void paint_word(T* out, uint64_t bits, T value) {
  while (bits != 0) {
    const int start = std::countr_zero(bits);
    const int length = std::countr_one(bits >> start);
    std::fill_n(out + start, length, value);
    bits = start + length == 64 ? 0 : bits >> (start + length) << (start + length);
  }
}

template <class T>
class Painter {
 public:
  Painter(const MasksView& masks, const Painting& painting, const std::vector<int64_t>& map_starts)
      : masks_(masks), painting_(painting), map_starts_(map_starts) {}

  void paint(const Tile& tile) {
    tile_ = tile;
    height_ = static_cast<u32>(painting_.sizes[2 * tile.map]);
    width_ = painting_.sizes[2 * tile.map + 1];
    out_ = static_cast<T*>(painting_.out) + map_starts_[static_cast<size_t>(tile.map)];
    filled_ = false;
    for (int64_t k = painting_.groups[tile.map]; k < painting_.groups[tile.map + 1]; ++k) {
      add(painting_.order[k]);
    }
    if (!layers_.empty() || !filled_) flush();
  }

 private:
  void add(int64_t i) {
    const u32* bounds = masks_.begin(i);
    const int64_t n = masks_.n_bounds(i);
    if (n == 0 || bounds[n - 1] <= u64{tile_.left} * height_ ||
        bounds[0] >= u64{tile_.right} * height_) {
      return;
    }
    u32 left = tile_.right;
    u32 right = tile_.left;
    u32 top = tile_.bottom;
    u32 bottom = tile_.top;
    const auto clipped = [&](const auto& piece) {
      cut_at_columns(bounds, n, height_, tile_.left, tile_.right, [&](u32 x, u32 y0, u32 y1) {
        y0 = std::max(y0, tile_.top);
        y1 = std::min(y1, tile_.bottom);
        if (y0 < y1) piece(x, y0, y1);
      });
    };
    clipped([&](u32 x, u32 y0, u32 y1) {
      left = std::min(left, x);
      right = x + 1;
      top = std::min(top, y0);
      bottom = std::max(bottom, y1);
    });
    if (left >= right) return;
    const u32 first_word = (left - tile_.left) / 64;
    const u32 n_words = (right - 1 - tile_.left) / 64 - first_word + 1;
    const int64_t stride = int64_t{bottom} - top + 1;
    if (!layers_.empty() && flips_.size() + n_words * stride > kScratchWords) flush();
    const int64_t first_flip = flips_.size();
    uint64_t* flips = flips_.room(n_words * stride);
    flips_.advance(n_words * stride);
    std::fill_n(flips, n_words * stride, uint64_t{0});
    clipped([&](u32 x, u32 y0, u32 y1) {
      const u32 bit = x - tile_.left - 64 * first_word;
      uint64_t* column = flips + bit / 64 * stride;
      const uint64_t flip = uint64_t{1} << (bit % 64);
      column[y0 - top] ^= flip;
      column[y1 - top] ^= flip;
    });
    layers_.push({first_flip, first_word, n_words, top, bottom, painting_.labels[i]});
  }

  // Writes the layers gathered so far, the first time over the background.
  void flush() {
    for (int64_t y = tile_.top; y < tile_.bottom; y += kBandRows) {
      const auto top = static_cast<u32>(y);
      const auto bottom = static_cast<u32>(std::min<int64_t>(y + kBandRows, tile_.bottom));
      if (!filled_) {
        for (u32 row = top; row < bottom; ++row) {
          std::fill_n(out_ + row * width_ + tile_.left, tile_.right - tile_.left,
                      static_cast<T>(painting_.background));
        }
      }
      for (const Layer& layer : layers_) {
        const u32 first = std::max(top, layer.top);
        const u32 last = std::min(bottom, layer.bottom);
        if (first < last) paint_band(layer, first, last);
      }
    }
    filled_ = true;
    layers_.clear();
    flips_.clear();
  }

  void paint_band(const Layer& layer, u32 top, u32 bottom) {
    const auto value = static_cast<T>(layer.label);
    for (u32 w = 0; w < layer.n_words; ++w) {
      uint64_t* flips =
          flips_.data() + layer.first_flip + int64_t{w} * (layer.bottom - layer.top + 1);
      T* column = out_ + tile_.left + int64_t{64} * (layer.first_word + w);
      uint64_t covered = 0;
      for (u32 y = top; y < bottom; ++y) {
        covered ^= flips[y - layer.top];
        if (covered != 0) paint_word(column + y * width_, covered, value);
      }
      flips[bottom - layer.top] ^= covered;  // the next band goes on from here
    }
  }

  const MasksView& masks_;
  const Painting& painting_;
  const std::vector<int64_t>& map_starts_;
  Tile tile_{};
  u32 height_ = 0;
  int64_t width_ = 0;
  T* out_ = nullptr;
  bool filled_ = false;
  Buffer<Layer> layers_;
  Buffer<uint64_t> flips_;
};

// As wide as the scratch allows for the whole height, so that rows are written in long stretches;
// narrow enough for every thread to get tiles of a large map.
void add_tiles(const Painting& painting, int64_t map, int threads, std::vector<Tile>& tiles) {
  const int64_t height = painting.sizes[2 * map];
  const int64_t width = painting.sizes[2 * map + 1];
  int64_t columns = kScratchWords / (height + 1) * 64;
  if (threads > 1 && height * width > kGrain)
    columns = std::min(columns, width / (int64_t{4} * threads));
  columns = std::max((columns + 63) / 64 * 64, kNarrowest);
  const int64_t rows = std::max<int64_t>(1, kScratchWords / (columns / 64) - 1);
  for (int64_t left = 0; left < width; left += columns) {
    for (int64_t top = 0; top < height; top += rows) {
      tiles.push_back({map, static_cast<u32>(left),
                       static_cast<u32>(std::min(left + columns, width)), static_cast<u32>(top),
                       static_cast<u32>(std::min(top + rows, height))});
    }
  }
}

template <class T>
void paint_maps(const MasksView& masks, const Painting& painting, int threads) {
  std::vector<int64_t> map_starts{0};
  std::vector<Tile> tiles;
  std::vector<int64_t> pixels{0};  // before each tile
  for (int64_t g = 0; g < painting.n_maps; ++g) {
    map_starts.push_back(map_starts.back() +
                         int64_t{painting.sizes[2 * g]} * painting.sizes[2 * g + 1]);
    add_tiles(painting, g, threads, tiles);
  }
  for (const Tile& tile : tiles) {
    pixels.push_back(pixels.back() + int64_t{tile.right - tile.left} * (tile.bottom - tile.top));
  }
  const auto cuts =
      split_rows(threads, static_cast<int64_t>(tiles.size()), pixels.data(), 64, kGrain);
  parallel_for(threads, static_cast<int64_t>(cuts.size()) - 1, [&](int64_t p) {
    const auto at = static_cast<size_t>(p);
    Painter<T> painter(masks, painting, map_starts);
    for (int64_t t = cuts[at]; t < cuts[at + 1]; ++t) painter.paint(tiles[static_cast<size_t>(t)]);
  });
}

}  // namespace

void label_map(const MasksView& masks, const Painting& painting, int threads) {
  switch (painting.item_size) {
    case 1:
      return paint_maps<uint8_t>(masks, painting, threads);
    case 2:
      return paint_maps<uint16_t>(masks, painting, threads);
    case 4:
      return paint_maps<uint32_t>(masks, painting, threads);
    default:
      return paint_maps<uint64_t>(masks, painting, threads);
  }
}

}  // namespace maskmill
