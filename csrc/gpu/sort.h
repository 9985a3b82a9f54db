// A stable sort of keys with values.
#pragma once

#include "core/types.h"
#include "gpu/device.h"

namespace maskmill::gpu {

struct Pairs {
  Column<u64> keys;
  Column<i64> values;
};

// Orders by the lowest n_bits of the keys; the columns given are overwritten.
Pairs sort_pairs(Device& device, Pairs pairs, int n_bits);

}  // namespace maskmill::gpu
