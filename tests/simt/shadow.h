// The memory that the race detector watches, and what it remembers of every byte of it.
#pragma once

#include <cstddef>

#include "core/types.h"

namespace maskmill::simt::shadow {

// One access: the segment of the thread that made it (what it does between two
// synchronisations), and whether it was atomic. 0 is none.
using Access = u32;
constexpr Access atomic_bit = 1U << 31;

struct Cell {
  Access write, read, other_read;
  u32 write_caller, read_caller;  // code addresses, from the start of the library
};

// Of watched memory, or null.
Cell* cell_of(const void* address);
u8* take(size_t bytes);
void give(u8* memory, size_t bytes);
// Forgets all accesses.
void clear();

}  // namespace maskmill::simt::shadow
