#include "cpu/trace.h"

#include <cstring>
#include <vector>

#include "cpu/outline.h"
#include "cpu/parallel.h"
#include "cpu/pieces.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 12;  // bounds a piece: about 100 us

// Which vertices of a ring stay: Douglas and Peucker's method, with a stack in place of recursion.
class Simplifier {
 public:
  explicit Simplifier(double tolerance) : limit_(tolerance * tolerance) {}

  // Appends the vertices of a ring of n that stay.
  void append(const i32* ring, i64 n, Buffer<double>& out) {
    kept_.resize(n);
    std::memset(kept_.data(), 0, static_cast<size_t>(n));
    i64 far = 0;
    i64 most = -1;
    for (i64 k = 0; k < n; ++k) {
      const i64 x = i64{ring[2 * k]} - ring[0];
      const i64 y = i64{ring[2 * k + 1]} - ring[1];
      if (x * x + y * y > most) {
        most = x * x + y * y;
        far = k;
      }
    }
    kept_[0] = kept_[far] = 1;
    const Farthest one = farthest_vertex(ring, 0, far, ring + 2 * far);
    const Farthest other = farthest_vertex(ring, far, n, ring);
    const bool is_one = one.distance > other.distance ||
                        (one.distance == other.distance &&
                         off_middle(one.index, 0, far) <= off_middle(other.index, far, n));
    const i64 third = is_one ? one.index : other.index;
    kept_[third] = 1;
    if (is_one) {
      keep(ring, n, 0, third);
      keep(ring, n, third, far);
      keep(ring, n, far, n);
    } else {
      keep(ring, n, 0, far);
      keep(ring, n, far, third);
      keep(ring, n, third, n);
    }
    for (i64 k = 0; k < n; ++k) {
      if (kept_[k] == 0) continue;
      out.push(ring[2 * k]);
      out.push(ring[2 * k + 1]);
    }
  }

 private:
  static i64 off_middle(i64 k, i64 first, i64 stop) { return std::abs(2 * k - first - stop); }

  void keep(const i32* ring, i64 n, i64 first, i64 stop) {
    stack_.clear();
    stack_.push({first, stop});
    while (!stack_.empty()) {
      const Stretch at = stack_[stack_.size() - 1];
      stack_.resize(stack_.size() - 1);
      if (at.stop - at.first < 2) continue;
      const i32* const end = at.stop == n ? ring : ring + 2 * at.stop;
      const Farthest best = farthest_vertex(ring, at.first, at.stop, end);
      if (!(best.distance > limit_)) continue;
      kept_[best.index] = 1;
      stack_.push({at.first, best.index});
      stack_.push({best.index, at.stop});
    }
  }

  struct Stretch {
    i64 first, stop;
  };

  double limit_;
  Buffer<u8> kept_;
  Buffer<Stretch> stack_;
};

// Polygons of the masks of one piece; ends count from the start of the piece.
struct Piece {
  Buffer<double> coords;
  Buffer<int64_t> ring_ends, part_ends, mask_ends;
};

void append_mask(const Outline& outline, bool exact, Simplifier& simplifier, Piece& piece) {
  const int64_t first_ring = piece.ring_ends.size();
  const int64_t first_vertex = piece.coords.size() / 2;
  const i32* const coords = outline.coords.data();
  if (exact) {
    double* const to = piece.coords.room(outline.coords.size());
    for (int64_t k = 0; k < outline.coords.size(); ++k) to[k] = coords[k];
    piece.coords.advance(outline.coords.size());
  }
  int64_t start = 0;
  for (const int64_t end : outline.ring_ends) {
    if (!exact) simplifier.append(coords + 2 * start, end - start, piece.coords);
    piece.ring_ends.push(exact ? first_vertex + end : piece.coords.size() / 2);
    start = end;
  }
  for (const int64_t end : outline.part_ends) piece.part_ends.push(first_ring + end);
  piece.mask_ends.push(piece.part_ends.size());
}

}  // namespace

PolygonColumns trace(const MasksView& masks, double tolerance, int threads) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 8, kGrain);
  std::vector<Piece> pieces(cuts.size() - 1);
  parallel_for(threads, static_cast<int64_t>(pieces.size()), [&](int64_t p) {
    const auto at = static_cast<size_t>(p);
    Outline outline;
    Simplifier simplifier(tolerance);
    for (int64_t i = cuts[at]; i < cuts[at + 1]; ++i) {
      outline.trace(masks.begin(i), masks.n_bounds(i), masks.height(i));
      append_mask(outline, !(tolerance > 0), simplifier, pieces[at]);
    }
  });
  PolygonColumns out;
  out.ring_offsets = join_ends(pieces, &Piece::ring_ends);
  out.part_offsets = join_ends(pieces, &Piece::part_ends);
  out.mask_offsets = join_ends(pieces, &Piece::mask_ends);
  out.coords = join_values(pieces, &Piece::coords);
  return out;
}

}  // namespace maskmill
