#include "cpu/measure.h"

#include "core/measure.h"
#include "cpu/parallel.h"

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

}  // namespace

void area(const MasksView& masks, int64_t* out, int threads) {
  for_each_mask(masks, threads,
                [&](int64_t i) { out[i] = mask_area(masks.begin(i), masks.n_bounds(i)); });
}

void bbox(const MasksView& masks, int64_t* out, int threads) {
  for_each_mask(masks, threads, [&](int64_t i) {
    const uint32_t* bounds = masks.begin(i);
    const int64_t n = masks.n_bounds(i);
    const auto height = static_cast<u32>(masks.height(i));
    const Box box =
        n == 0 ? Box{0, 0, 0, 0} : mask_box(bounds, n, height, mask_rows(bounds, n, height));
    out[4 * i] = box.x;
    out[4 * i + 1] = box.y;
    out[4 * i + 2] = box.width;
    out[4 * i + 3] = box.height;
  });
}

}  // namespace maskmill
