// The kernel dialect on the host: csrc/kernels/device.h includes this where no CUDA compiler is at
// work. Names, arguments and results are CUDA's; what CUDA lacks is in namespace maskmill.
//
// Stricter than CUDA where a device would do what the host happens not to: masks must name exactly
// the lanes that come; only __syncwarp orders memory inside a warp, shuffles and votes do not;
// between blocks only store_release with load_acquire do; a shared array is aligned as its type
// asks for and no better; global and shared memory start as poison.
#pragma once

#include <type_traits>

#include "core/types.h"
#include "hooks.h"

#define MASKMILL_KERNEL [[maybe_unused]] static void
#define MASKMILL_DEVICE [[maybe_unused]] static inline
#define MASKMILL_BOUNDS(n)
#define MASKMILL_UNROLL

// `T` may begin with alignas(n).
#define MASKMILL_SHARED(T, name, dims)                                                \
  struct name##_shared {                                                              \
    T value dims;                                                                     \
  };                                                                                  \
  static char name##_key = 0;                                                         \
  auto& name = static_cast<name##_shared*>(                                           \
                   ::maskmill::simt::shared_array(&name##_key, sizeof(name##_shared), \
                                                  alignof(name##_shared), #name))     \
                   ->value
// As many bytes as the launch asked for.
#define MASKMILL_DYNAMIC_SHARED(T, name) \
  T* const name = static_cast<T*>(::maskmill::simt::dynamic_shared())

#define threadIdx (::maskmill::simt::place->thread)
#define blockIdx (::maskmill::simt::place->block)
#define blockDim (::maskmill::simt::place->block_size)
#define gridDim (::maskmill::simt::place->grid_size)

// Inlined, so that the race detector's callers are lines of the kernel.
#define MASKMILL_HOST [[maybe_unused]] __attribute__((always_inline)) static inline
// Last parameters of a function that remembers who called it.
#define MASKMILL_SITE const char *file = __builtin_FILE(), int line = __builtin_LINE()

namespace maskmill::simt {

template <class T>
struct Same {
  using Type = T;
};
// A parameter that takes part in no deduction, so that literals convert as under CUDA.
template <class T>
using Given = typename Same<T>::Type;

template <class T, class... Types>
constexpr bool is_one_of = (std::is_same_v<T, Types> || ...);

template <class T>
MASKMILL_HOST u64 to_bits(T value) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "CUDA has this for 32 and 64 bits");
  u64 bits = 0;
  __builtin_memcpy(&bits, &value, sizeof value);
  return bits;
}

template <class T>
MASKMILL_HOST T from_bits(u64 bits) {
  T value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

template <class T>
MASKMILL_HOST T shuffle(WarpOperation operation, u32 mask, T value, i32 argument, i32 width,
                        Site site) {
  return from_bits<T>(warp({operation, mask, to_bits(value), argument, width, site}));
}

template <class T>
MASKMILL_HOST T update(AtomicOperation operation, T* address, T value, T expected = T()) {
  return from_bits<T>(atomic(
      {operation, address, sizeof(T), std::is_signed_v<T>, to_bits(value), to_bits(expected)}));
}

}  // namespace maskmill::simt

// Barriers.

MASKMILL_HOST void __syncthreads(MASKMILL_SITE) {
  maskmill::simt::barrier(maskmill::simt::Vote::count, false, {file, line});
}
MASKMILL_HOST int __syncthreads_count(int predicate, MASKMILL_SITE) {
  return static_cast<int>(
      maskmill::simt::barrier(maskmill::simt::Vote::count, predicate != 0, {file, line}));
}
MASKMILL_HOST int __syncthreads_and(int predicate, MASKMILL_SITE) {
  return static_cast<int>(
      maskmill::simt::barrier(maskmill::simt::Vote::all, predicate != 0, {file, line}));
}
MASKMILL_HOST int __syncthreads_or(int predicate, MASKMILL_SITE) {
  return static_cast<int>(
      maskmill::simt::barrier(maskmill::simt::Vote::any, predicate != 0, {file, line}));
}

// Warps.

MASKMILL_HOST void __syncwarp(unsigned mask = ~0U, MASKMILL_SITE) {
  maskmill::simt::warp({maskmill::simt::WarpOperation::sync, mask, 0, 0, 32, {file, line}});
}
MASKMILL_HOST unsigned __ballot_sync(unsigned mask, int predicate, MASKMILL_SITE) {
  const unsigned long long vote = predicate != 0;
  return static_cast<unsigned>(maskmill::simt::warp(
      {maskmill::simt::WarpOperation::ballot, mask, vote, 0, 32, {file, line}}));
}
MASKMILL_HOST int __any_sync(unsigned mask, int predicate, MASKMILL_SITE) {
  return __ballot_sync(mask, predicate, file, line) != 0;
}
MASKMILL_HOST int __all_sync(unsigned mask, int predicate, MASKMILL_SITE) {
  return __ballot_sync(mask, predicate, file, line) == mask;
}
MASKMILL_HOST unsigned __reduce_add_sync(unsigned mask, unsigned value, MASKMILL_SITE) {
  return static_cast<unsigned>(
      maskmill::simt::warp({maskmill::simt::WarpOperation::sum, mask, value, 0, 32, {file, line}}));
}
template <class T>
MASKMILL_HOST unsigned __match_any_sync(unsigned mask, T value, MASKMILL_SITE) {
  return static_cast<unsigned>(maskmill::simt::warp({maskmill::simt::WarpOperation::match,
                                                     mask,
                                                     maskmill::simt::to_bits(value),
                                                     0,
                                                     32,
                                                     {file, line}}));
}
template <class T>
MASKMILL_HOST T __shfl_sync(unsigned mask, T value, int lane, int width = 32, MASKMILL_SITE) {
  return maskmill::simt::shuffle(maskmill::simt::WarpOperation::shuffle, mask, value, lane, width,
                                 {file, line});
}
template <class T>
MASKMILL_HOST T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                               MASKMILL_SITE) {
  return maskmill::simt::shuffle(maskmill::simt::WarpOperation::shuffle_up, mask, value,
                                 static_cast<int>(delta), width, {file, line});
}
template <class T>
MASKMILL_HOST T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                                 MASKMILL_SITE) {
  return maskmill::simt::shuffle(maskmill::simt::WarpOperation::shuffle_down, mask, value,
                                 static_cast<int>(delta), width, {file, line});
}
template <class T>
MASKMILL_HOST T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, MASKMILL_SITE) {
  return maskmill::simt::shuffle(maskmill::simt::WarpOperation::shuffle_xor, mask, value, lanes,
                                 width, {file, line});
}

