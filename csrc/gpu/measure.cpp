#include "gpu/measure.h"

#include "kernels/measure.h"

namespace maskmill::gpu {

Column<i64> area(Device& device, const MasksView& masks) {
  Column<i64> out = device.allocate_column<i64>(masks.n_masks);
  device.launch_warps(masks.n_masks,
                      AreaArgs{masks.bounds, masks.offsets, masks.n_masks, out.data()});
  return out;
}

Column<i64> bbox(Device& device, const MasksView& masks) {
  Column<i64> out = device.allocate_column<i64>(4 * masks.n_masks);
  device.launch_warps(
      masks.n_masks, BboxArgs{masks.bounds, masks.offsets, masks.sizes, masks.n_masks, out.data()});
  return out;
}

}  // namespace maskmill::gpu
