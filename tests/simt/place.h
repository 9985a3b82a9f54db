// Where a thread of a kernel stands, and the grid that it belongs to.
#pragma once

namespace maskmill::simt {

struct Dim3 {
  unsigned x = 1, y = 1, z = 1;
};

struct Place {
  Dim3 thread, block, block_size, grid_size;
};

// Of the fiber that runs in this thread of the host; null outside a kernel. `__thread`, not
// `thread_local`: kernels read it at every turn, and a wrapper that initialises would cost.
extern __thread const Place* place __attribute__((tls_model("initial-exec")));

}  // namespace maskmill::simt
