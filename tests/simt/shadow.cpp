#include "shadow.h"

#include <sys/mman.h>

#include <map>
#include <new>

namespace maskmill::simt::shadow {
namespace {

constexpr size_t region_bytes = size_t{1} << 28;
constexpr size_t alignment = 256;

u8* region = nullptr;
Cell* cells = nullptr;
size_t top = 0;
std::multimap<size_t, u8*> freed;

// Pages of it exist once they are touched.
void* reserve(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

size_t padded(size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

}  // namespace

Cell* cell_of(const void* address) {
  const auto offset = static_cast<size_t>(static_cast<const u8*>(address) - region);
  return region != nullptr && offset < region_bytes ? cells + offset : nullptr;
}

u8* take(size_t bytes) {
  if (region == nullptr) {
    cells = static_cast<Cell*>(reserve(region_bytes * sizeof(Cell)));
    region = static_cast<u8*>(reserve(region_bytes));
  }
  bytes = padded(bytes);
  if (const auto found = freed.find(bytes); found != freed.end()) {
    u8* memory = found->second;
    freed.erase(found);
    return memory;
  }
  if (bytes > region_bytes - top) throw std::bad_alloc();
  u8* memory = region + top;
  top += bytes;
  return memory;
}

void give(u8* memory, size_t bytes) { freed.emplace(padded(bytes), memory); }

void clear() {
  if (region != nullptr) madvise(cells, top * sizeof(Cell), MADV_DONTNEED);
}

}  // namespace maskmill::simt::shadow
