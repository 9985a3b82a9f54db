// A GPU behind the interface of the drivers, through the CUDA driver's primary context: the one
// that CuPy, torch and the CUDA runtime share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "gpu/cuda_driver.h"
#include "gpu/device.h"

namespace maskmill::gpu {

// The newest CUDA that the driver serves: 12090 is 12.9.
int cuda_driver_version();

// 80 is sm_80.
int cuda_architecture(int ordinal);

bool cuda_kernels_loaded(int ordinal);

// Loads compiled kernels of a device; the first ones stay.
void cuda_load_kernels(int ordinal, const void* image);

class GpuState;

// One device, one stream, one library's memory: what a call needs. Any thread may use one, not two
// at once.
class CudaDevice final : public Device {
 public:
  using Allocate = std::function<std::shared_ptr<Allocation>(int64_t n_bytes)>;

  // The kernels of the device must be loaded.
  CudaDevice(int ordinal, uintptr_t stream, Allocate allocate);

  std::shared_ptr<Allocation> allocate(int64_t n_bytes) override;
  void fill(void* data, int byte, int64_t n_bytes) override;
  void read(void* host, const void* data, int64_t n_bytes) override;
  [[nodiscard]] int64_t n_resident_blocks() const override;
  [[nodiscard]] bool has_binary_mma() const override;

 protected:
  void start(const char* kernel, int64_t n_blocks, int n_threads, const void* args,
             size_t n_bytes) override;

 private:
  GpuState& state_;
  CudaStream stream_;
  Allocate allocate_;
};

}  // namespace maskmill::gpu
