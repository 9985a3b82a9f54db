// Raw memory, and the guard bytes around what a kernel may write.
#pragma once

#include <cstddef>

#include "core/types.h"

namespace maskmill::simt {

// From the heap, or from the region that the race detector watches.
u8* take_memory(size_t bytes, bool watched);
void give_memory(u8* memory, size_t bytes, bool watched);

// Guard bytes are known values; AddressSanitizer faults on any access to them.
void set_guard(u8* guard, size_t bytes);
// Whether the bytes are as they were set; they may be used again.
bool lift_guard(u8* guard, size_t bytes);

}  // namespace maskmill::simt
