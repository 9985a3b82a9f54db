#include "gpu/cuda_device.h"

#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maskmill::gpu {

// What is known of one device: made at its first use and kept to the end of the process, when the
// driver may be gone already.
class GpuState {
 public:
  explicit GpuState(int ordinal) {
    const CudaDriver& driver = cuda_driver();
    CudaOrdinal device = 0;
    check(driver.device(&device, ordinal), "cuDeviceGet");
    const auto attribute = [&](CudaAttribute which) {
      int value = 0;
      check(driver.attribute(&value, which, device), "cuDeviceGetAttribute");
      return value;
    };
    architecture = 10 * attribute(kArchitectureMajor) + attribute(kArchitectureMinor);
    n_resident_threads = int64_t{attribute(kProcessors)} * attribute(kThreadsPerProcessor);
    check(driver.retain_primary_context(&context, device), "cuDevicePrimaryCtxRetain");
  }

  [[nodiscard]] bool has_kernels() {
    const std::scoped_lock held(mutex_);
    return module_ != nullptr;
  }

  void load(const void* image) {
    const CurrentContext current(context);
    const std::scoped_lock held(mutex_);
    if (module_ == nullptr) check(cuda_driver().load_module(&module_, image), "cuModuleLoadData");
  }

  CudaFunction function(const char* name) {
    const std::scoped_lock held(mutex_);
    const auto known = functions_.find(name);
    if (known != functions_.end()) return known->second;
    if (module_ == nullptr) throw CudaError("the kernels of this device are not loaded");
    CudaFunction found = nullptr;
    check(cuda_driver().function(&found, module_, name), "cuModuleGetFunction");
    functions_.emplace(name, found);
    return found;
  }

  // Pinned memory of kPinnedBytes, which the driver is slow to make.
  void* take_pinned() {
    const std::scoped_lock held(mutex_);
    void* buffer = nullptr;
    if (pinned_.empty()) {
      check(cuda_driver().allocate_pinned(&buffer, kPinnedBytes, 0), "cuMemHostAlloc");
    } else {
      buffer = pinned_.back();
      pinned_.pop_back();
    }
    return buffer;
  }
  void give_pinned(void* buffer) {
    const std::scoped_lock held(mutex_);
    pinned_.push_back(buffer);
  }

  static constexpr int64_t kPinnedBytes = 4096;
  CudaContext context = nullptr;
  int architecture = 0;
  int64_t n_resident_threads = 0;

 private:
  std::mutex mutex_;
  CudaModule module_ = nullptr;
  std::map<std::string_view, CudaFunction> functions_;  // names are literals
  std::vector<void*> pinned_;
};

namespace {

GpuState& state_of(int ordinal) {
  check_not_forked();
  static std::mutex mutex;
  static auto& states = *new std::map<int, std::unique_ptr<GpuState>>;
  const std::scoped_lock held(mutex);
  std::unique_ptr<GpuState>& state = states[ordinal];
  if (state == nullptr) state = std::make_unique<GpuState>(ordinal);
  return *state;
}

// Gives the buffer back also when a copy fails.
class Pinned {
 public:
  explicit Pinned(GpuState& state) : state_(state), data_(state.take_pinned()) {}
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned() { state_.give_pinned(data_); }

  [[nodiscard]] void* data() const { return data_; }

 private:
  GpuState& state_;
  void* data_;
};

CudaPointer pointer(const void* data) { return reinterpret_cast<uintptr_t>(data); }

}  // namespace

int cuda_driver_version() {
  int version = 0;
  check(cuda_driver().version(&version), "cuDriverGetVersion");
  return version;
}

int cuda_architecture(int ordinal) { return state_of(ordinal).architecture; }

bool cuda_kernels_loaded(int ordinal) { return state_of(ordinal).has_kernels(); }

void cuda_load_kernels(int ordinal, const void* image) { state_of(ordinal).load(image); }

CudaDevice::CudaDevice(int ordinal, uintptr_t stream, Allocate allocate)
    : state_(state_of(ordinal)),
      stream_(reinterpret_cast<CudaStream>(stream)),  // NOLINT(performance-no-int-to-ptr)
      allocate_(std::move(allocate)) {}

std::shared_ptr<Allocation> CudaDevice::allocate(int64_t n_bytes) {
  return allocate_(n_bytes > 0 ? n_bytes : 1);  // libraries give null for nothing
}

void CudaDevice::fill(void* data, int byte, int64_t n_bytes) {
  if (n_bytes == 0) return;
  check_not_forked();
  const CurrentContext current(state_.context);
  check(cuda_driver().fill(pointer(data), static_cast<unsigned char>(byte),
                           static_cast<size_t>(n_bytes), stream_),
        "cuMemsetD8Async");
}

void CudaDevice::read(void* host, const void* data, int64_t n_bytes) {
  check_not_forked();
  const CudaDriver& driver = cuda_driver();
  const CurrentContext current(state_.context);
  const auto size = static_cast<size_t>(n_bytes);
  const auto copy = [&](void* to) {
    if (size > 0) {
      check(driver.copy_to_host(to, pointer(data), size, stream_), "cuMemcpyDtoHAsync");
    }
    check(driver.synchronize(stream_), "cuStreamSynchronize");
  };
  if (n_bytes <= GpuState::kPinnedBytes) {
    const Pinned pinned(state_);
    copy(pinned.data());
    std::memcpy(host, pinned.data(), size);
  } else {
    copy(host);  // the driver stages it
  }
}

int64_t CudaDevice::n_resident_blocks() const {
  constexpr int64_t kThreadsPerBlock = 256;
  return state_.n_resident_threads / kThreadsPerBlock;
}

// As MASKMILL_HAS_BINARY_MMA of the kernels.
bool CudaDevice::has_binary_mma() const {
  return state_.architecture >= 80 && state_.architecture < 100;
}

void CudaDevice::start(const char* kernel, int64_t n_blocks, int n_threads, const void* args,
                       size_t n_bytes) {
  constexpr int64_t kMostBlocks = (int64_t{1} << 31) - 1;
  constexpr int kMostThreads = 1024;
  if (n_blocks > kMostBlocks || n_threads < 1 || n_threads > kMostThreads) {
    throw CudaError(std::string(kernel) + ": no device starts " + std::to_string(n_blocks) +
                    " blocks of " + std::to_string(n_threads) + " threads");
  }
  check_not_forked();
  const CurrentContext current(state_.context);
  void* extra[] = {kParametersBuffer, const_cast<void*>(args), kParametersSize, &n_bytes,
                   kParametersEnd};
  check(cuda_driver().launch(state_.function(kernel), static_cast<unsigned>(n_blocks), 1, 1,
                             static_cast<unsigned>(n_threads), 1, 1, 0, stream_, nullptr, extra),
        (std::string("cuLaunchKernel of ") + kernel).c_str());
}

}  // namespace maskmill::gpu
