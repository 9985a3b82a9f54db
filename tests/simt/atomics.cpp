// Atomics and the two accesses that order memory between blocks.
#include <cstring>

#include "machine.h"

namespace maskmill::simt {
namespace {

bool less(u64 a, u64 b, const AtomicCall& call) {
  if (!call.is_signed) return a < b;
  if (call.bytes == 4) return static_cast<i32>(a) < static_cast<i32>(b);
  return static_cast<i64>(a) < static_cast<i64>(b);
}

u64 apply(const AtomicCall& call, u64 old) {
  const u64 value = call.value;
  switch (call.operation) {
    case AtomicOperation::add:
      return old + value;
    case AtomicOperation::bit_or:
      return old | value;
    case AtomicOperation::bit_xor:
      return old ^ value;
    case AtomicOperation::bit_and:
      return old & value;
    case AtomicOperation::min:
      return less(value, old, call) ? value : old;
    case AtomicOperation::max:
      return less(old, value, call) ? value : old;
    case AtomicOperation::exchange:
      return value;
    case AtomicOperation::compare_exchange:
      return old == call.expected ? value : old;
  }
  return old;
}

void watch(const void* address, u32 bytes, bool write, void* caller) {
  if (!machine.config.races) return;
  races::access(address, bytes, write ? races::Kind::atomic_write : races::Kind::atomic_read,
                caller);
}

}  // namespace

u64 atomic(const AtomicCall& call) {
  ++machine.stats.atomics;
  preempt();
  watch(call.address, call.bytes, true, __builtin_return_address(0));
  u64 old = 0;
  memcpy(&old, call.address, call.bytes);
  const u64 fresh = apply(call, old);
  memcpy(call.address, &fresh, call.bytes);
  return old;
}

u64 load_acquire(const void* address, u32 bytes) {
  preempt();
  if (machine.config.races) races::acquire(*machine.running, address);
  watch(address, bytes, false, __builtin_return_address(0));
  u64 value = 0;
  memcpy(&value, address, bytes);
  return value;
}

void store_release(void* address, u32 bytes, u64 value) {
  watch(address, bytes, true, __builtin_return_address(0));
  if (machine.config.races) races::release(*machine.running, address);
  memcpy(address, &value, bytes);
  preempt();
}

}  // namespace maskmill::simt
