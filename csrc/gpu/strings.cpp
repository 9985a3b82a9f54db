#include "gpu/strings.h"

#include "gpu/scan.h"
#include "kernels/strings.h"

namespace maskmill::gpu {
namespace {

Column<i64> count_runs(Device& device, const MasksView& masks) {
  Column<i64> counts = device.allocate_column<i64>(masks.n_masks + 1);
  device.launch_threads(masks.n_masks, CountRunsArgs{masks.bounds, masks.offsets, masks.sizes,
                                                     masks.n_masks, counts.data()});
  return counts;
}

RunsView view_runs(const MasksView& masks, const Column<i64>& run_offsets) {
  return {masks.bounds, masks.offsets, masks.sizes, run_offsets.data(), masks.n_masks};
}

}  // namespace

Text<u32> to_counts(Device& device, const MasksView& masks) {
  const Column<i64> offsets = count_runs(device, masks);
  const i64 n_runs = counts_to_offsets_and_total(device, offsets);
  const Column<u32> counts = device.allocate_column<u32>(n_runs);
  device.launch_threads(n_runs, ToCountsArgs{view_runs(masks, offsets), n_runs, counts.data()});
  return {counts, offsets};
}

Text<u8> to_coco_strings(Device& device, const MasksView& masks) {
  const Column<i64> run_offsets = count_runs(device, masks);
  counts_to_offsets(device, run_offsets);
  const RunsView runs = view_runs(masks, run_offsets);
  // No mask has more runs than bounds and one.
  const i64 n_tiles = (masks.n_bounds + masks.n_masks + kStringTile - 1) / kStringTile;
  const Column<i64> tile_offsets = device.allocate_column<i64>(n_tiles + 1);
  device.launch_blocks(n_tiles, CountCharsArgs{runs, n_tiles, tile_offsets.data()}, kStringThreads);
  const i64 n_chars = counts_to_offsets_and_total(device, tile_offsets);
  const Column<u8> chars = device.allocate_column<u8>(n_chars);
  const Column<i64> offsets = device.zeros<i64>(masks.n_masks + 1);
  device.launch_blocks(
      n_tiles, ToStringsArgs{runs, tile_offsets.data(), n_tiles, chars.data(), offsets.data()},
      kStringThreads);
  return {chars, offsets};
}

}  // namespace maskmill::gpu
