#include "cpu/iou.h"

#include "core/iou.h"
#include "core/measure.h"
#include "cpu/parallel.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 12;  // pairs a piece

struct Measured {
  Buffer<i64> area;
  Buffer<Box> box;
};

Measured measure(const MasksView& masks, int threads) {
  Measured of{Buffer<i64>(masks.n_masks), Buffer<Box>(masks.n_masks)};
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 4, 1 << 14);
  parallel_for(threads, static_cast<int64_t>(cuts.size()) - 1, [&](int64_t p) {
    const auto at = static_cast<size_t>(p);
    for (int64_t i = cuts[at]; i < cuts[at + 1]; ++i) {
      of.area[i] = mask_area(masks.begin(i), masks.n_bounds(i));
      const auto height = static_cast<u32>(masks.height(i));
      const int64_t n = masks.n_bounds(i);
      of.box[i] = n == 0
                      ? Box{0, 0, 0, 0}
                      : mask_box(masks.begin(i), n, height, mask_rows(masks.begin(i), n, height));
    }
  });
  return of;
}

bool apart(const Box& p, const Box& q) {
  return p.x >= q.x + q.width || q.x >= p.x + p.width || p.y >= q.y + q.height ||
         q.y >= p.y + p.height;
}

// finish(common, area_a, area_b, row of b) gives the result of a pair that overlaps.
template <class T, class Finish>
void for_pairs(const PairsView& pairs, T* out, int threads, const Finish& finish) {
  const Measured of_a = measure(pairs.a, threads);
  const Measured of_b = measure(pairs.b, threads);
  // Where the results of each row of a start, and the group of each row.
  Buffer<int64_t> starts(pairs.a.n_masks + 1);
  Buffer<int64_t> group_of(pairs.a.n_masks);
  starts[0] = 0;
  for (int64_t g = 0; g < pairs.n_groups; ++g) {
    for (int64_t i = pairs.groups_a[g]; i < pairs.groups_a[g + 1]; ++i) {
      group_of[i] = g;
      starts[i + 1] = starts[i] + pairs.groups_b[g + 1] - pairs.groups_b[g];
    }
  }
  const auto cuts = split_rows(threads, pairs.a.n_masks, starts.data(), 1, kGrain);
  parallel_for(threads, static_cast<int64_t>(cuts.size()) - 1, [&](int64_t p) {
    const auto at = static_cast<size_t>(p);
    for (int64_t i = cuts[at]; i < cuts[at + 1]; ++i) {
      T* row = out + starts[i];
      const int64_t first = pairs.groups_b[group_of[i]];
      for (int64_t j = first; j < pairs.groups_b[group_of[i] + 1]; ++j) {
        i64 common = 0;
        if (!apart(of_a.box[i], of_b.box[j])) {
          common = overlap(pairs.a.begin(i), pairs.a.end(i), pairs.b.begin(j), pairs.b.end(j));
        }
        row[j - first] = finish(common, of_a.area[i], of_b.area[j], j);
      }
    }
  });
}

}  // namespace

int64_t PairsView::n_pairs() const {
  int64_t n = 0;
  for (int64_t g = 0; g < n_groups; ++g) {
    n += (groups_a[g + 1] - groups_a[g]) * (groups_b[g + 1] - groups_b[g]);
  }
  return n;
}

void intersection_area(const PairsView& pairs, int64_t* out, int threads) {
  for_pairs(pairs, out, threads, [](i64 common, i64, i64, int64_t) { return common; });
}

void iou(const PairsView& pairs, const bool* crowd, double* out, int threads) {
  for_pairs(pairs, out, threads, [crowd](i64 common, i64 area_a, i64 area_b, int64_t j) {
    return iou_of(common, area_a, area_b, crowd != nullptr && crowd[j]);
  });
}

void dice(const PairsView& pairs, double* out, int threads) {
  for_pairs(pairs, out, threads, [](i64 common, i64 area_a, i64 area_b, int64_t) {
    return dice_of(common, area_a, area_b);
  });
}

}  // namespace maskmill
