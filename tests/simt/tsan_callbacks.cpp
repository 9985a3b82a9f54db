// What -fsanitize=thread makes kernels call: here, in place of ThreadSanitizer's own library.
#include <cstring>

#include "machine.h"

namespace {

using maskmill::simt::races::Kind;

void watch(const void* address, size_t bytes, Kind kind, void* caller) {
  if (maskmill::simt::place != nullptr && maskmill::simt::machine.config.races) {
    maskmill::simt::races::access(address, bytes, kind, caller);
  }
}

}  // namespace

#define CALLBACK extern "C" __attribute__((noinline)) void
#define CALLER __builtin_return_address(0)
#define ACCESSES(name, bytes)                                                              \
  CALLBACK __tsan_read##name(void* address) { watch(address, bytes, Kind::read, CALLER); } \
  CALLBACK __tsan_write##name(void* address) { watch(address, bytes, Kind::write, CALLER); }
#define UNALIGNED(bytes)                                  \
  CALLBACK __tsan_unaligned_read##bytes(void* address) {  \
    watch(address, bytes, Kind::read, CALLER);            \
  }                                                       \
  CALLBACK __tsan_unaligned_write##bytes(void* address) { \
    watch(address, bytes, Kind::write, CALLER);           \
  }

ACCESSES(1, 1)
ACCESSES(2, 2)
ACCESSES(4, 4)
ACCESSES(8, 8)
ACCESSES(16, 16)
UNALIGNED(2)
UNALIGNED(4)
UNALIGNED(8)
UNALIGNED(16)

CALLBACK __tsan_read_range(void* address, long bytes) {
  watch(address, static_cast<size_t>(bytes), Kind::read, CALLER);
}
CALLBACK __tsan_write_range(void* address, long bytes) {
  watch(address, static_cast<size_t>(bytes), Kind::write, CALLER);
}
CALLBACK __tsan_init() {}
CALLBACK __tsan_func_entry(void*) {}
CALLBACK __tsan_func_exit(void*) {}
CALLBACK __tsan_vptr_update(void*, void*) {}
CALLBACK __tsan_vptr_read(void*) {}

// Of the host's code beside the kernels: guards of local statics, counts of shared pointers.
extern "C" unsigned char __tsan_atomic8_load(const volatile unsigned char* address, int) {
  return __atomic_load_n(address, __ATOMIC_SEQ_CST);
}
extern "C" unsigned __tsan_atomic32_fetch_add(volatile unsigned* address, unsigned value, int) {
  return __atomic_fetch_add(address, value, __ATOMIC_SEQ_CST);
}

// Clang calls these for copies of structures.
extern "C" void* __tsan_memcpy(void* to, const void* from, size_t bytes) {
  watch(from, bytes, Kind::read, CALLER);
  watch(to, bytes, Kind::write, CALLER);
  return memcpy(to, from, bytes);
}
extern "C" void* __tsan_memset(void* to, int value, size_t bytes) {
  watch(to, bytes, Kind::write, CALLER);
  return memset(to, value, bytes);
}
