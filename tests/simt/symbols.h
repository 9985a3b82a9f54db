// Source lines of code addresses.
#pragma once

#include <string>

#include "core/types.h"

namespace maskmill::simt {

// From the start of this library.
u32 code_offset(const void* code);
// "file:line" where the library has debug information and addr2line is there, else the offset.
std::string source_line(u32 offset);

}  // namespace maskmill::simt
