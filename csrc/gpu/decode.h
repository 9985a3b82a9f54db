// Run lengths to dense masks.
#pragma once

#include "gpu/device.h"
#include "kernels/decode.h"

namespace maskmill::gpu {

void decode(Device& device, const DecodeView& view);

}  // namespace maskmill::gpu
