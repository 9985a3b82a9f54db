// Compiles the file named by MASKMILL_KERNELS once for every level of cpu/simd.h, each in its
// namespace, where Simd is the struct of cpu/simd_kernels.h. No include guard. That file includes
// nothing: what a header defines inside would be compiled for a machine that is not there.

#include "cpu/simd_kernels.h"

namespace maskmill::portable {
#include MASKMILL_KERNELS
}

#if defined(__x86_64__)

namespace maskmill::sse2 {
#include MASKMILL_KERNELS
}

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#endif
namespace maskmill::avx2 {
#include MASKMILL_KERNELS
}
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#elif defined(__aarch64__)

namespace maskmill::neon {
#include MASKMILL_KERNELS
}

#endif
