// A device whose kernels run on the host executor.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "gpu/device.h"

namespace maskmill::simt {

class HostDevice final : public gpu::Device {
 public:
  // allocate(n_bytes) gives an object with `__cuda_array_interface__`.
  explicit HostDevice(pybind11::object allocate);

  std::shared_ptr<gpu::Allocation> allocate(int64_t n_bytes) override;
  void fill(void* data, int byte, int64_t n_bytes) override;
  void read(void* host, const void* data, int64_t n_bytes) override;
  [[nodiscard]] int64_t n_resident_blocks() const override;
  [[nodiscard]] bool has_binary_mma() const override;

 protected:
  void start(const char* kernel, int64_t n_blocks, int n_threads, const void* args,
             size_t n_bytes) override;

 private:
  pybind11::object allocate_;
};

}  // namespace maskmill::simt
