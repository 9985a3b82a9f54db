// Which way of counting common pixels pays: an estimate from a few masks of the group.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/reciprocal.h"
#include "cpu/iou.h"

namespace maskmill {
namespace {

constexpr int64_t kSample = 8;          // masks of either side
constexpr int64_t kMostBits = 1 << 23;  // pixels of a mask that is worth a bit each

struct Range {
  i64 left, right;  // columns; equal for an empty mask
};

// What a sample of one side says about all of its masks.
struct Side {
  double n;
  double n_spans;  // of a mask
  double width;    // of a mask, at least 1
  int64_t n_sampled;
  Range ranges[kSample];
};

Side sample(const MasksView& masks, int64_t begin, int64_t end) {
  const int64_t n = end - begin;
  Side side;
  side.n = static_cast<double>(n);
  side.n_spans = static_cast<double>(masks.offsets[end] - masks.offsets[begin]) / 2 / side.n;
  side.n_sampled = std::min(n, kSample);
  const Reciprocal by = reciprocal(static_cast<u32>(masks.height(begin)));
  i64 width = 0;
  for (int64_t k = 0; k < side.n_sampled; ++k) {
    const int64_t i = begin + k * n / side.n_sampled;
    Range& range = side.ranges[k];
    range = {0, 0};
    if (masks.n_bounds(i) > 0) {
      range.left = divide(*masks.begin(i), by).quotient;
      range.right = divide(*(masks.end(i) - 1) - 1, by).quotient + 1;
    }
    width += range.right - range.left;
  }
  side.width = std::max(1.0, static_cast<double>(width) / static_cast<double>(side.n_sampled));
  return side;
}

struct Estimate {
  double cycles[3];  // by Method
  double bytes[3];
};

// The costs in clock cycles are fitted to COCO annotations, blobs and noise on one machine.
Estimate estimate(const PairsView& pairs, int64_t g) {
  const int64_t height = pairs.a.height(pairs.groups_a[g]);
  const int64_t width = pairs.a.width(pairs.groups_a[g]);
  const Side a = sample(pairs.a, pairs.groups_a[g], pairs.groups_a[g + 1]);
  const Side b = sample(pairs.b, pairs.groups_b[g], pairs.groups_b[g + 1]);
  i64 n_met = 0;
  i64 met = 0;  // columns
  for (int64_t i = 0; i < a.n_sampled; ++i) {
    for (int64_t j = 0; j < b.n_sampled; ++j) {
      const i64 common = std::min(a.ranges[i].right, b.ranges[j].right) -
                         std::max(a.ranges[i].left, b.ranges[j].left);
      n_met += common > 0;
      met += std::max<i64>(common, 0);
    }
  }
  const double columns = static_cast<double>(met) / static_cast<double>(std::max<i64>(n_met, 1));
  const double n_pairs =
      a.n * b.n * static_cast<double>(n_met) / static_cast<double>(a.n_sampled * b.n_sampled);
  const double n_masks = a.n + b.n;
  const double n_spans = a.n * a.n_spans + b.n * b.n_spans;
  const double n_columns = a.n * a.width + b.n * b.width;
  // Spans of a column, and about the most of 16 columns.
  const double spans_a = a.n_spans / a.width;
  const double spans_b = b.n_spans / b.width;
  const double more_a = std::max(0.0, spans_a - 1);
  const double more_b = std::max(0.0, spans_b - 1);
  const double layers_a = 1 + more_a + 1.5 * std::sqrt(more_a);
  const double layers_b = 1 + more_b + 1.5 * std::sqrt(more_b);
  const double n_extras = a.n * a.width * more_a + b.n * b.width * more_b;
  const double words = static_cast<double>(height) / 64 + 1;  // of a column
  constexpr double kNever = 1e300;
  const bool narrow = height <= 0xffff && width <= 0xffff;
  const bool small = height * width <= kMostBits;
  return {
      {n_pairs * (60 + 7.5 * columns * (spans_a + spans_b)),
       narrow ? 150 * n_masks + 5 * n_spans + 12 * n_extras + n_columns +
                    n_pairs * (30 + layers_a * layers_b * (8 + columns / 4))
              : kNever,
       small ? 100 * n_masks + 12 * n_spans + n_columns * words +
                   n_pairs * (50 + 1.3 * columns * words)
             : kNever},
      {0, (n_columns / n_masks / kBlock + 1) * std::max(layers_a, layers_b) * kSlice * sizeof(u16),
       n_columns / n_masks * words * sizeof(u64)}};
}

bool is_empty(const PairsView& pairs, int64_t g) { return pairs.n_a(g) == 0 || pairs.n_b(g) == 0; }

}  // namespace

Plan plan_group(const PairsView& pairs, int64_t g, Method method) {
  if (is_empty(pairs, g)) return {method, 0};
  return {method, static_cast<int64_t>(estimate(pairs, g).bytes[static_cast<int>(method)])};
}

Plan plan_group(const PairsView& pairs, int64_t g) {
  if (is_empty(pairs, g)) return {Method::kWalk, 0};
  const Estimate of = estimate(pairs, g);
  const auto least = std::min_element(std::begin(of.cycles), std::end(of.cycles)) - of.cycles;
  return {static_cast<Method>(least), static_cast<int64_t>(of.bytes[least])};
}

}  // namespace maskmill
