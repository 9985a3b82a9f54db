// Paints label maps.
//
// Spans run down the columns, maps run along the rows, and painting span by span would touch one
// cache line a pixel. So masks are first cut into layers, words of 64 columns. Then the map is
// written once, in bands of rows that stay in the first cache: the ground, which is the background
// or what covers all of 64 columns of the band, and over it what covers them in part.
//
// Memory: less than 2 MB a thread, and 6 bytes a span of the largest mask.
#include "cpu/label_map.h"

#include <algorithm>
#include <bit>

#include "cpu/layers.h"
#include "cpu/paint.h"
#include "cpu/parallel.h"
#include "cpu/simd.h"

namespace maskmill {
namespace {

constexpr int64_t kMostWords = 1 << 16;   // held at a time
constexpr int64_t kMostPicks = 1 << 14;   // held at a time
constexpr int64_t kBandBytes = 24 << 10;  // of the map
constexpr int64_t kGrain = 1 << 18;       // pixels a piece: about 20 us
constexpr int64_t kNarrowest = 256;       // columns of a tile

template <class T>
class Painter {
 public:
  Painter(const MasksView& masks, const Painting& painting, const std::vector<int64_t>& map_starts)
      : masks_(masks), painting_(painting), map_starts_(map_starts) {}

  void paint(const Tile& tile) {
    begin(tile);
    const auto height = static_cast<u32>(painting_.sizes[2 * tile.map]);
    for (int64_t k = painting_.groups[tile.map]; k < painting_.groups[tile.map + 1]; ++k) {
      const int64_t i = painting_.order[k];
      const auto value = static_cast<T>(painting_.labels[i]);
      cutter_.cut(
          masks_.begin(i), masks_.n_bounds(i), height, tile,
          [&](const Layer& layer) { return make_room(layer); },
          [&](const Layer& layer) { add(layer, value); });
    }
    if (!layers_.empty() || !is_filled_) flush();
  }

 private:
  struct PaintedLayer {
    Layer shape;
    T value;
    int64_t first_word;  // in words_
  };

  // A layer touches a band, and covers all 64 columns of it or not.
  struct Pick {
    u32 band, layer;
    bool is_full;
  };
  struct SortedPick {
    u32 layer;
    bool is_full;
  };

  // Rows [top, bottom) of the tile.
  struct Band {
    u32 top, bottom;

    [[nodiscard]] u32 clamp(u32 y) const { return std::clamp(y, top, bottom); }
  };

  void begin(const Tile& tile) {
    n_rows_ = tile.bottom - tile.top;
    n_columns_ = tile.right - tile.left;
    stride_ = painting_.sizes[2 * tile.map + 1];
    out_ = static_cast<T*>(painting_.out) + map_starts_[static_cast<size_t>(tile.map)] +
           tile.top * stride_ + tile.left;
    // Rows apart in memory may share few places of the cache: then bands are low.
    const int64_t most = n_columns_ == stride_ ? 64 : 16;
    const int64_t row_bytes = n_columns_ * static_cast<int64_t>(sizeof(T));
    band_rows_ = static_cast<u32>(std::clamp<int64_t>(kBandBytes / row_bytes, 4, most));
    const int64_t n_words = (n_columns_ + 63) / 64;
    words_.reserve(std::min(kMostWords, n_rows_ * n_words) + 1);
    ground_.resize(n_words);
    lowest_.resize(n_words);
    next_.resize((n_rows_ + band_rows_ - 1) / band_rows_);
    std::fill(next_.begin(), next_.end(), 0);
    is_filled_ = false;
  }

  u64* make_room(const Layer& layer) {
    const int64_t n = layer.n_words();
    if (words_.size() + n > kMostWords || picks_.size() >= kMostPicks) flush();
    return words_.room(n + 1);
  }

  void add(const Layer& layer, T value) {
    const auto number = static_cast<u32>(layers_.size());
    layers_.push({layer, value, words_.size()});
    words_.advance(layer.n_words());
    for (u32 band = layer.top / band_rows_, y = band * band_rows_; y < layer.bottom; ++band) {
      const u32 end = std::min(y + band_rows_, n_rows_);
      picks_.push({band, number, layer.full_top <= y && end <= layer.full_bottom});
      ++next_[band];
      y = end;
    }
  }

  // Writes the layers gathered so far, the first time over the background.
  void flush() {
    u32 total = 0;  // sort the picks by band, stably
    for (u32& next : next_) total += std::exchange(next, total);
    sorted_.resize(total);
    for (const Pick& pick : picks_) sorted_[next_[pick.band]++] = {pick.layer, pick.is_full};
    if (use_avx2()) {
      paint_bands_avx2();
    } else {
      paint_bands();
    }
    is_filled_ = true;
    layers_.clear();
    words_.clear();
    picks_.clear();
  }

  MASKMILL_AVX2 void paint_bands_avx2() { paint_bands(); }

  void paint_bands() {
    const SortedPick* picks = sorted_.data();
    for (int64_t b = 0; b < next_.size(); ++b) {
      const SortedPick* const end = sorted_.data() + next_[b];
      const auto top = static_cast<u32>(b) * band_rows_;
      paint_band({top, std::min(top + band_rows_, n_rows_)}, picks, end);
      picks = end;
      next_[b] = 0;
    }
  }

