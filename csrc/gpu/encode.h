// Dense masks to run lengths.
#pragma once

#include "gpu/device.h"
#include "gpu/views.h"
#include "kernels/dense.h"

namespace maskmill::gpu {

// Scratch memory of one call, in words: 1 GiB. What is larger is read twice, in chunks.
constexpr i64 kMostPackedWords = i64{1} << 28;

struct Encoded {
  MaskColumns masks;
  Column<i32> sizes;  // [n, 2]
};

Encoded encode(Device& device, const DenseView& dense, i64 most_words = kMostPackedWords);

}  // namespace maskmill::gpu
