#include "cpu/encode.h"

#include <cstring>

#include "cpu/parallel.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 17;  // pixels a piece

bool is_set(const unsigned char* item, int item_size) {
  uint64_t value = 0;
  std::memcpy(&value, item, static_cast<size_t>(item_size));
  return value != 0;
}

}  // namespace

MaskColumns encode(const StackView& dense, int threads) {
  const int64_t n_pixels = dense.height * dense.width;
  const auto cuts = split_rows(threads, dense.n, nullptr, n_pixels, kGrain);
  return build_ragged<uint32_t>(threads, cuts, [&](int64_t i, Buffer<uint32_t>& bounds) {
    bool before = false;
    for (int64_t x = 0; x < dense.width; ++x) {
      const unsigned char* item = dense.data + i * dense.stride_n + x * dense.stride_x;
      for (int64_t y = 0; y < dense.height; ++y, item += dense.stride_y) {
        const bool now = is_set(item, dense.item_size);
        if (now != before) bounds.push(static_cast<uint32_t>(x * dense.height + y));
        before = now;
      }
    }
    if (before) bounds.push(static_cast<uint32_t>(n_pixels));
  });
}

}  // namespace maskmill
