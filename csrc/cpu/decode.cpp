#include "cpu/decode.h"

#include "cpu/parallel.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 17;  // pixels a piece

}  // namespace

void decode(const MasksView& masks, const MutableStackView& out, int threads) {
  const int64_t n_pixels = out.height * out.width;
  const auto cuts = split_rows(threads, out.n, masks.offsets, n_pixels, kGrain);
  parallel_for(threads, static_cast<int64_t>(cuts.size()) - 1, [&](int64_t p) {
    const auto at = static_cast<size_t>(p);
    for (int64_t i = cuts[at]; i < cuts[at + 1]; ++i) {
      const uint32_t* next = masks.begin(i);
      const uint32_t* const end = masks.end(i);
      unsigned char value = 0;
      int64_t position = 0;
      for (int64_t x = 0; x < out.width; ++x) {
        unsigned char* item = out.data + i * out.stride_n + x * out.stride_x;
        for (int64_t y = 0; y < out.height; ++y, item += out.stride_y, ++position) {
          if (next != end && *next == position) {
            value ^= 1;
            ++next;
          }
          *item = value;
        }
      }
    }
  });
}

}  // namespace maskmill
