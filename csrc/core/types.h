// Fixed-width integers and the function marks of the arithmetic that host and device share.
// No standard header: these files also compile under NVRTC, which has none.
#pragma once

namespace maskmill {

using u8 = unsigned char;
using u16 = unsigned short;
using u32 = unsigned int;
using u64 = unsigned long long;
using i16 = short;
using i32 = int;
using i64 = long long;

}  // namespace maskmill

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
#define MASKMILL_HD static __host__ __device__ __forceinline__
#else
// Static: a file that is built to be watched (tests/simt) keeps its own copy.
#define MASKMILL_HD static inline
#endif
