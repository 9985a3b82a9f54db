#include "host_device.h"

#include <cstring>
#include <utility>

#include "bindings/gpu/arrays.h"
#include "executor.h"
#include "kernels.h"

namespace maskmill::simt {

HostDevice::HostDevice(pybind11::object allocate) : allocate_(std::move(allocate)) {}

std::shared_ptr<gpu::Allocation> HostDevice::allocate(int64_t n_bytes) {
  return std::make_shared<gpu::PythonAllocation>(allocate_, n_bytes);
}

void HostDevice::fill(void* data, int byte, int64_t n_bytes) {
  std::memset(data, byte, static_cast<size_t>(n_bytes));
}

void HostDevice::read(void* host, const void* data, int64_t n_bytes) {
  std::memcpy(host, data, static_cast<size_t>(n_bytes));
}

// Few, so that kernels that stride over their work do it more than once.
int64_t HostDevice::n_resident_blocks() const { return 3; }

bool HostDevice::has_binary_mma() const { return true; }

void HostDevice::start(const char* kernel, int64_t n_blocks, int n_threads, const void* args,
                       size_t /*n_bytes*/) {
  simt::launch(kernel, {static_cast<unsigned>(n_blocks), 1, 1},
               {static_cast<unsigned>(n_threads), 1, 1}, 0, find_kernel(kernel, args));
}

}  // namespace maskmill::simt
