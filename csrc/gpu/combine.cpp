#include "gpu/combine.h"

#include "gpu/scan.h"
#include "kernels/combine.h"

namespace maskmill::gpu {
namespace {

constexpr int64_t kWord = 32;  // slots

struct SlotColumns {
  Column<u32> kept;
  Column<i64> ranks;

  [[nodiscard]] Slots view() const { return {kept.data(), ranks.data()}; }
};

// There is a word beyond the last slot, so that the rank of the end is found like any other.
SlotColumns allocate_slots(Device& device, int64_t n_slots) {
  const int64_t n_words = n_slots / kWord + 1;
  return {device.allocate_column<u32>(n_words), device.allocate_column<i64>(n_words + 1)};
}

}  // namespace

MaskColumns combine(Device& device, const MasksView& a, const MasksView& b, SetOp op) {
  const bool a_serves_all = a.n_masks == 1;
  const bool b_serves_all = !a_serves_all && b.n_masks == 1;
  const int64_t n_masks = a_serves_all ? b.n_masks : a.n_masks;
  const int64_t n_slots =
      (a_serves_all ? n_masks : 1) * a.n_bounds + (b_serves_all ? n_masks : 1) * b.n_bounds;
  const SlotColumns slots = allocate_slots(device, n_slots);
  const CombinePairs pairs{{a.bounds, a.offsets, a.n_bounds, a_serves_all},
                           {b.bounds, b.offsets, b.n_bounds, b_serves_all},
                           n_masks,
                           n_slots,
                           op,
                           slots.view()};
  device.launch_threads(n_slots + 1, CombineCountArgs{pairs});
  const int64_t total = counts_to_offsets_and_total(device, slots.ranks);
  MaskColumns out{device.allocate_column<u32>(total), device.allocate_column<i64>(n_masks + 1)};
  device.launch_threads(n_masks + 1, CombineOffsetsArgs{pairs, out.offsets.data()});
  device.launch_threads(n_slots, CombineWriteArgs{pairs, out.bounds.data()});
  return out;
}

MaskColumns complement(Device& device, const MasksView& masks) {
  const Column<i64> offsets = device.allocate_column<i64>(masks.n_masks + 1);
  device.launch_threads(masks.n_masks, ComplementCountArgs{masks.bounds, masks.offsets, masks.sizes,
                                                           masks.n_masks, offsets.data()});
  const int64_t total = counts_to_offsets_and_total(device, offsets);
  MaskColumns out{device.allocate_column<u32>(total), offsets};
  device.launch_threads(
      total, ComplementWriteArgs{masks.bounds, masks.offsets, masks.sizes, offsets.data(),
                                 masks.n_masks, total, out.bounds.data()});
  return out;
}

MaskColumns merge(Device& device, const MasksView& masks, const i64* groups, i64 n_groups, SetOp op,
                  const i32* sizes) {
  const Column<u32> n_rounds = device.zeros<u32>(1);
  device.launch_threads(n_groups, MergeRoundsArgs{groups, n_groups, n_rounds.data()});
  // As many as one group of all masks would take.
  u32 round = 1;
  while (int64_t{1} << round < masks.n_masks) ++round;
  const SlotColumns slots = allocate_slots(device, masks.n_bounds);
  // A round never gives more bounds than it takes.
  MaskColumns combined[2];
  for (u32 k = 1; k < round && k < 3; ++k) {
    combined[k % 2] = {device.allocate_column<u32>(masks.n_bounds),
                       device.allocate_column<i64>(masks.n_masks + 1)};
  }
  const auto nth_round = [&](u32 k) {
    const MaskColumns& before = combined[(k + 1) % 2];
    const bool none = before.offsets.memory == nullptr;
    return MergeRound{masks.bounds,
                      masks.offsets,
                      none ? nullptr : before.bounds.data(),
                      none ? nullptr : before.offsets.data(),
                      masks.n_masks,
                      groups,
                      n_groups,
                      op,
                      k,
                      n_rounds.data(),
                      slots.kept.size,
                      slots.view()};
  };
  const int64_t n_items = masks.n_bounds > masks.n_masks ? masks.n_bounds : masks.n_masks + 1;
  while (--round > 0) {
    const MergeRound current = nth_round(round);
    const MaskColumns& out = combined[round % 2];
    device.launch_threads(masks.n_bounds + 1, MergeCountArgs{current});
    counts_to_offsets(device, slots.ranks);
    device.launch_threads(n_items, MergeWriteArgs{current, out.bounds.data(), out.offsets.data()});
  }
  const MergeRound last = nth_round(0);
  const Column<i64> offsets = device.allocate_column<i64>(n_groups + 1);
  device.launch_threads(masks.n_bounds + 1, MergeCountArgs{last});
  counts_to_offsets(device, slots.ranks);
  device.launch_threads(n_groups, MergeGroupsArgs{last, sizes, offsets.data()});
  const int64_t total = counts_to_offsets_and_total(device, offsets);
  MaskColumns out{device.allocate_column<u32>(total), offsets};
  device.launch_threads(masks.n_bounds > n_groups ? masks.n_bounds : n_groups,
                        MergeFinishArgs{last, sizes, offsets.data(), out.bounds.data()});
  return out;
}

}  // namespace maskmill::gpu
