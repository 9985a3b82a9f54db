// The device memory that is live.
#pragma once

#include <cstddef>
#include <string>

#include "core/types.h"

namespace maskmill::simt {

u8* allocate_device(size_t bytes);
void release_device(u8* data);
// What was written outside allocations since the last call, or "". Sets the guards anew.
std::string find_damage();
// Words for an address, for reports.
std::string describe(const u8* address);

}  // namespace maskmill::simt
