// Joins what threads built piece by piece into one column.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "cpu/buffer.h"

namespace maskmill {

// Offsets of all pieces: their ends, each counted on from the piece before.
template <class Piece>
Buffer<int64_t> join_ends(const std::vector<Piece>& pieces, Buffer<int64_t> Piece::* ends) {
  Buffer<int64_t> offsets;
  int64_t total = 1;
  for (const Piece& piece : pieces) total += (piece.*ends).size();
  offsets.reserve(total);
  offsets.push(0);
  for (const Piece& piece : pieces) {
    const int64_t before = offsets[offsets.size() - 1];
    for (const int64_t end : piece.*ends) offsets.push(before + end);
  }
  return offsets;
}

// Values of all pieces, end to end.
template <class Piece, class T>
Buffer<T> join_values(std::vector<Piece>& pieces, Buffer<T> Piece::* values) {
  if (pieces.size() == 1) return std::move(pieces[0].*values);
  int64_t total = 0;
  for (const Piece& piece : pieces) total += (piece.*values).size();
  Buffer<T> all;
  all.reserve(total);
  for (const Piece& piece : pieces) all.append((piece.*values).data(), (piece.*values).size());
  return all;
}

}  // namespace maskmill