  void paint_band(const Band& band, const SortedPick* picks, const SortedPick* picks_end) {
    std::fill(lowest_.begin(), lowest_.end(), int64_t{0});
    if (!is_filled_) {
      // A layer that covers 64 columns of the whole band hides all that lies under it there.
      std::fill(ground_.begin(), ground_.end(), splat(static_cast<T>(painting_.background)));
      for (const SortedPick* pick = picks; pick < picks_end; ++pick) {
        if (!pick->is_full) continue;
        const PaintedLayer& layer = layers_[pick->layer];
        ground_[layer.shape.word] = splat(layer.value);
        lowest_[layer.shape.word] = pick + 1 - picks;
      }
      paint_ground(band);
    }
    for (const SortedPick* pick = picks; pick < picks_end; ++pick) {
      const PaintedLayer& layer = layers_[pick->layer];
      if (pick - picks >= lowest_[layer.shape.word]) paint_layer(band, layer);
    }
  }

  void paint_ground(const Band& band) {
    const auto background = static_cast<T>(painting_.background);
    const int64_t n_whole = n_columns_ / 64;
    for (int64_t y = band.top; y < band.bottom; ++y) {
      T* const row = out_ + y * stride_;
      for (int64_t w = 0; w < n_whole; ++w) paint_all(row + 64 * w, ground_[w]);
      std::fill(row + 64 * n_whole, row + n_columns_, background);
    }
  }

  void paint_layer(const Band& band, const PaintedLayer& layer) {
    const Layer& shape = layer.shape;
    const u64* const words = words_.data() + layer.first_word;
    paint_words(band, layer, shape.top, shape.full_top, words);
    T* const column = out_ + 64 * shape.word;
    const u64 all = splat(layer.value);
    const u32 full_bottom = band.clamp(shape.full_bottom);
    for (int64_t y = band.clamp(shape.full_top); y < full_bottom; ++y) {
      paint_all(column + y * stride_, all);
    }
    paint_words(band, layer, shape.full_bottom, shape.bottom, words + (shape.full_top - shape.top));
  }

  // Paints the rows [top, bottom) of a layer, whose words begin at `top`, as far as they are in the
  // band.
  void paint_words(const Band& band, const PaintedLayer& layer, u32 top, u32 bottom,
                   const u64* words) {
    const int64_t first = band.clamp(top);
    const int64_t n = band.clamp(bottom) - first;
    if (n == 0) return;
    const int64_t n_right = n_columns_ - 64 * layer.shape.word;
    T* out = out_ + 64 * layer.shape.word + first * stride_;
    words += first - top;
    if (n_right >= 64) {
      for (int64_t k = 0; k < n; ++k, out += stride_) paint_some(out, words[k], layer.value);
    } else if (n_columns_ >= 64) {  // the last 64 columns, of which the first are not covered
      const int64_t shift = 64 - n_right;
      for (int64_t k = 0; k < n; ++k, out += stride_) {
        paint_some(out - shift, words[k] << shift, layer.value);
      }
    } else {
      for (int64_t k = 0; k < n; ++k, out += stride_) {
        for (u64 bits = words[k]; bits != 0; bits &= bits - 1) {
          out[std::countr_zero(bits)] = layer.value;
        }
      }
    }
  }

  const MasksView& masks_;
  const Painting& painting_;
  const std::vector<int64_t>& map_starts_;
  u32 n_rows_ = 0, band_rows_ = 0;
  int64_t n_columns_ = 0, stride_ = 0;
  T* out_ = nullptr;  // first pixel of the tile
  bool is_filled_ = false;
  LayerCutter cutter_;
  Buffer<PaintedLayer> layers_;
  Buffer<u64> words_;
  Buffer<Pick> picks_;
  Buffer<SortedPick> sorted_;  // by band, in the order of painting
  Buffer<u32> next_;           // of each band, the number of its picks; later the next one's place
  Buffer<u64> ground_;         // of each word of the band, the value under all that is painted
  Buffer<int64_t> lowest_;     // of each word of the band, the first pick that shows
};

// As wide as the map, so that rows are written in long stretches, but narrow enough for every
// thread to get tiles of a large map.
void add_tiles(const Painting& painting, int64_t map, int threads, std::vector<Tile>& tiles) {
  const int64_t height = painting.sizes[2 * map];
  const int64_t width = painting.sizes[2 * map + 1];
  int64_t columns = width;
  if (threads > 1 && height * width > kGrain) {
    columns = std::max((width / (int64_t{4} * threads) + 63) / 64 * 64, kNarrowest);
  }
  for (int64_t left = 0; left < width; left += columns) {
    for (int64_t top = 0; top < height; top += LayerCutter::kMostRows) {
      tiles.push_back({map, static_cast<u32>(left),
                       static_cast<u32>(std::min(left + columns, width)), static_cast<u32>(top),
                       static_cast<u32>(std::min(top + LayerCutter::kMostRows, height))});
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
