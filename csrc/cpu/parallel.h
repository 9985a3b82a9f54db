// Threads: one small pool, made at first use, dropped in a forked child.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#include "cpu/buffer.h"
#include "cpu/views.h"

namespace maskmill {

// Calls body(piece) for every piece in [0, n_pieces), on the calling thread and at most
// threads - 1 others. Pieces start in ascending order. If bodies throw, the exception of the
// lowest piece is thrown here after all have ended, so that errors do not depend on timing.
void parallel_for(int threads, int64_t n_pieces, const std::function<void(int64_t)>& body);

// Cuts rows [0, n) into contiguous pieces of about equal weight, where row i weighs
// prefix[i + 1] - prefix[i] + per_row. Gives n_pieces + 1 row numbers. Work below `grain` units a
// piece is not worth a thread: then there are fewer pieces.
std::vector<int64_t> split_rows(int threads, int64_t n, const int64_t* prefix, int64_t per_row,
                                int64_t grain);

// Reserves what the rows of a piece will need if they go on as they began: a large result is then
// not moved while it grows. Memory that is never written costs nothing. Called after each row.
template <class T>
void reserve_ahead(int64_t done, int64_t n_rows, Buffer<T>& values) {
  if (done == n_rows / 32 + 1) values.reserve(values.size() / done * n_rows / 8 * 9);
}

// Builds a ragged column in parallel, piece by piece: append(first, stop, values, ends) appends the
// values of the rows [first, stop) and sets ends[i] to the number of values after row i. Rows of a
// piece share one growing buffer, so there is no allocation a row.
template <class T, class Append>
Ragged<T> build_ragged_pieces(int threads, const std::vector<int64_t>& cuts, const Append& append) {
  const auto n_pieces = static_cast<int64_t>(cuts.size()) - 1;
  const int64_t n_rows = cuts.back();
  std::vector<Buffer<T>> pieces(static_cast<size_t>(n_pieces));
  Ragged<T> result;
  result.offsets.resize(n_rows + 1);
  result.offsets[0] = 0;
  parallel_for(threads, n_pieces, [&](int64_t p) {
    Buffer<T>& values = pieces[static_cast<size_t>(p)];
    const auto at = static_cast<size_t>(p);
    append(cuts[at], cuts[at + 1], values, result.offsets.data() + 1);  // rebased below
  });
  if (n_pieces == 1) {
    result.values = std::move(pieces[0]);
    return result;
  }
  int64_t total = 0;
  std::vector<int64_t> starts;
  for (const Buffer<T>& piece : pieces) {
    starts.push_back(total);
    total += piece.size();
  }
  result.values.resize(total);
  parallel_for(threads, n_pieces, [&](int64_t p) {
    const auto at = static_cast<size_t>(p);
    const Buffer<T>& piece = pieces[at];
    if (!piece.empty()) {
      std::memcpy(result.values.data() + starts[at], piece.data(),
                  static_cast<size_t>(piece.size()) * sizeof(T));
    }
    for (int64_t i = cuts[at]; i < cuts[at + 1]; ++i) result.offsets[i + 1] += starts[at];
  });
  return result;
}

// The same, row by row: append(row, values, scratch) appends the values of one row. Rows of a piece
// share one Scratch too.
template <class T, class Scratch, class Append>
Ragged<T> build_ragged_with(int threads, const std::vector<int64_t>& cuts, const Append& append) {
  return build_ragged_pieces<T>(threads, cuts,
                                [&](int64_t first, int64_t stop, Buffer<T>& values, int64_t* ends) {
                                  Scratch scratch;
                                  for (int64_t i = first; i < stop; ++i) {
                                    append(i, values, scratch);
                                    ends[i] = values.size();
                                    reserve_ahead(i + 1 - first, stop - first, values);
                                  }
                                });
}

// The same without scratch: append(row, values).
template <class T, class Append>
Ragged<T> build_ragged(int threads, const std::vector<int64_t>& cuts, const Append& append) {
  struct None {};
  return build_ragged_with<T, None>(
      threads, cuts, [&](int64_t i, Buffer<T>& values, None&) { append(i, values); });
}

}  // namespace maskmill
