// All that an op driver needs of a device. CudaDevice is one; HostDevice of the tests, which runs
// the same kernels on the CPU, is the other.
//
// A driver counts, scans and writes: it allocates, launches and, at most once, reads back how long
// its result is. Everything happens in the order of one stream, which is the caller's.
#pragma once

#include <cstdint>
#include <memory>

namespace maskmill::gpu {

// Device memory. Given back, in the order of the stream, when the last owner goes.
class Allocation {
 public:
  Allocation() = default;
  Allocation(const Allocation&) = delete;
  Allocation& operator=(const Allocation&) = delete;
  virtual ~Allocation() = default;
  [[nodiscard]] virtual void* data() const = 0;
};

// Memory of `size` values of T.
template <class T>
struct Column {
  std::shared_ptr<Allocation> memory;
  int64_t size = 0;

  [[nodiscard]] T* data() const { return static_cast<T*>(memory->data()); }
};

class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device() = default;

  // Never null, also for 0 bytes; aligned to 256 bytes; not initialised.
  virtual std::shared_ptr<Allocation> allocate(int64_t n_bytes) = 0;
  virtual void fill(void* data, int byte, int64_t n_bytes) = 0;
  // Waits for all work before it.
  virtual void read(void* host, const void* data, int64_t n_bytes) = 0;
  // Blocks that keep the whole device busy; kernels whose amount of work only the device knows
  // stride over it with so many.
  [[nodiscard]] virtual int64_t n_resident_blocks() const = 0;
  // Tensor cores multiply bit matrices: compute capability 8.0 to 9.x.
  [[nodiscard]] virtual bool has_binary_mma() const { return false; }

  template <class T>
  Column<T> allocate_column(int64_t size) {
    return {allocate(size * static_cast<int64_t>(sizeof(T))), size};
  }

  template <class T>
  Column<T> zeros(int64_t size) {
    Column<T> column = allocate_column<T>(size);
    if (size > 0) fill(column.data(), 0, size * static_cast<int64_t>(sizeof(T)));
    return column;
  }

  // Starts the kernel that takes these parameters. No blocks is no launch.
  template <class Args>
  void launch(int64_t n_blocks, int n_threads, const Args& args) {
    if (n_blocks > 0) start(Args::kKernel, n_blocks, n_threads, &args, sizeof args);
  }

  // The same with one block an item, as far as they fill the device; the kernel strides over the
  // rest.
  template <class Args>
  void launch_blocks(int64_t n_items, const Args& args, int n_threads = 256) {
    const int64_t most = n_resident_blocks();
    launch(n_items < most ? n_items : most, n_threads, args);
  }

  // The same with one thread an item, and with one warp an item.
  template <class Args>
  void launch_threads(int64_t n_items, const Args& args, int n_threads = 256) {
    launch(blocks_for(n_items, n_threads), n_threads, args);
  }
  template <class Args>
  void launch_warps(int64_t n_items, const Args& args, int n_threads = 256) {
    launch(blocks_for(n_items, n_threads / 32), n_threads, args);
  }

 protected:
  virtual void start(const char* kernel, int64_t n_blocks, int n_threads, const void* args,
                     size_t n_bytes) = 0;

 private:
  // Kernels stride over what such a grid does not reach.
  static int64_t blocks_for(int64_t n_items, int64_t items_a_block) {
    constexpr int64_t kMost = int64_t{1} << 22;
    const int64_t wanted = (n_items + items_a_block - 1) / items_a_block;
    return wanted < kMost ? wanted : kMost;
  }
};

}  // namespace maskmill::gpu
