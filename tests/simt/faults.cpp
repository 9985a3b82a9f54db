// One kernel for every fault that the executor finds. With `good`, the same kernel without it.
#include "cases.h"
#include "dialect.h"

namespace maskmill {
namespace {

template <bool good>
MASKMILL_KERNEL shared_write(u32* words) {
  MASKMILL_SHARED(u32, values, [32]);
  values[threadIdx.x + (good ? 0 : 1)] = 1;
  words[threadIdx.x] = 0;
}

template <bool good>
MASKMILL_KERNEL shared_read(u32* words) {
  MASKMILL_SHARED(u32, values, [32]);
  values[threadIdx.x] = 1;
  __syncthreads();
  words[threadIdx.x] = values[threadIdx.x + (good ? 0 : 1)];
}

template <bool good>
MASKMILL_KERNEL global_write(u32* words) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  words[good ? i : i + 1] = i;
}

template <bool good>
MASKMILL_KERNEL global_write_before(u32* words) {
  words[static_cast<i64>(threadIdx.x) - (good ? 0 : 1)] = 1;
}

template <bool good>
MASKMILL_KERNEL uninitialised(u32* words) {
  MASKMILL_SHARED(u32, values, [32]);
  if (good || threadIdx.x < 31) values[threadIdx.x] = 1;
  __syncthreads();
  words[threadIdx.x] = values[threadIdx.x];
}

template <bool good>
MASKMILL_KERNEL divergent_barrier(u32* words) {
  if (good || threadIdx.x % 2 == 0) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  words[threadIdx.x] = 1;
}

template <bool good>
MASKMILL_KERNEL divergent_warp(u32* words) {
  if (good || threadIdx.x < 16) words[threadIdx.x] = __ballot_sync(~0U, 1);
}

template <bool good>
MASKMILL_KERNEL different_operations(u32* words) {
  if (good || threadIdx.x < 16) {
    words[threadIdx.x] = __ballot_sync(~0U, 1);
  } else {
    words[threadIdx.x] = __reduce_add_sync(~0U, 1);
  }
}

template <bool good>
MASKMILL_KERNEL not_in_mask(u32* words) {
  words[threadIdx.x] = __ballot_sync(good ? ~0U : 0xFFFFU, 1);
}

template <bool good>
MASKMILL_KERNEL inactive_lane(u32* words) {
  if (threadIdx.x < 16) words[threadIdx.x] = __shfl_sync(0xFFFFU, threadIdx.x, good ? 15 : 20);
}

template <bool good>
MASKMILL_KERNEL barrier_in_branch(u32* words) {
  if (good || threadIdx.x < 20) {
    __syncthreads();
  } else {
    words[threadIdx.x] = __ballot_sync(0xFFF00000U, 1);
    while (load_acquire(&words[32]) == 0) pause();
  }
}

// Lane 0 of the second warp waits for lane 1, which waits for all at the barrier.
template <bool good>
MASKMILL_KERNEL deadlock(u32* words) {
  if (!good && threadIdx.x == 32) __syncwarp(3);
  __syncthreads();
  words[threadIdx.x] = 1;
}

template <bool good>
MASKMILL_KERNEL exception(u32* words) {
  if (!good && threadIdx.x == 3) throw words;
}

template <bool good>
MASKMILL_KERNEL copy_in_flight(u32* words) {
  MASKMILL_SHARED(alignas(16) u32, values, [128]);
  copy_async_16(&values[4 * threadIdx.x], words + 32, true);
  if (good) copy_async_commit();
  copy_async_wait<0>();
}

template <bool good>
MASKMILL_KERNEL misaligned_copy(u32* words) {
  MASKMILL_SHARED(u32, loose, [4]);
  MASKMILL_SHARED(alignas(16) u32, aligned, [4]);
  if (threadIdx.x != 0) return;
  copy_async_16(good ? aligned : loose, words + 32, true);
  copy_async_commit();
  copy_async_wait<0>();
}

template <bool good>
MASKMILL_KERNEL too_much_shared(u32* words) {
  MASKMILL_SHARED(u8, some, [40 << 10]);
  MASKMILL_SHARED(u8, more, [good ? 8 << 10 : 9 << 10]);
  some[threadIdx.x] = 1;
  more[threadIdx.x] = 1;
  words[threadIdx.x] = some[threadIdx.x] + u32{more[threadIdx.x]};
}

template <bool good>
MASKMILL_KERNEL spin(u32* words) {
  if (good && threadIdx.x == 31) store_release(&words[32], 1U);
  while (load_acquire(&words[32]) == 0) pause();
}

template <bool good>
MASKMILL_KERNEL spin_without_pause(u32* words) {
  if (good && threadIdx.x == 31) atomicExch(&words[32], 1U);
  while (atomicCAS(&words[32], 2U, 2U) == 0) continue;
}

template <bool good>
MASKMILL_KERNEL size_of_launch(u32* words) {
  if (threadIdx.x == 0) words[0] = 1;
}

template <bool good>
MASKMILL_KERNEL misaligned_access(u32* words) {
  auto* bytes = reinterpret_cast<u8*>(words) + (good ? 0 : 1);
  *reinterpret_cast<u32*>(bytes + 4 * threadIdx.x) = 1;
}

template <bool good>
MASKMILL_KERNEL signed_overflow(u32* words) {
  const i32 most = 0x7FFFFFFF - static_cast<i32>(words[32]);
  words[threadIdx.x] = static_cast<u32>(most + (good ? 0 : 1));
}

}  // namespace

const std::vector<simt::Case>& simt::faults() {
  static const std::vector<Case> cases = {
      TWINS(shared_write, 1, 32),
      TWINS(shared_read, 1, 32),
      TWINS(global_write, 2, 32),
      TWINS(global_write_before, 1, 32),
      TWINS(uninitialised, 1, 32),
      TWINS(divergent_barrier, 1, 32),
      TWINS(divergent_warp, 1, 32),
      TWINS(different_operations, 1, 32),
      TWINS(not_in_mask, 1, 32),
      TWINS(inactive_lane, 1, 32),
      TWINS(barrier_in_branch, 1, 32),
      TWINS(deadlock, 1, 64),
      TWINS(exception, 1, 32),
      TWINS(copy_in_flight, 1, 32),
      TWINS(misaligned_copy, 1, 32),
      TWINS(too_much_shared, 1, 32),
      TWINS(spin, 1, 32),
      TWINS(spin_without_pause, 1, 32),
      TWINS(misaligned_access, 1, 32),
      TWINS(signed_overflow, 1, 32),
      {"grid_too_high", size_of_launch<false>, {1, 65536}, {32}},
      {"grid_too_high.good", size_of_launch<true>, {1, 1}, {32}},
      {"grid_too_deep", size_of_launch<false>, {1, 1, 65536}, {32}},
      {"grid_too_wide", size_of_launch<false>, {1U << 31}, {32}},
      {"grid_beyond_the_executor", size_of_launch<false>, {1U << 25}, {32}},
      {"grid_without_blocks", size_of_launch<false>, {0}, {32}},
      {"block_too_large", size_of_launch<false>, {1}, {1056}},
      {"block_of_half_a_warp", size_of_launch<false>, {1}, {48}},
      {"dynamic_too_large", size_of_launch<false>, {1}, {32}, 228 << 10},
  };
  return cases;
}

}  // namespace maskmill