// Atomics, of the types that CUDA has them for.

#define MASKMILL_ATOMIC(name, operation, ...)                                                  \
  template <class T>                                                                           \
  MASKMILL_HOST T name(T* address, maskmill::simt::Given<T> value) {                           \
    static_assert(maskmill::simt::is_one_of<T, __VA_ARGS__>, #name " of this type");           \
    return maskmill::simt::update(maskmill::simt::AtomicOperation::operation, address, value); \
  }
MASKMILL_ATOMIC(atomicAdd, add, int, unsigned, unsigned long long)
MASKMILL_ATOMIC(atomicOr, bit_or, int, unsigned, unsigned long long)
MASKMILL_ATOMIC(atomicXor, bit_xor, int, unsigned, unsigned long long)
MASKMILL_ATOMIC(atomicAnd, bit_and, int, unsigned, unsigned long long)
MASKMILL_ATOMIC(atomicExch, exchange, int, unsigned, unsigned long long)
MASKMILL_ATOMIC(atomicMin, min, int, unsigned, long long, unsigned long long)
MASKMILL_ATOMIC(atomicMax, max, int, unsigned, long long, unsigned long long)
#undef MASKMILL_ATOMIC

template <class T>
MASKMILL_HOST T atomicCAS(T* address, maskmill::simt::Given<T> expected,
                          maskmill::simt::Given<T> value) {
  static_assert(maskmill::simt::is_one_of<T, int, unsigned, unsigned long long>,
                "atomicCAS of this type");
  return maskmill::simt::update(maskmill::simt::AtomicOperation::compare_exchange, address, value,
                                expected);
}

// Bits.

MASKMILL_HOST int __popc(unsigned bits) { return __builtin_popcount(bits); }
MASKMILL_HOST int __popcll(unsigned long long bits) { return __builtin_popcountll(bits); }
MASKMILL_HOST int __ffs(int bits) { return __builtin_ffs(bits); }
MASKMILL_HOST int __ffsll(long long bits) { return __builtin_ffsll(bits); }
MASKMILL_HOST int __clz(int bits) {
  return bits == 0 ? 32 : __builtin_clz(static_cast<unsigned>(bits));
}
MASKMILL_HOST int __clzll(long long bits) {
  return bits == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(bits));
}
MASKMILL_HOST unsigned __brev(unsigned bits) {
  bits = (bits >> 1 & 0x55555555U) | (bits & 0x55555555U) << 1;
  bits = (bits >> 2 & 0x33333333U) | (bits & 0x33333333U) << 2;
  bits = (bits >> 4 & 0x0F0F0F0FU) | (bits & 0x0F0F0F0FU) << 4;
  return __builtin_bswap32(bits);
}
MASKMILL_HOST unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  const unsigned long long both = static_cast<unsigned long long>(high) << 32 | low;
  return static_cast<unsigned>(both << (shift & 31) >> 32);
}
MASKMILL_HOST unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  const unsigned long long both = static_cast<unsigned long long>(high) << 32 | low;
  return static_cast<unsigned>(both >> (shift & 31));
}
MASKMILL_HOST unsigned __byte_perm(unsigned low, unsigned high, unsigned selector) {
  if ((selector & 0x8888U) != 0) maskmill::simt::fail("__byte_perm by selector %x", selector);
  const unsigned long long both = static_cast<unsigned long long>(high) << 32 | low;
  unsigned result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned from = selector >> (4 * i) & 7;
    result |= static_cast<unsigned>(both >> (8 * from) & 0xFF) << (8 * i);
  }
  return result;
}
template <class T>
MASKMILL_HOST T __ldg(const T* address) {
  return *address;
}

