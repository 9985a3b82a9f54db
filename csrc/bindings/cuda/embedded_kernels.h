// What cmake/kernels.py puts into the module: kernels compiled for some architectures, and the
// sources for all others.
#pragma once

#include <cstddef>
#include <vector>

#include "gpu/nvrtc.h"

namespace maskmill::gpu {

struct KernelImage {
  int architecture;
  const unsigned char* data;
  size_t size;
};

// Of the sources.
const char* kernel_hash();

// In ascending order.
std::vector<KernelImage> compiled_kernels();

std::vector<KernelSource> kernel_sources();

}  // namespace maskmill::gpu
