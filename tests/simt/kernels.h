// The kernels as host functions, by name.
#pragma once

#include <functional>

namespace maskmill::simt {

// The body of a kernel with these parameters, which are copied; throws std::out_of_range if there
// is no kernel of this name.
std::function<void()> find_kernel(const char* name, const void* args);

}  // namespace maskmill::simt
