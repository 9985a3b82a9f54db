// Counts and COCO strings.
#pragma once

#include "gpu/device.h"
#include "gpu/views.h"

namespace maskmill::gpu {

// Values, and where those of each mask begin.
template <class T>
struct Text {
  Column<T> values;
  Column<i64> offsets;  // [n_masks + 1]
};

Text<u32> to_counts(Device& device, const MasksView& masks);
Text<u8> to_coco_strings(Device& device, const MasksView& masks);

// Records of counts or of characters.
template <class T>
struct RecordsView {
  const T* values;
  i64 n_values;
  const i64* offsets;  // [n_masks + 1]
  const i32* sizes;    // [n_masks, 2]
  i64 n_masks;
};

// Masks, or the first record that is none.
struct FromRecords {
  MaskColumns masks;
  i64 first_bad = -1;  // -1 if all are good; else there are no masks
};

FromRecords from_counts(Device& device, const RecordsView<i64>& records);
FromRecords from_coco_strings(Device& device, const RecordsView<u8>& records);

}  // namespace maskmill::gpu
