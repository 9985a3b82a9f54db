#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <new>
#include <utility>

#include "allocations.h"
#include "context_switch.h"
#include "machine.h"
#include "shadow.h"

#ifdef MASKMILL_SIMT_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace maskmill::simt {
namespace {

constexpr size_t alignment = 256;
constexpr size_t guard_bytes = 256;
constexpr u8 guard_value = 0xA7;

struct Allocation {
  u8* memory;  // with the guards
  size_t bytes;
  bool watched;
};

std::map<u8*, Allocation> allocations;  // by what the caller got
std::string damage;                     // of memory that was released since

size_t padded(size_t bytes) {
  return (bytes + 2 * guard_bytes + alignment - 1) / alignment * alignment;
}

// Of one allocation: what it says was overwritten, or nothing.
const char* lift_guards(const Allocation& allocation) {
  u8* data = allocation.memory + guard_bytes;
  const size_t after = padded(allocation.bytes) - guard_bytes - allocation.bytes;
  const bool low = lift_guard(allocation.memory, guard_bytes);
  const bool high = lift_guard(data + allocation.bytes, after);
  return !low ? "before" : !high ? "after" : nullptr;
}

void set_guards(const Allocation& allocation) {
  u8* data = allocation.memory + guard_bytes;
  set_guard(allocation.memory, guard_bytes);
  set_guard(data + allocation.bytes, padded(allocation.bytes) - guard_bytes - allocation.bytes);
}

std::string report(const char* side, size_t bytes) {
  return "bytes were written " + std::string(side) + " an allocation of " + std::to_string(bytes);
}

}  // namespace

u8* take_memory(size_t bytes, bool watched) {
  if (watched) return shadow::take(bytes);
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, bytes) != 0) throw std::bad_alloc();
  return static_cast<u8*>(memory);
}

void give_memory(u8* memory, size_t bytes, bool watched) {
  if (watched) return shadow::give(memory, bytes);
  free(memory);
}

void set_guard(u8* guard, size_t bytes) {
  memset(guard, guard_value, bytes);
#ifdef MASKMILL_SIMT_ASAN
  __asan_poison_memory_region(guard, bytes);
#endif
}

bool lift_guard(u8* guard, size_t bytes) {
#ifdef MASKMILL_SIMT_ASAN
  __asan_unpoison_memory_region(guard, bytes);
#endif
  return std::all_of(guard, guard + bytes, [](u8 byte) { return byte == guard_value; });
}

u8* allocate_device(size_t bytes) {
  const bool watched = machine.config.races;
  const Allocation allocation = {take_memory(padded(bytes), watched), bytes, watched};
  u8* data = allocation.memory + guard_bytes;
  memset(data, machine.config.poison, bytes);
  set_guards(allocation);
  allocations.emplace(data, allocation);
  return data;
}

void release_device(u8* data) {
  const auto found = allocations.find(data);
  if (found == allocations.end()) {
    damage = "a pointer was released that is no allocation";
    return;
  }
  const Allocation& allocation = found->second;
  if (const char* side = lift_guards(allocation)) damage = report(side, allocation.bytes);
  give_memory(allocation.memory, padded(allocation.bytes), allocation.watched);
  allocations.erase(found);
}

std::string find_damage() {
  std::string found = std::exchange(damage, "");
  for (const auto& [data, allocation] : allocations) {
    if (const char* side = lift_guards(allocation)) found = report(side, allocation.bytes);
    set_guards(allocation);
  }
  return found;
}

std::string describe(const u8* address) {
  auto after = allocations.upper_bound(const_cast<u8*>(address));
  if (after == allocations.begin()) return "unknown memory";
  const auto& [data, allocation] = *std::prev(after);
  return "byte " + std::to_string(address - data) + " of an allocation of " +
         std::to_string(allocation.bytes);
}

}  // namespace maskmill::simt
