#include "cpu/boundary.h"

#include <algorithm>
#include <utility>

#include "core/boundary.h"
#include "core/combine.h"
#include "cpu/parallel.h"
#include "cpu/span_writer.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 11;  // bounds a piece: some 100 us

struct Scratch {
  Buffer<uint32_t> rows;         // after the rows are done
  Buffer<uint32_t> left, right;  // folded over the columns to the left, to the right
  Buffer<uint32_t> moved, next;
};

struct Image {
  int64_t height, n_pixels;
};

// Erodes or dilates the columns by themselves.
template <SetOp op>
void square_rows(const uint32_t* bounds, int64_t n_bounds, int64_t height, int64_t radius,
                 Buffer<uint32_t>& out) {
  SpanWriter writer(out);
  for (int64_t k = 0; k < n_bounds; k += 2) {
    for_each_rectangle(bounds[k], bounds[k + 1], height, [&](const Rectangle& at) {
      const Range rows =
          op == SetOp::kIntersection ? eroded_rows(at, radius) : dilated_rows(at, radius, height);
      if (rows.first >= rows.stop) return;
      if (rows.first == 0 && rows.stop == height) {
        writer.push(at.left * height, at.right * height);
        return;
      }
      for (int64_t x = at.left; x < at.right; ++x) {
        writer.push(x * height + rows.first, x * height + rows.stop);
      }
    });
  }
}

// Folds a mask and itself moved by 1 to `radius` columns in one direction: the window doubles.
template <SetOp op>
void fold_columns(const Buffer<uint32_t>& rows, const Image& image, int64_t radius,
                  int64_t direction, Buffer<uint32_t>& folded, Scratch& scratch) {
  folded.clear();
  folded.append(rows.data(), rows.size());
  for (int64_t window = 1; window <= radius && !folded.empty();) {
    const int64_t step = std::min(window, radius + 1 - window);
    const int64_t n = folded.size();
    scratch.moved.clear();
    const int64_t n_moved = move_bounds(folded.data(), n, direction * step * image.height,
                                        image.n_pixels, scratch.moved.room(n));
    scratch.next.clear();
    scratch.next.advance(combine_bounds<op>(folded.data(), n, scratch.moved.data(), n_moved,
                                            scratch.next.room(n + n_moved)));
    std::swap(folded, scratch.next);
    window += step;
  }
}

template <SetOp op>
MaskColumns square(const MasksView& masks, const int64_t* radii, int threads) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 8, kGrain);
  return build_ragged_with<uint32_t, Scratch>(
      threads, cuts, [&](int64_t i, Buffer<uint32_t>& out, Scratch& scratch) {
        const int64_t height = masks.height(i);
        const int64_t width = masks.width(i);
        const Image image{height, height * width};
        scratch.rows.clear();
        square_rows<op>(masks.begin(i), masks.n_bounds(i), height, std::min(radii[i], height),
                        scratch.rows);
        const int64_t across = std::min(radii[i], width);
        fold_columns<op>(scratch.rows, image, across, -1, scratch.left, scratch);
        fold_columns<op>(scratch.rows, image, across, 1, scratch.right, scratch);
        const int64_t n = scratch.left.size() + scratch.right.size();
        out.advance(combine_bounds<op>(scratch.left.data(), scratch.left.size(),
                                       scratch.right.data(), scratch.right.size(), out.room(n)));
      });
}

}  // namespace

MaskColumns erode(const MasksView& masks, const int64_t* radii, int threads) {
  return square<SetOp::kIntersection>(masks, radii, threads);
}

MaskColumns dilate(const MasksView& masks, const int64_t* radii, int threads) {
  return square<SetOp::kUnion>(masks, radii, threads);
}

}  // namespace maskmill
