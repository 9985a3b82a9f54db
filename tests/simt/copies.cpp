// Asynchronous copies from global to shared memory: the data arrive at the wait and no earlier,
// and until then the destination holds poison.
#include <cstdint>
#include <cstring>

#include "machine.h"

namespace maskmill::simt {
namespace {

constexpr size_t copy_bytes = 16;

bool misaligned(const void* pointer) {
  return reinterpret_cast<uintptr_t>(pointer) % copy_bytes != 0;
}

void finish(const AsyncCopy& copy, void* caller) {
  if (machine.config.races) {
    races::access(copy.to, copy_bytes, races::Kind::arrival, caller);
    if (copy.valid) races::access(copy.from, copy_bytes, races::Kind::read, caller);
  }
  if (copy.valid) {
    memcpy(copy.to, copy.from, copy_bytes);
  } else {
    memset(copy.to, 0, copy_bytes);
  }
}

}  // namespace

void copy_async(void* shared, const void* global, bool valid, Site site) {
  if (misaligned(shared) || misaligned(global)) {
    fail("%s:%d: an async copy of 16 bytes must be aligned to them", site.file, site.line);
  }
  Fiber& fiber = *machine.running;
  if (!fiber.block->shared.contains(shared)) {
    fail("%s:%d: an async copy must go to the block's shared memory", site.file, site.line);
  }
  if (machine.config.races) {
    void* caller = __builtin_return_address(0);
    if (valid) races::access(global, copy_bytes, races::Kind::read, caller);
    races::access(shared, copy_bytes, races::Kind::departure, caller);
  }
  memset(shared, machine.config.poison, copy_bytes);
  fiber.copies.push_back({shared, global, valid});
}

void copy_async_commit() {
  Fiber& fiber = *machine.running;
  fiber.groups.push_back(fiber.copies.size());
}

void copy_async_wait(u32 groups_in_flight) {
  Fiber& fiber = *machine.running;
  if (fiber.groups.size() <= groups_in_flight) return;
  const size_t done_groups = fiber.groups.size() - groups_in_flight;
  const size_t done = fiber.groups[done_groups - 1];
  for (size_t i = 0; i < done; ++i) finish(fiber.copies[i], __builtin_return_address(0));
  using Offset = std::ptrdiff_t;
  fiber.copies.erase(fiber.copies.begin(), fiber.copies.begin() + static_cast<Offset>(done));
  fiber.groups.erase(fiber.groups.begin(), fiber.groups.begin() + static_cast<Offset>(done_groups));
  for (size_t& end : fiber.groups) end -= done;
}

}  // namespace maskmill::simt
