// Prefix sums.
#pragma once

#include "core/types.h"
#include "gpu/device.h"

namespace maskmill::gpu {

// Turns the n counts at the front of `values` [n + 1] into offsets, in place.
void counts_to_offsets(Device& device, const Column<i64>& values);

// The same, and gives the last offset: the one read-back of an operation.
int64_t counts_to_offsets_and_total(Device& device, const Column<i64>& values);

}  // namespace maskmill::gpu
