#include "cpu/components.h"

#include <utility>
#include <vector>

#include "core/components.h"
#include "cpu/parallel.h"
#include "cpu/pieces.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 13;  // bounds a piece: about 100 us

struct Scratch {
  Buffer<Stretch> stretches, reaches;
  Buffer<i64> parents;
  Buffer<int64_t> numbers;  // component of each stretch
  Buffer<int64_t> places;   // next bound of each component
};

// Components of the masks of one piece; ends count from the start of the piece.
struct Piece {
  Buffer<uint32_t> bounds;
  Buffer<int64_t> component_ends, mask_ends;
};

// Gives the number of components.
int64_t number_stretches(const uint32_t* bounds, int64_t n_bounds, int64_t height, bool diagonal,
                         Scratch& scratch) {
  scratch.stretches.clear();
  scratch.reaches.clear();
  for (int64_t k = 0; k < n_bounds; k += 2) {
    split_span(bounds[k], bounds[k + 1], height, diagonal, [&](const Stretch& stretch) {
      scratch.stretches.push(stretch);
      scratch.reaches.push(reach_of(stretch, height, diagonal));
    });
  }
  const int64_t n = scratch.stretches.size();
  scratch.parents.resize(n);
  scratch.numbers.resize(n);
  i64* const parents = scratch.parents.data();
  for (int64_t k = 0; k < n; ++k) parents[k] = k;
  for_each_touch(scratch.reaches.data(), scratch.stretches.data(), n,
                 [&](int64_t a, int64_t b) { join_trees(parents, a, b); });
  int64_t n_components = 0;
  for (int64_t k = 0; k < n; ++k) {  // a root comes before all others of its tree
    const int64_t root = find_root(parents, k);
    scratch.numbers[k] = root == k ? n_components++ : scratch.numbers[root];
  }
  return n_components;
}

void append_components(const uint32_t* bounds, int64_t n_bounds, int64_t height, bool diagonal,
                       Scratch& scratch, Piece& piece) {
  const int64_t n = number_stretches(bounds, n_bounds, height, diagonal, scratch);
  const Stretch* const stretches = scratch.stretches.data();
  const int64_t* const numbers = scratch.numbers.data();
  // Places hold the stop of the last stretch of each component, then its next place.
  Buffer<int64_t>& places = scratch.places;
  places.resize(2 * n);
  int64_t* const last = places.data() + n;
  for (int64_t c = 0; c < n; ++c) {
    places[c] = 0;
    last[c] = -1;
  }
  for (int64_t k = 0; k < scratch.stretches.size(); ++k) {
    const int64_t c = numbers[k];
    places[c] += last[c] == stretches[k].start ? 0 : 2;  // else it goes on
    last[c] = stretches[k].stop;
  }
  const int64_t first = piece.bounds.size();
  int64_t total = 0;
  for (int64_t c = 0; c < n; ++c) {
    total += std::exchange(places[c], total);
    last[c] = -1;
    piece.component_ends.push(first + total);
  }
  uint32_t* const out = piece.bounds.room(total);
  for (int64_t k = 0; k < scratch.stretches.size(); ++k) {
    const int64_t c = numbers[k];
    if (last[c] != stretches[k].start) {
      out[places[c]] = static_cast<uint32_t>(stretches[k].start);
      places[c] += 2;
    }
    out[places[c] - 1] = static_cast<uint32_t>(stretches[k].stop);
    last[c] = stretches[k].stop;
  }
  piece.bounds.advance(total);
  piece.mask_ends.push(piece.component_ends.size());
}

}  // namespace

ComponentColumns components(const MasksView& masks, bool diagonal, int threads) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 8, kGrain);
  std::vector<Piece> pieces(cuts.size() - 1);
  parallel_for(threads, static_cast<int64_t>(pieces.size()), [&](int64_t p) {
    const auto at = static_cast<size_t>(p);
    Scratch scratch;
    for (int64_t i = cuts[at]; i < cuts[at + 1]; ++i) {
      append_components(masks.begin(i), masks.n_bounds(i), masks.height(i), diagonal, scratch,
                        pieces[at]);
    }
  });
  ComponentColumns out;
  out.masks.offsets = join_ends(pieces, &Piece::component_ends);
  out.offsets = join_ends(pieces, &Piece::mask_ends);
  out.masks.values = join_values(pieces, &Piece::bounds);
  return out;
}

}  // namespace maskmill
