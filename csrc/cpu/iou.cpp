#include "cpu/iou.h"

#include <algorithm>

#include "core/iou.h"
#include "cpu/overlap.h"
#include "cpu/parallel.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 14;      // pairs and bounds a piece
constexpr int64_t kBigGroup = 1 << 15;   // pairs of a group that is cut into tiles
constexpr int64_t kTile = 128;           // most masks on either side of a tile
constexpr int64_t kTileBytes = 1 << 18;  // prepared for a side of a tile: it stays in the caches
constexpr int64_t kStripTiles = 64;      // tiles of b that are prepared at a time

// Runs through all pairs of some batches; `finish(common, area_a, area_b, row of b)` gives the
// result of a pair that has pixels in common.
template <class T, class Finish>
class Matrices {
 public:
  Matrices(const PairsView& pairs, const Method* method, T* out, const Finish& finish)
      : pairs_(pairs), method_(method), out_(out), finish_(finish), starts_(pairs.n_groups + 1) {
    starts_[0] = 0;
    for (int64_t g = 0; g < pairs.n_groups; ++g) {
      starts_[g + 1] = starts_[g] + pairs.n_a(g) * pairs.n_b(g);
    }
  }

  void run(int threads) {
    std::vector<int64_t> small;
    std::vector<int64_t> big;
    std::vector<int64_t> prefix{0};  // weights of the small groups, in order
    for (int64_t g = 0; g < pairs_.n_groups; ++g) {
      const int64_t n_pairs = pairs_.n_a(g) * pairs_.n_b(g);
      if (n_pairs == 0) continue;
      if (n_pairs >= kBigGroup) {
        big.push_back(g);
        continue;
      }
      small.push_back(g);
      prefix.push_back(prefix.back() + n_pairs + n_bounds(pairs_.a, pairs_.groups_a + g) +
                       n_bounds(pairs_.b, pairs_.groups_b + g));
    }
    const auto n_small = static_cast<int64_t>(small.size());
    const auto cuts = split_rows(threads, n_small, prefix.data(), 1, kGrain);
    parallel_for(threads, static_cast<int64_t>(cuts.size()) - 1, [&](int64_t p) {
      Prepared a;
      std::vector<Prepared> tiles(1);
      Hits hits;
      for (int64_t k = cuts[static_cast<size_t>(p)]; k < cuts[static_cast<size_t>(p) + 1]; ++k) {
        run_group(small[static_cast<size_t>(k)], 1, a, tiles, hits);
      }
    });
    for (const int64_t g : big) {
      Prepared a;
      std::vector<Prepared> tiles(1);
      Hits hits;
      run_group(g, threads, a, tiles, hits);
    }
  }

 private:
  static int64_t n_bounds(const MasksView& masks, const int64_t* group) {
    return masks.offsets[group[1]] - masks.offsets[group[0]];
  }

  // Tiles of masks of b, a strip of tiles at a time, are prepared once and meet all masks of a.
  void run_group(int64_t g, int threads, Prepared& scratch_a, std::vector<Prepared>& tiles,
                 Hits& scratch_hits) const {
    const Plan plan = method_ != nullptr ? plan_group(pairs_, g, *method_) : plan_group(pairs_, g);
    const int64_t fitting = kTileBytes / std::max<int64_t>(plan.bytes, 1);
    const int64_t tile = std::clamp<int64_t>(fitting, 8, kTile);
    const int64_t begin_a = pairs_.groups_a[g];
    const int64_t end_a = pairs_.groups_a[g + 1];
    const int64_t end_b = pairs_.groups_b[g + 1];
    const int64_t n_shares = int64_t{4} * threads;
    const int64_t n_threads_rows = (end_a - begin_a + n_shares - 1) / n_shares;
    const int64_t step = threads == 1 ? tile : std::clamp<int64_t>(n_threads_rows, 8, tile);
    const int64_t n_steps = (end_a - begin_a + step - 1) / step;
    for (int64_t strip = pairs_.groups_b[g]; strip < end_b; strip += tile * kStripTiles) {
      const int64_t n_tiles = std::min(kStripTiles, (end_b - strip + tile - 1) / tile);
      if (n_tiles > static_cast<int64_t>(tiles.size())) tiles.resize(static_cast<size_t>(n_tiles));
      parallel_for(threads, n_tiles, [&](int64_t t) {
        Prepared& b = tiles[static_cast<size_t>(t)];
        const int64_t first = strip + t * tile;
        b.prepare(pairs_.b, first, std::min(first + tile, end_b), plan.method);
        b.gather_slices();
      });
      const auto run_rows = [&](int64_t p, Prepared& a, Hits& hits) {
        const int64_t first = begin_a + p * step;
        a.prepare(pairs_.a, first, std::min(first + step, end_a), plan.method);
        for (int64_t t = 0; t < n_tiles; ++t) fill(g, a, tiles[static_cast<size_t>(t)], hits);
      };
      if (threads == 1) {
        for (int64_t p = 0; p < n_steps; ++p) run_rows(p, scratch_a, scratch_hits);
      } else {
        parallel_for(threads, n_steps, [&](int64_t p) {
          Prepared a;
          Hits hits;
          run_rows(p, a, hits);
        });
      }
    }
  }

  // Writes the part of the matrix of group g where the rows of a and the columns of b cross.
  void fill(int64_t g, const Prepared& a, const Prepared& b, Hits& hits) const {
    const int64_t n_columns = pairs_.n_b(g);
    for (int64_t i = 0; i < a.n; ++i) {
      T* row = out_ + starts_[g] + (a.begin + i - pairs_.groups_a[g]) * n_columns +
               (b.begin - pairs_.groups_b[g]);
      std::fill(row, row + b.n, T{0});
      hits.find(pairs_.a, a, i, pairs_.b, b);
      for (int64_t k = 0; k < hits.n; ++k) {
        const int64_t j = hits.index[k];
        row[j] = finish_(i64{hits.common[k]}, i64{a.area[i]}, i64{b.area[j]}, b.begin + j);
      }
    }
  }

  const PairsView& pairs_;
  const Method* method_;
  T* out_;
  const Finish& finish_;
  Buffer<int64_t> starts_;
};

}  // namespace

int64_t PairsView::n_pairs() const {
  int64_t n = 0;
  for (int64_t g = 0; g < n_groups; ++g) n += n_a(g) * n_b(g);
  return n;
}

void intersection_area(const PairsView& pairs, const Method* method, int64_t* out, int threads) {
  const auto finish = [](i64 common, i64, i64, int64_t) { return static_cast<int64_t>(common); };
  Matrices(pairs, method, out, finish).run(threads);
}

void iou(const PairsView& pairs, const bool* crowd, double* out, int threads) {
  const auto finish = [crowd](i64 common, i64 area_a, i64 area_b, int64_t j) {
    return iou_of(common, area_a, area_b, crowd != nullptr && crowd[j]);
  };
  Matrices(pairs, nullptr, out, finish).run(threads);
}

void dice(const PairsView& pairs, double* out, int threads) {
  const auto finish = [](i64 common, i64 area_a, i64 area_b, int64_t) {
    return dice_of(common, area_a, area_b);
  };
  Matrices(pairs, nullptr, out, finish).run(threads);
}

}  // namespace maskmill