namespace maskmill {

template <class T>
MASKMILL_HOST T load_acquire(const T* address) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  return simt::from_bits<T>(simt::load_acquire(address, sizeof(T)));
}
template <class T>
MASKMILL_HOST void store_release(T* address, simt::Given<T> value) {
  simt::store_release(address, sizeof(T), simt::to_bits<T>(value));
}

MASKMILL_HOST void pause() { simt::pause(); }

// Never contracted to a multiply-add: host code is built with -ffp-contract=off.
MASKMILL_HOST double multiply(double a, double b) { return a * b; }
MASKMILL_HOST double add(double a, double b) { return a + b; }

MASKMILL_HOST void mma_b1(int c[4], const unsigned a[4], const unsigned b[2], MASKMILL_SITE) {
  const simt::BitOperands operands = {c, a, b};
  simt::warp({simt::WarpOperation::multiply_bits,
              ~0U,
              reinterpret_cast<u64>(&operands),
              0,
              32,
              {file, line}});
}

MASKMILL_HOST void copy_async_16(void* shared, const void* global, bool ok, MASKMILL_SITE) {
  simt::copy_async(shared, global, ok, {file, line});
}
MASKMILL_HOST void copy_async_commit() { simt::copy_async_commit(); }
template <int N>
MASKMILL_HOST void copy_async_wait() {
  static_assert(N >= 0);
  simt::copy_async_wait(N);
}

}  // namespace maskmill
