#include "shared_memory.h"

#include <cstring>
#include <utility>

#include "machine.h"
#include "memory.h"

namespace maskmill::simt {
namespace {

constexpr size_t guard_bytes = 64;
constexpr size_t most_static = 48 << 10;  // what CUDA gives without opting in
constexpr size_t most_arrays = 64;
constexpr char dynamic_key = 0;

}  // namespace

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      capacity_(other.capacity_),
      dynamic_bytes_(other.dynamic_bytes_),
      watched_(other.watched_) {}

SharedMemory::~SharedMemory() {
  if (memory_ == nullptr) return;
  clear();
  give_memory(memory_, capacity_, watched_);
}

void SharedMemory::reserve(size_t dynamic_bytes, bool watched) {
  capacity_ = most_static + dynamic_bytes + (most_arrays + 1) * 3 * guard_bytes;
  dynamic_bytes_ = dynamic_bytes;
  watched_ = watched;
  memory_ = take_memory(capacity_, watched);
}

const char* SharedMemory::clear() {
  const char* damaged = nullptr;
  if (!arrays_.empty() && !lift_guard(memory_, guard_bytes)) damaged = arrays_.front().name;
  for (const Array& array : arrays_) {
    if (!lift_guard(array.data + array.bytes, guard_bytes)) damaged = array.name;
  }
  arrays_.clear();
  used_ = static_bytes_ = 0;
  return damaged;
}

void* SharedMemory::array(const void* key, size_t bytes, size_t alignment, const char* name) {
  for (const Array& array : arrays_) {
    if (array.key == key) return array.data;
  }
  static_bytes_ += bytes;
  if (static_bytes_ > most_static) {
    fail("%zu bytes of static shared memory at %s, more than 48 KB", static_bytes_, name);
  }
  return place(key, bytes, alignment, name);
}

void* SharedMemory::dynamic() {
  for (const Array& array : arrays_) {
    if (array.key == &dynamic_key) return array.data;
  }
  return place(&dynamic_key, dynamic_bytes_, 16, "dynamic");
}

bool SharedMemory::contains(const void* address) const {
  return address >= memory_ && address < memory_ + capacity_;
}

std::string SharedMemory::describe(const u8* address) const {
  for (const Array& array : arrays_) {
    if (address >= array.data && address < array.data + array.bytes) {
      return "byte " + std::to_string(address - array.data) + " of shared " + array.name;
    }
  }
  return "shared memory of no array";
}

u8* SharedMemory::place(const void* key, size_t bytes, size_t alignment, const char* name) {
  if (arrays_.size() == most_arrays) fail("more than %zu shared arrays", most_arrays);
  if (arrays_.empty()) {
    set_guard(memory_, guard_bytes);
    used_ = guard_bytes;
  }
  const size_t step = alignment < guard_bytes ? guard_bytes : alignment;
  // Aligned as asked for and no better, as on a device: code that needs more must say so.
  const size_t skew = alignment < 16 ? alignment : 0;
  u8* data = memory_ + (used_ + step - 1) / step * step + skew;
  used_ = static_cast<size_t>(data - memory_) + bytes + guard_bytes;
  const auto salt = static_cast<int>(machine.running->block->id * 37);
  memset(data, machine.config.poison ^ (salt & 0xFF), bytes);
  set_guard(data + bytes, guard_bytes);
  arrays_.push_back({key, name, data, bytes});
  return data;
}

void* shared_array(const void* key, size_t bytes, size_t alignment, const char* name) {
  return machine.running->block->shared.array(key, bytes, alignment, name);
}

void* dynamic_shared() { return machine.running->block->shared.dynamic(); }

}  // namespace maskmill::simt
