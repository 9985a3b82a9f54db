// What the dialect's functions give, for test_executor.py to compare with Python's own.
#include "cases.h"
#include "dialect.h"

namespace maskmill {
namespace {

MASKMILL_DEVICE u32 input(u32 lane) { return lane * 0x9E3779B9U; }

MASKMILL_KERNEL bits(u32* words) {
  const u32 lane = threadIdx.x;
  const u32 value = input(lane);
  const u64 wide = u64{value} << 32 | input(lane + 1);
  u32 hash = 0;
  const auto mix = [&](u32 result) { hash = hash * 31 + result; };
  mix(static_cast<u32>(__popc(value)));
  mix(static_cast<u32>(__popcll(wide)));
  mix(static_cast<u32>(__ffs(static_cast<i32>(value))));
  mix(static_cast<u32>(__ffsll(static_cast<i64>(wide))));
  mix(static_cast<u32>(__clz(static_cast<i32>(value))));
  mix(static_cast<u32>(__clzll(static_cast<i64>(wide))));
  mix(__brev(value));
  mix(__funnelshift_l(input(lane + 1), value, lane));
  mix(__funnelshift_r(input(lane + 1), value, lane));
  mix(__byte_perm(value, input(lane + 1), lane * 0x137 & 0x7777));
  words[lane] = hash;
}

MASKMILL_KERNEL shuffles(u32* words) {
  const u32 lane = threadIdx.x;
  const u32 value = input(lane);
  u32 hash = 0;
  const auto mix = [&](u32 result) { hash = hash * 31 + result; };
  mix(__shfl_sync(~0U, value, 5));
  mix(__shfl_sync(~0U, value, static_cast<i32>(lane * 3), 8));
  mix(__shfl_up_sync(~0U, value, 3));
  mix(__shfl_up_sync(~0U, value, 3, 16));
  mix(__shfl_down_sync(~0U, value, 7));
  mix(__shfl_down_sync(~0U, value, 2, 4));
  mix(__shfl_xor_sync(~0U, value, 9));
  mix(static_cast<u32>(__shfl_sync(~0U, u64{value} << 20, 1) >> 20));
  mix(__ballot_sync(~0U, (value & 4) != 0));
  mix(static_cast<u32>(__any_sync(~0U, lane == 3)));
  mix(static_cast<u32>(__all_sync(~0U, lane < 31)));
  mix(__reduce_add_sync(~0U, value));
  mix(__match_any_sync(~0U, lane / 5));
  words[lane] = hash;
}

MASKMILL_KERNEL votes(u32* words) {
  const u32 count = static_cast<u32>(__syncthreads_count(threadIdx.x % 3 == 0));
  const u32 all = static_cast<u32>(__syncthreads_and(threadIdx.x < 64));
  const u32 some = static_cast<u32>(__syncthreads_and(threadIdx.x < 63));
  const u32 any = static_cast<u32>(__syncthreads_or(threadIdx.x == 63));
  const u32 none = static_cast<u32>(__syncthreads_or(threadIdx.x == 64));
  words[threadIdx.x] = count * 10000 + all * 1000 + some * 100 + any * 10 + none;
}

MASKMILL_KERNEL atomics(u32* words) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  atomicAdd(&words[32], i);
  atomicXor(&words[33], input(i));
  atomicOr(&words[34], 1U << (i % 20));
  atomicMax(&words[35], i);
  atomicMin(reinterpret_cast<i32*>(&words[36]), -static_cast<i32>(i));
  atomicMax(reinterpret_cast<u64*>(&words[38]), u64{i} << 33);
  atomicAnd(&words[40], i);
  u32 seen = load_acquire(&words[41]);
  for (;;) {
    const u32 found = atomicCAS(&words[41], seen, seen + 2);
    if (found == seen) break;
    seen = found;
  }
}

MASKMILL_KERNEL product(u32* words) {
  const u32 lane = threadIdx.x;
  const u32 a[4] = {input(lane), input(lane + 32), input(lane + 64), input(lane + 96)};
  const u32 b[2] = {input(lane + 128), input(lane + 160)};
  i32 sums[4] = {0, 0, 0, 1000};
  mma_b1(sums, a, b);
  words[lane] = static_cast<u32>(sums[0] + sums[1]);
  words[32 + lane] = static_cast<u32>(sums[2] + sums[3]);
}

// Two stages in flight; the second is waited for only after the first is used.
MASKMILL_KERNEL stages(u32* words) {
  MASKMILL_SHARED(alignas(16) u32, values, [2][128]);
  const u32 lane = threadIdx.x;
  words[32 + lane] = input(lane);
  __syncthreads();
  for (u32 stage = 0; stage < 2; ++stage) {
    copy_async_16(&values[stage][4 * lane], &words[32 + 4 * ((lane + stage) % 8)], lane != 5);
    copy_async_commit();
  }
  copy_async_wait<1>();
  __syncthreads();
  u32 sum = values[0][4 * (lane ^ 1)];
  copy_async_wait<0>();
  __syncthreads();
  sum += values[1][4 * (lane ^ 1) + 1];
  words[lane] = sum;
}

MASKMILL_KERNEL dynamic(u32* words) {
  MASKMILL_DYNAMIC_SHARED(u32, values);
  values[threadIdx.x] = threadIdx.x;
  __syncthreads();
  words[threadIdx.x] = values[63 - threadIdx.x];
}

MASKMILL_KERNEL places(u32* words) {
  const u32 thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const u32 block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  atomicAdd(&words[32 + block], thread);
}

}  // namespace

const std::vector<simt::Case>& simt::intrinsics() {
  static const std::vector<Case> cases = {
      {"bits", bits, {1}, {32}},
      {"shuffles", shuffles, {1}, {32}},
      {"votes", votes, {1}, {64}},
      {"atomics", atomics, {3}, {64}},
      {"product", product, {1}, {32}},
      {"stages", stages, {1}, {32}},
      {"dynamic", dynamic, {1}, {64}, 256},
      {"places", places, {2, 3, 4}, {4, 4, 2}},
  };
  return cases;
}

}  // namespace maskmill
