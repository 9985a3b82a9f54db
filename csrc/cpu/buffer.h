// A growable array of plain values that never initialises what will be overwritten: results are
// sized once a mask is known, and a vector would write every byte twice.
#pragma once

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace maskmill {

// Memory of this size or more is asked for in huge pages: the first touch of a small page costs
// more than filling it. Measured on 40 MB of bounds: a third of the time of rasterize.
constexpr size_t kHugeMemory = size_t{4} << 20;

inline void prefer_huge_pages(void* data, size_t n_bytes) {
#ifdef MADV_HUGEPAGE
  constexpr uintptr_t kPage = uintptr_t{2} << 20;
  const auto start = reinterpret_cast<uintptr_t>(data);
  const uintptr_t first = (start + kPage - 1) / kPage * kPage;
  const uintptr_t stop = (start + n_bytes) / kPage * kPage;
  if (first < stop) {
    madvise(static_cast<char*>(data) + (first - start), stop - first, MADV_HUGEPAGE);
  }
#else
  (void)data;
  (void)n_bytes;
#endif
}

template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  explicit Buffer(int64_t size) { resize(size); }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(data_); }

  [[nodiscard]] T* data() { return data_; }
  [[nodiscard]] const T* data() const { return data_; }
  [[nodiscard]] int64_t size() const { return size_; }
  [[nodiscard]] int64_t capacity() const { return capacity_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  T& operator[](int64_t i) { return data_[i]; }
  const T& operator[](int64_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  [[nodiscard]] const T* begin() const { return data_; }
  [[nodiscard]] const T* end() const { return data_ + size_; }

  void clear() { size_ = 0; }
  void resize(int64_t size) {
    reserve(size);
    size_ = size;
  }
  void reserve(int64_t capacity) {
    if (capacity > capacity_) grow(capacity);
  }
  void push(T value) {
    if (size_ == capacity_) grow(size_ + 1);
    data_[size_++] = value;
  }
  // Room for `n` more values; write there, then add what was written with `advance`.
  T* room(int64_t n) {
    reserve(size_ + n);
    return data_ + size_;
  }
  void advance(int64_t n) { size_ += n; }
  void append(const T* values, int64_t n) {
    if (n > 0) std::memcpy(room(n), values, static_cast<size_t>(n) * sizeof(T));
    advance(n);
  }
  // Hands the memory over; free it with std::free.
  [[nodiscard]] T* release() {
    size_ = capacity_ = 0;
    return std::exchange(data_, nullptr);
  }

 private:
  [[gnu::noinline]] void grow(int64_t capacity) {
    const int64_t twice = capacity_ * 2;
    if (capacity < twice) capacity = twice;
    if (capacity < 16) capacity = 16;
    const size_t n_bytes = static_cast<size_t>(capacity) * sizeof(T);
    void* grown = nullptr;
    if (n_bytes < kHugeMemory) {
      grown = std::realloc(data_, n_bytes);
      if (grown == nullptr) throw std::bad_alloc();
    } else {
      // Not realloc: to move huge pages it takes them apart, which costs more than a copy.
      grown = std::malloc(n_bytes);
      if (grown == nullptr) throw std::bad_alloc();
      prefer_huge_pages(grown, n_bytes);
      if (size_ > 0) std::memcpy(grown, data_, static_cast<size_t>(size_) * sizeof(T));
      std::free(data_);
    }
    data_ = static_cast<T*>(grown);
    capacity_ = capacity;
  }

  T* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

}  // namespace maskmill
