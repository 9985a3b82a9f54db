// Shared memory of one resident block: its arrays between guards, poisoned for every block anew.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/types.h"

namespace maskmill::simt {

class SharedMemory {
 public:
  SharedMemory() = default;
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&&) = delete;
  SharedMemory(const SharedMemory&) = delete;
  ~SharedMemory();

  void reserve(size_t dynamic_bytes, bool watched);
  // Forgets the arrays of the last block. Gives the name of one that was written beyond, or null.
  const char* clear();
  // The array of this declaration, made when the first thread of the block comes by.
  void* array(const void* key, size_t bytes, size_t alignment, const char* name);
  void* dynamic();

  bool contains(const void* address) const;
  std::string describe(const u8* address) const;

 private:
  struct Array {
    const void* key;
    const char* name;
    u8* data;
    size_t bytes;
  };

  u8* memory_ = nullptr;
  size_t capacity_ = 0;
  size_t used_ = 0;
  size_t static_bytes_ = 0;
  size_t dynamic_bytes_ = 0;
  bool watched_ = false;
  std::vector<Array> arrays_;

  u8* place(const void* key, size_t bytes, size_t alignment, const char* name);
};

}  // namespace maskmill::simt
