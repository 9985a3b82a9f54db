// Runs kernels on the CPU, for tests: every thread of the grid is a fiber, and what CUDA leaves
// undefined (a divergent barrier, a wrong mask, a data race) is an error that names the place.
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>

#include "place.h"

namespace maskmill::simt {

enum class Order { forward, reverse, random };

struct Config {
  unsigned seed = 1;            // of the random order
  Order order = Order::random;  // in which threads and blocks run
  int resident = 1;             // blocks that run at once
  int poison = 0xCD;            // byte that fresh memory holds
#ifdef MASKMILL_SIMT_RACES
  bool races = true;  // look for data races; allocations made before are not watched
#else
  bool races = false;
#endif
};

struct Stats {
  unsigned long long launches = 0, blocks = 0, threads = 0, switches = 0, barriers = 0,
                     warp_operations = 0, atomics = 0;
};

// A kernel did what CUDA forbids or leaves undefined.
class KernelError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One state for the process: calls of several threads follow one another.
Config config();
void configure(const Config& config);
Stats stats();
void reset_stats();

// Runs `body` once for every thread of the grid, and throws `KernelError` if one of them fails, if
// it wrote outside an allocation, or if two raced. The device stays usable after an error.
void launch(const char* name, Dim3 grid, Dim3 block, unsigned dynamic_shared_bytes,
            const std::function<void()>& body);

// Device memory: poisoned, aligned to 256 bytes, between guard bytes that every launch checks.
void* allocate(size_t bytes);
// Damage that the guards show here is thrown by the next launch or `check_memory`.
void release(void* pointer) noexcept;
void check_memory();

}  // namespace maskmill::simt
