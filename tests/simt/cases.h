// Kernels with a name, for test_executor.py to launch.
#pragma once

#include <vector>

#include "core/types.h"
#include "executor.h"

namespace maskmill::simt {

constexpr u32 n_words = 64;  // that a kernel gets; the second half is zero, the first is poison

struct Case {
  const char* name;
  void (*kernel)(u32* words);
  Dim3 grid;
  Dim3 block;
  unsigned dynamic_bytes = 0;
};

// Each twice: NAME does what it must not, NAME.good is the same without the fault.
const std::vector<Case>& faults();
const std::vector<Case>& race_faults();
const std::vector<Case>& intrinsics();

}  // namespace maskmill::simt

#define TWINS(name, blocks, threads)                 \
  {#name, name<false>, {blocks}, {threads}}, {       \
    #name ".good", name<true>, {blocks}, { threads } \
  }
