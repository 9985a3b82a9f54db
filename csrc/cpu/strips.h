// Masks of a dense stack, cut into strips of columns: the pieces of work of encode and decode.
#pragma once

#include <algorithm>
#include <cstdint>

namespace maskmill {

constexpr int64_t kStripGrain = 1 << 17;  // pixels that are worth a thread
constexpr int64_t kStripMost = 1 << 26;   // pixels whose bits, 8 MB, stay in a cache

struct Strips {
  int64_t count;  // of all masks
  int64_t per_mask;
  int64_t height, width;  // of a mask
  int64_t strip_width;    // a multiple of 64, or the width

  [[nodiscard]] int64_t n_pixels() const { return height * strip_width; }
  [[nodiscard]] int64_t mask_of(int64_t strip) const { return strip / per_mask; }
  [[nodiscard]] int64_t start(int64_t strip) const { return strip % per_mask * strip_width; }
  [[nodiscard]] int64_t stop(int64_t strip) const {
    return std::min(start(strip) + strip_width, width);
  }
};

// As few strips as give every thread something to do. Masks without pixels have none.
inline Strips cut_strips(int64_t n, int64_t height, int64_t width, int threads) {
  const int64_t n_pixels = height * width;
  if (n == 0 || n_pixels == 0) return {0, 1, height, width, width};
  int64_t wanted = (n_pixels + kStripMost - 1) / kStripMost;
  if (n < threads) {
    wanted = std::max(wanted, std::min<int64_t>(int64_t{2} * threads / n, n_pixels / kStripGrain));
  }
  wanted = std::max<int64_t>(wanted, 1);
  const int64_t columns = ((width + wanted - 1) / wanted + 63) / 64 * 64;
  const int64_t strip_width = std::min(columns, width);
  const int64_t per_mask = (width + strip_width - 1) / strip_width;
  return {n * per_mask, per_mask, height, width, strip_width};
}

}  // namespace maskmill
