#include "cpu/measure.h"

#include "cpu/parallel.h"
#include "cpu/simd.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 16;  // bounds a piece: about 20 us of reading

template <class Body>
void for_each_mask(const MasksView& masks, int threads, const Body& body) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 4, kGrain);
  parallel_for(threads, static_cast<int64_t>(cuts.size()) - 1, [&](int64_t p) {
    const auto at = static_cast<size_t>(p);
    for (int64_t i = cuts[at]; i < cuts[at + 1]; ++i) body(i);
  });
}

MASKMILL_AVX2 Extent extent_avx2(const u32* bounds, i64 n_bounds, Reciprocal by) {
  return extent_of(bounds, n_bounds, by);
}

MASKMILL_AVX2 i64 area_avx2(const u32* bounds, i64 n_bounds) { return mask_area(bounds, n_bounds); }

}  // namespace

Extent measure_extent(const u32* bounds, i64 n_bounds, Reciprocal by) {
  return use_avx2() ? extent_avx2(bounds, n_bounds, by) : extent_of(bounds, n_bounds, by);
}

void area(const MasksView& masks, int64_t* out, int threads) {
  const auto measured = use_avx2() ? area_avx2 : mask_area;
  for_each_mask(masks, threads,
                [&](int64_t i) { out[i] = measured(masks.begin(i), masks.n_bounds(i)); });
}

void bbox(const MasksView& masks, int64_t* out, int threads) {
  const auto measured = use_avx2() ? extent_avx2 : extent_of;
  for_each_mask(masks, threads, [&](int64_t i) {
    const uint32_t* bounds = masks.begin(i);
    const int64_t n = masks.n_bounds(i);
    const Reciprocal by = reciprocal(static_cast<u32>(masks.height(i)));
    const Box box = mask_bbox(bounds, n, by, measured(bounds, n, by));
    out[4 * i] = box.x;
    out[4 * i + 1] = box.y;
    out[4 * i + 2] = box.width;
    out[4 * i + 3] = box.height;
  });
}

}  // namespace maskmill
