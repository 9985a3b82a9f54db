// Label maps of masks.
#pragma once

#include "gpu/device.h"
#include "gpu/views.h"

namespace maskmill::gpu {

struct PaintingView {
  const i64* labels;  // [n_masks]
  const i64* order;   // [n_masks]
  const i64* groups;  // [n_maps + 1]
  const i32* sizes;   // [n_maps, 2]
  i64 n_maps;
  i64 background;
  u8* out;
  i32 item_size;
};

void label_map(Device& device, const MasksView& masks, const PaintingView& painting);

}  // namespace maskmill::gpu
