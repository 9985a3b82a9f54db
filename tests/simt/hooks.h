// What the kernel dialect calls. All state is behind these functions, in files that the race mode
// leaves uninstrumented: the detector sees the accesses of kernels and no others.
#pragma once

#include <cstddef>

#include "core/types.h"
#include "place.h"

namespace maskmill::simt {

struct Site {
  const char* file = "";
  int line = 0;
};

enum class Vote { count, all, any };
// `__syncthreads` and its three relatives.
u32 barrier(Vote vote, bool predicate, Site site);

enum class WarpOperation {
  sync,
  shuffle,
  shuffle_up,
  shuffle_down,
  shuffle_xor,
  ballot,
  sum,
  match,
  multiply_bits
};
struct WarpCall {
  WarpOperation operation = WarpOperation::sync;
  u32 mask = 0;
  u64 value = 0;
  i32 argument = 0;
  i32 width = 32;
  Site site;
};
u64 warp(const WarpCall& call);

// Operands of one lane in a product of bit matrices; `value` of its call points here.
struct BitOperands {
  i32* sums;
  const u32* a;
  const u32* b;
};

enum class AtomicOperation { add, bit_or, bit_xor, bit_and, min, max, exchange, compare_exchange };
struct AtomicCall {
  AtomicOperation operation;
  void* address;
  u32 bytes;
  bool is_signed;
  u64 value;
  u64 expected;
};
u64 atomic(const AtomicCall& call);
u64 load_acquire(const void* address, u32 bytes);
void store_release(void* address, u32 bytes, u64 value);
// Lets others run; a kernel in which nobody gets on is ended.
void pause();

void copy_async(void* shared, const void* global, bool valid, Site site);
void copy_async_commit();
void copy_async_wait(u32 groups_in_flight);

void* shared_array(const void* key, size_t bytes, size_t alignment, const char* name);
void* dynamic_shared();

// Ends the launch.
[[noreturn]] void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace maskmill::simt
