// What the fuzz targets share. A target defines LLVMFuzzerTestOneInput and its seeds.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cpu/views.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace fuzz {

std::vector<std::string> seeds();
std::vector<std::string> words();  // what mutation may insert

inline int64_t n_accepted = 0;  // inputs that held a good record

inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", what);
  std::abort();
}

// Takes values off the front of an input; zeros when it is used up.
class Reader {
 public:
  Reader(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}
  [[nodiscard]] bool empty() const { return at_ == end_; }
  uint8_t byte() { return empty() ? uint8_t{0} : *at_++; }
  uint64_t word(int n_bytes) {
    uint64_t value = 0;
    for (int k = 0; k < n_bytes; ++k) value |= uint64_t{byte()} << 8 * k;
    return value;
  }
  // An array of just this size: a sanitizer sees a read past its end.
  std::vector<uint8_t> rest() {
    std::vector<uint8_t> bytes(at_, end_);
    at_ = end_;
    return bytes;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

// The rules of one mask.
inline void check_mask(const uint32_t* bounds, int64_t n, int64_t n_pixels) {
  check(n % 2 == 0, "bounds come in pairs");
  for (int64_t k = 1; k < n; ++k) check(bounds[k - 1] < bounds[k], "bounds increase strictly");
  if (n > 0) check(bounds[n - 1] <= n_pixels, "bounds stay in the image");
}

template <class T>
bool equal(const maskmill::Buffer<T>& a, const maskmill::Buffer<T>& b) {
  if (a.size() != b.size()) return false;
  for (int64_t k = 0; k < a.size(); ++k) {
    if (a[k] != b[k]) return false;
  }
  return true;
}

// Bounds of run lengths that are known to be good, pixel positions kept in a plain vector.
inline std::vector<int64_t> plain_bounds(const std::vector<int64_t>& counts) {
  std::vector<int64_t> bounds;
  int64_t at = 0;
  for (size_t k = 0; k < counts.size(); ++k) {
    const int64_t start = at;
    at += counts[k];
    if (k % 2 == 0 || at == start) continue;
    if (!bounds.empty() && bounds.back() == start)
      bounds.pop_back();
    else
      bounds.push_back(start);
    bounds.push_back(at);
  }
  return bounds;
}

}  // namespace fuzz
