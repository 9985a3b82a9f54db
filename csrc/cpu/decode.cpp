// Where columns lie along memory, spans are written in order. Where rows do, each flip of the mask
// toggles one bit of its row: the bits of a row are those of the row above it, toggled, and are
// written as bytes from there. So every order of memory is written once, along memory, whatever the
// mask. The first row starts from the flips that come before each of its pixels.
#include "cpu/decode.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "core/reciprocal.h"
#include "cpu/parallel.h"
#include "cpu/simd.h"
#include "cpu/strips.h"

namespace maskmill {
namespace {

// Larger results do not fit into the caches, and are written past them.
constexpr int64_t kStreamBytes = 16 << 20;
constexpr int64_t kStreamLine = 1024;  // shorter lines are not worth it, unless they touch

struct Job {
  MasksView masks;
  MutableStackView out;
  Strips strips;
  bool by_columns;
};

// Columns [x0, x1) of one mask.
struct Strip {
  u8* out;  // of the first column
  int64_t stride_y, stride_x;
  int64_t height, x0, x1;
  bool inside;       // the first pixel is set
  const u32* first;  // bounds after the first pixel
  const u32* last;
};

Strip strip_of(const Job& job, int64_t s) {
  const int64_t i = job.strips.mask_of(s);
  const int64_t x0 = job.strips.start(s);
  const int64_t x1 = job.strips.stop(s);
  const int64_t height = job.strips.height;
  const u32* const begin = job.masks.begin(i);
  const u32* const end = job.masks.end(i);
  const u32* const first = std::upper_bound(begin, end, static_cast<u32>(x0 * height));
  const u32* const last = std::lower_bound(first, end, static_cast<u32>(x1 * height));
  return {job.out.data + i * job.out.stride_n + x0 * job.out.stride_x,
          job.out.stride_y,
          job.out.stride_x,
          height,
          x0,
          x1,
          (first - begin) % 2 == 1,
          first,
          last};
}

// Bits that differ from one row to the next, within the columns that a mask touches.
class Toggles {
 public:
  // For strips of up to this size.
  Toggles(int64_t height, int64_t width) : bits_(width / 64 + 1), starts_(width / 64 + 2) {
    const int64_t n = (height + 1) * (width / 64 + 1);
    rows_.reset(static_cast<u64*>(std::calloc(static_cast<size_t>(n), sizeof(u64))));
    if (rows_ == nullptr) throw std::bad_alloc();
  }

  int64_t left = 0;  // column of the first bit
  int64_t n_bits = 0;
  int64_t n_words = 0;
  int64_t y0 = 0;  // rows [y0, y1) hold toggles
  int64_t y1 = 0;

  // Adds the toggles of a strip; those of the one before have been cleared.
  void set(const Strip& strip);

  [[nodiscard]] u64* bits() { return bits_.data(); }  // [n_words] of the current row; zero at first
  [[nodiscard]] u64* row(int64_t y) { return rows_.get() + y * n_words; }

 private:
  struct Free {
    void operator()(u64* words) const { std::free(words); }
  };
  std::unique_ptr<u64, Free> rows_;
  Buffer<u64> bits_;
  Buffer<u64> starts_;  // where the first pixel of a column differs from that of the column before
};

void Toggles::set(const Strip& strip) {
  left = n_bits = n_words = y0 = y1 = 0;
  if (strip.first == strip.last && !strip.inside) return;
  const auto height = static_cast<u32>(strip.height);
  const Reciprocal by = reciprocal(height);
  auto origin = static_cast<u32>(strip.x0 * strip.height);
  const bool ends_inside = strip.inside != ((strip.last - strip.first) % 2 == 1);
  left = strip.inside ? 0 : divide(*strip.first - origin, by).quotient;
  const int64_t right = ends_inside ? strip.x1 - strip.x0
                                    : int64_t{divide(strip.last[-1] - 1 - origin, by).quotient} + 1;
  n_bits = right - left;
  n_words = (n_bits + 63) / 64;
  origin += static_cast<u32>(left) * height;
  std::memset(bits_.data(), 0, static_cast<size_t>(n_words) * sizeof(u64));
  std::memset(starts_.data(), 0, static_cast<size_t>(n_words + 1) * sizeof(u64));
  u32 low = height;
  u32 high = 0;
  for (const u32* flip = strip.first; flip != strip.last; ++flip) {
    const auto [x, y] = divide(*flip - origin, by);
    const u64 below = y != 0 ? 1 : 0;  // the column's first pixel comes before the flip
    row(y)[x / 64] ^= below << x % 64;
    const u64 start = x + below;
    starts_[static_cast<int64_t>(start / 64)] ^= u64{1} << start % 64;
    low = std::min(low, y != 0 ? y : height);
    high = std::max(high, y);
  }
  // A first pixel is set if an odd number of flips lies at or before it.
  u64* const top = row(0);
  u64 before = strip.inside ? ~u64{0} : 0;
  u64 any = 0;
  for (int64_t k = 0; k < n_words; ++k) {
    u64 word = starts_[k];
    for (int shift = 1; shift < 64; shift *= 2) word ^= word << shift;
    word ^= before;
    before = u64{0} - (word >> 63);
    if (k == n_words - 1 && n_bits % 64 != 0) word &= (u64{1} << n_bits % 64) - 1;
    top[k] = word;
    any |= word;
  }
  y0 = any != 0 ? 0 : low;
  y1 = int64_t{high} + 1;
}

}  // namespace
}  // namespace maskmill

#define MASKMILL_KERNELS "cpu/decode.inc"
#include "cpu/for_each_simd.h"

namespace maskmill {

void decode(const MasksView& masks, const MutableStackView& out, int threads) {
  MutableStackView stack = out;
  if (stack.height == 1) {  // a row is a column
    std::swap(stack.height, stack.width);
    std::swap(stack.stride_y, stack.stride_x);
  }
  const Strips strips = cut_strips(stack.n, stack.height, stack.width, threads);
  if (strips.n_pixels() == 0) return;
  const bool by_columns = stack.width == 1 || std::abs(stack.stride_y) < std::abs(stack.stride_x);
  const Job job{masks, stack, strips, by_columns};
  const int64_t line = by_columns ? stack.height : strips.strip_width;
  const int64_t step = by_columns ? stack.stride_y : stack.stride_x;
  const int64_t next = by_columns ? stack.stride_x : stack.stride_y;
  const bool streams = stack.n * stack.height * stack.width >= kStreamBytes && step == 1 &&
                       (next == line || line >= kStreamLine);
  const int64_t* const weights = strips.per_mask == 1 ? masks.offsets : nullptr;
  const auto cuts = split_rows(threads, strips.count, weights, strips.n_pixels(), kStripGrain);
  parallel_for(threads, static_cast<int64_t>(cuts.size()) - 1, [&](int64_t p) {
    const int64_t first = cuts[static_cast<size_t>(p)];
    const int64_t last = cuts[static_cast<size_t>(p) + 1];
    if (streams) {
      MASKMILL_KERNEL(decode_strips<true>)(job, first, last);
    } else {
      MASKMILL_KERNEL(decode_strips<false>)(job, first, last);
    }
  });
}

}  // namespace maskmill
