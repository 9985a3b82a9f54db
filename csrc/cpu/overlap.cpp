#include "cpu/overlap.h"

#include <algorithm>
#include <bit>

#include "core/iou.h"
#include "cpu/simd.h"

namespace maskmill {
namespace {

inline i64 meet(const Prepared& a, i64 i, const Prepared& b, i32* index) {
  constexpr i64 kChunk = 512;
  u8 meets[kChunk];
  const i32 left = a.left[i];
  const i32 right = a.right[i];
  const i32 top = a.top[i];
  const i32 bottom = a.bottom[i];
  i64 n = 0;
  for (i64 start = 0; start < b.n; start += kChunk) {
    const i64 here = std::min(kChunk, b.n - start);
    const i32* lefts = b.left.data() + start;
    const i32* rights = b.right.data() + start;
    const i32* tops = b.top.data() + start;
    const i32* bottoms = b.bottom.data() + start;
    for (i64 j = 0; j < here; ++j) {
      meets[j] = static_cast<u8>(int{lefts[j] < right} & int{left < rights[j]} &
                                 int{tops[j] < bottom} & int{top < bottoms[j]});
    }
    for (i64 j = 0; j < here; ++j) {
      index[n] = static_cast<i32>(start + j);
      n += meets[j];
    }
  }
  return n;
}

// 16 columns.
using Lanes = u16 __attribute__((vector_size(32), aligned(2), may_alias));

inline u32 sum_of(const u16* lanes) {
  u32 sum = 0;
  for (i64 k = 0; k < kBlock; ++k) sum += lanes[k];
  return sum;
}

// Common pixels of mask i with all of b, block by block: what two slices have in common goes to the
// lanes of the mask of b. Long loops without surprises, where going pair by pair would be short
// ones. Masks that only meet by their columns come along, and are not looked at.
inline void overlap_slices(const Prepared& a, i64 i, const Prepared& b, const i32* index, i64 n,
                           u16* lanes, u32* common) {
  const i64 n_fit = 0xffff / a.height;  // sums of so many heights fit into a lane
  const u16* gathered = b.gathered();
  const i64 end_block = b.first_block + b.offsets.size() - 1;
  const i64 end = a.shapes[i].first + a.shapes[i].n;
  for (i64 k = 0; k < n; ++k) common[k] = 0;
  for (i64 s = a.shapes[i].first; s < end;) {
    for (i64 k = 0; k < n; ++k) {
      for (i64 lane = 0; lane < kBlock; ++lane) lanes[kBlock * index[k] + lane] = 0;
    }
    for (i64 n_slices = 0; s < end && n_slices < n_fit; ++s, ++n_slices) {
      const i64 block = a.slices.block[s];
      if (block < b.first_block || block >= end_block) continue;
      const u16* rows = a.slices.rows.data() + kSlice * s;
      const Lanes start_a = *reinterpret_cast<const Lanes*>(rows);
      const Lanes stop_a = *reinterpret_cast<const Lanes*>(rows + kBlock);
      const i64 stop_slice = b.offsets[block - b.first_block + 1];
      for (i64 t = b.offsets[block - b.first_block]; t < stop_slice; ++t) {
        const Lanes start_b = *reinterpret_cast<const Lanes*>(gathered + kSlice * t);
        const Lanes stop_b = *reinterpret_cast<const Lanes*>(gathered + kSlice * t + kBlock);
        const Lanes start = start_a > start_b ? start_a : start_b;
        const Lanes stop = stop_a < stop_b ? stop_a : stop_b;
        *reinterpret_cast<Lanes*>(lanes + kBlock * b.mask[t]) +=
            (stop > start ? stop : start) - start;
      }
    }
    for (i64 k = 0; k < n; ++k) common[k] += sum_of(lanes + kBlock * index[k]);
  }
}

inline u32 overlap_words(const Prepared& a, i64 i, const Prepared& b, i64 j) {
  const Prepared::Shape of_a = a.shapes[i];
  const Prepared::Shape of_b = b.shapes[j];
  const i64 first = std::max(of_a.origin, of_b.origin);
  const i64 last = std::min(of_a.origin + of_a.n, of_b.origin + of_b.n);
  const u64* words_a = a.words.data() + of_a.first + (first - of_a.origin);
  const u64* words_b = b.words.data() + of_b.first + (first - of_b.origin);
  u64 common = 0;
  for (i64 k = 0; k < last - first; ++k) {
    common += static_cast<u64>(std::popcount(words_a[k] & words_b[k]));
  }
  return static_cast<u32>(common);
}

// Not inline: amid the vector code the compiler turns its steps into branches.
__attribute__((noinline)) u32 walk(const MasksView& a, i64 i, const MasksView& b, i64 j) {
  return static_cast<u32>(overlap(a.begin(i), a.end(i), b.begin(j), b.end(j)));
}

inline i64 find_hits(const MasksView& masks_a, const Prepared& a, i64 i, const MasksView& masks_b,
                     const Prepared& b, i32* index, u32* common, u16* lanes) {
  const i64 n = meet(a, i, b, index);
  if (n == 0) return 0;
  const bool prepared = a.shapes[i].n > 0;
  if (a.method == Method::kColumns && prepared) {
    overlap_slices(a, i, b, index, n, lanes, common);
  }
  for (i64 k = 0; k < n; ++k) {
    const i64 j = index[k];
    if (!prepared || b.shapes[j].n == 0) {
      common[k] = walk(masks_a, a.begin + i, masks_b, b.begin + j);
    } else if (a.method == Method::kBits) {
      common[k] = overlap_words(a, i, b, j);
    }
  }
  return n;
}

MASKMILL_AVX2 i64 find_hits_avx2(const MasksView& masks_a, const Prepared& a, i64 i,
                                 const MasksView& masks_b, const Prepared& b, i32* index,
                                 u32* common, u16* lanes) {
  return find_hits(masks_a, a, i, masks_b, b, index, common, lanes);
}

}  // namespace

void Hits::find(const MasksView& masks_a, const Prepared& a, i64 i, const MasksView& masks_b,
                const Prepared& b) {
  index.resize(b.n + 1);  // every index is written before it is known to stay
  common.resize(b.n + 1);
  lanes_.resize(kBlock * (b.n + 4));
  u16* line = lanes_.data();
  while (reinterpret_cast<uintptr_t>(line) % 64 != 0) ++line;
  n = (use_avx2() ? find_hits_avx2 : find_hits)(masks_a, a, i, masks_b, b, index.data(),
                                                common.data(), line);
}

}  // namespace maskmill
