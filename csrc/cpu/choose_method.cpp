// Which way to count common pixels pays: an estimate from a few masks of the group.
#include <algorithm>

#include "core/reciprocal.h"
#include "cpu/iou.h"

namespace maskmill {
namespace {

constexpr int64_t kSample = 8;      // masks of either side
constexpr i64 kMostBits = 1 << 23;  // pixels of a mask that is worth a bit each

struct Range {
  i64 left, right;  // columns; equal for an empty mask
};

// What the sample of one side says about all of its masks.
struct Side {
  int64_t n;
  int64_t n_sampled;
  double n_spans;  // of a mask
  double width;    // of a mask, at least 1
  Range ranges[kSample];
};

Side sample(const MasksView& masks, int64_t begin, int64_t end) {
  Side side{end - begin, std::min(end - begin, kSample), 0, 0, {}};
  side.n_spans = static_cast<double>(masks.offsets[end] - masks.offsets[begin]) / 2 /
                 static_cast<double>(side.n);
  const Reciprocal by = reciprocal(static_cast<u32>(masks.height(begin)));
  double width = 0;
  for (int64_t k = 0; k < side.n_sampled; ++k) {
    const int64_t i = begin + k * side.n / side.n_sampled;
    Range& range = side.ranges[k];
    range = {0, 0};
    if (masks.n_bounds(i) > 0) {
      range.left = divide(*masks.begin(i), by).quotient;
      range.right = divide(*(masks.end(i) - 1) - 1, by).quotient + 1;
    }
    width += static_cast<double>(range.right - range.left);
  }
  side.width = std::max(1.0, width / static_cast<double>(side.n_sampled));
  return side;
}

}  // namespace

// Costs are in clock cycles, fitted on COCO annotations, blobs and noise.
Method choose_method(const PairsView& pairs, int64_t g) {
  if (pairs.n_a(g) == 0 || pairs.n_b(g) == 0) return Method::kWalk;
  const int64_t height = pairs.a.height(pairs.groups_a[g]);
  const int64_t width = pairs.a.width(pairs.groups_a[g]);
  const Side a = sample(pairs.a, pairs.groups_a[g], pairs.groups_a[g + 1]);
  const Side b = sample(pairs.b, pairs.groups_b[g], pairs.groups_b[g + 1]);
  double n_met = 0;
  double met = 0;  // columns
  for (int64_t i = 0; i < a.n_sampled; ++i) {
    for (int64_t j = 0; j < b.n_sampled; ++j) {
      const int64_t common = std::min(a.ranges[i].right, b.ranges[j].right) -
                             std::max(a.ranges[i].left, b.ranges[j].left);
      n_met += common > 0;
      met += static_cast<double>(std::max<int64_t>(common, 0));
    }
  }
  if (n_met == 0) return Method::kWalk;
  const double columns = met / n_met;  // of a pair that meets
  const double n_pairs = static_cast<double>(a.n) * static_cast<double>(b.n) * n_met /
                         static_cast<double>(a.n_sampled * b.n_sampled);
  const double all_masks = static_cast<double>(a.n + b.n);
  const double all_spans =
      static_cast<double>(a.n) * a.n_spans + static_cast<double>(b.n) * b.n_spans;
  const double all_columns =
      static_cast<double>(a.n) * a.width + static_cast<double>(b.n) * b.width;
  const double steps = columns * (a.n_spans / a.width + b.n_spans / b.width);
  const double layers = std::max(1.0, a.n_spans / a.width) * std::max(1.0, b.n_spans / b.width);
  const double words = static_cast<double>(height) / 64 + 1;

  const double walk = n_pairs * (60 + 7 * steps);
  const double by_columns = 100 * all_masks + 5 * all_spans + 0.5 * all_columns +
                            n_pairs * (50 + layers * (10 + columns / 4));
  const double by_bits =
      100 * all_masks + 12 * all_spans + all_columns * words + n_pairs * (50 + columns * words);
  const bool narrow = height <= 0xffff && width <= 0xffff;
  const bool small = height * width <= kMostBits;
  Method method = Method::kWalk;
  double least = walk;
  if (narrow && by_columns < least) {
    method = Method::kColumns;
    least = by_columns;
  }
  if (small && by_bits < least) method = Method::kBits;
  return method;
}

}  // namespace maskmill
