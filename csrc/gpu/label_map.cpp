#include "gpu/label_map.h"

#include "gpu/scan.h"
#include "kernels/label_map.h"

namespace maskmill::gpu {

void label_map(Device& device, const MasksView& masks, const PaintingView& painting) {
  const i64 n_maps = painting.n_maps;
  const Column<i64> map_offsets = device.allocate_column<i64>(n_maps + 1);
  const Column<i64> tile_offsets = device.allocate_column<i64>(n_maps + 1);
  device.launch_threads(
      n_maps, CountTilesArgs{painting.sizes, n_maps, map_offsets.data(), tile_offsets.data()});
  counts_to_offsets(device, map_offsets);
  counts_to_offsets(device, tile_offsets);
  device.launch(
      device.n_resident_blocks(), kPaintThreads,
      LabelMapArgs{masks.bounds, masks.offsets, painting.labels, painting.order, painting.groups,
                   painting.sizes, map_offsets.data(), tile_offsets.data(), n_maps,
                   painting.background, painting.out, painting.item_size});
}

}  // namespace maskmill::gpu
