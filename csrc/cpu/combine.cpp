#include "cpu/combine.h"

#include "cpu/fold.h"
#include "cpu/parallel.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 14;  // bounds a piece: some 20 us of merging

}  // namespace

MaskColumns combine(const MasksView& a, const MasksView& b, SetOp op, int threads) {
  const int64_t n = a.n_masks == 1 ? b.n_masks : a.n_masks;
  const int64_t step_a = a.n_masks == 1 ? 0 : 1;
  const int64_t step_b = b.n_masks == 1 ? 0 : 1;
  std::vector<int64_t> prefix(static_cast<size_t>(n) + 1, 0);
  for (int64_t i = 0; i < n; ++i) {
    prefix[static_cast<size_t>(i) + 1] =
        prefix[static_cast<size_t>(i)] + a.n_bounds(i * step_a) + b.n_bounds(i * step_b);
  }
  const auto cuts = split_rows(threads, n, prefix.data(), 8, kGrain);
  return build_ragged<u32>(threads, cuts, [&](int64_t i, Buffer<u32>& out) {
    const int64_t of_a = i * step_a;
    const int64_t of_b = i * step_b;
    combine_into(op, {a.begin(of_a), a.n_bounds(of_a)}, {b.begin(of_b), b.n_bounds(of_b)}, out);
  });
}

MaskColumns complement(const MasksView& masks, int threads) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 8, 8 * kGrain);
  return build_ragged<u32>(threads, cuts, [&](int64_t i, Buffer<u32>& out) {
    const int64_t n = masks.n_bounds(i);
    const auto n_pixels = static_cast<u32>(masks.height(i) * masks.width(i));
    out.advance(complement_bounds(masks.begin(i), n, n_pixels, out.room(n + 2)));
  });
}

MaskColumns merge(const MasksView& masks, const int64_t* groups, int64_t n_groups, SetOp op,
                  const int32_t* sizes, int threads) {
  std::vector<int64_t> prefix(static_cast<size_t>(n_groups) + 1);
  for (int64_t g = 0; g <= n_groups; ++g) {
    prefix[static_cast<size_t>(g)] = masks.offsets[groups[g]];
  }
  const auto cuts = split_rows(threads, n_groups, prefix.data(), 8, kGrain);
  return build_ragged<u32>(threads, cuts, [&](int64_t g, Buffer<u32>& out) {
    const auto n_pixels = static_cast<u32>(int64_t{sizes[2 * g]} * sizes[2 * g + 1]);
    thread_local Folder folder;
    folder.fold(masks, groups[g], groups[g + 1], op, n_pixels, out);
  });
}

}  // namespace maskmill
