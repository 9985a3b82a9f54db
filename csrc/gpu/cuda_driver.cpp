#include "gpu/cuda_driver.h"

#include <atomic>
#include <mutex>
#include <string>

#ifdef _WIN32
#include <process.h>
#else
#include <unistd.h>
#endif

#include "gpu/dynamic_library.h"
#include "gpu/unavailable.h"

namespace maskmill::gpu {
namespace {

#ifdef _WIN32
constexpr const char* kLibrary = "nvcuda.dll";
int process_id() { return _getpid(); }
#else
constexpr const char* kLibrary = "libcuda.so.1";
int process_id() { return getpid(); }
#endif

CudaDriver resolve_all() {
  const DynamicLibrary library(kLibrary);
  CudaDriver driver{};
  library.resolve(driver.init, "cuInit");
  library.resolve(driver.version, "cuDriverGetVersion");
  library.resolve(driver.error_name, "cuGetErrorName");
  library.resolve(driver.error_text, "cuGetErrorString");
  library.resolve(driver.device_count, "cuDeviceGetCount");
  library.resolve(driver.device, "cuDeviceGet");
  library.resolve(driver.attribute, "cuDeviceGetAttribute");
  library.resolve(driver.retain_primary_context, "cuDevicePrimaryCtxRetain");
  library.resolve(driver.push_context, "cuCtxPushCurrent_v2");
  library.resolve(driver.pop_context, "cuCtxPopCurrent_v2");
  library.resolve(driver.load_module, "cuModuleLoadData");
  library.resolve(driver.function, "cuModuleGetFunction");
  library.resolve(driver.launch, "cuLaunchKernel");
  library.resolve(driver.fill, "cuMemsetD8Async");
  library.resolve(driver.copy_to_host, "cuMemcpyDtoHAsync_v2");
  library.resolve(driver.synchronize, "cuStreamSynchronize");
  library.resolve(driver.allocate_pinned, "cuMemHostAlloc");
  return driver;
}

std::string describe(const CudaDriver& driver, CudaResult result, const char* call) {
  const char* name = nullptr;
  const char* text = nullptr;
  std::string message = std::string(call) + ": ";
  if (driver.error_name(result, &name) != 0 || name == nullptr) {
    return message + "CUDA error " + std::to_string(result);
  }
  message += name;
  if (driver.error_text(result, &text) == 0 && text != nullptr) {
    message += std::string(" (") + text + ")";
  }
  return message;
}

void start(const CudaDriver& driver) {
  // The caller cannot use a GPU whatever the reason: all are Unavailable.
  const auto must = [&driver](CudaResult result, const char* call) {
    if (result != 0) throw Unavailable(describe(driver, result, call));
  };
  must(driver.init(0), "cuInit");
  int n_devices = 0;
  must(driver.device_count(&n_devices), "cuDeviceGetCount");
  if (n_devices == 0) throw Unavailable("cuDeviceGetCount: the driver knows no CUDA device");
}

// The process that opens the driver or has opened it; 0 while none has.
std::atomic<int> user{0};
std::atomic<const CudaDriver*> opened{nullptr};
std::mutex opening;

}  // namespace

void check_not_forked() {
  const int owner = user.load(std::memory_order_acquire);
  if (owner != 0 && owner != process_id()) {
    throw Unavailable(
        "CUDA does not survive a fork, and the parent of this process has used it. Start worker "
        "processes with the method 'spawn' or 'forkserver'");
  }
}

const CudaDriver& cuda_driver() {
  if (const CudaDriver* driver = opened.load(std::memory_order_acquire)) return *driver;
  check_not_forked();  // before the lock, which a thread of the parent may have held
  const std::scoped_lock held(opening);
  if (const CudaDriver* driver = opened.load(std::memory_order_acquire)) return *driver;
  user.store(process_id(), std::memory_order_release);
  try {
    static const CudaDriver driver = resolve_all();
    start(driver);
    opened.store(&driver, std::memory_order_release);
    return driver;
  } catch (...) {
    user.store(0, std::memory_order_release);
    throw;
  }
}

void check(CudaResult result, const char* call) {
  if (result != 0) throw CudaError(describe(cuda_driver(), result, call));
}

}  // namespace maskmill::gpu
