// The few functions of the CUDA driver that maskmill calls, declared as its stable interface has
// them (so no toolkit is needed to build), and opened at first use (so nothing links CUDA).
#pragma once

#include <cstddef>
#include <stdexcept>

namespace maskmill::gpu {

using CudaResult = int;  // 0 is success
using CudaOrdinal = int;
using CudaPointer = unsigned long long;
struct CudaContextObject;
struct CudaModuleObject;
struct CudaFunctionObject;
struct CudaStreamObject;
using CudaContext = CudaContextObject*;
using CudaModule = CudaModuleObject*;
using CudaFunction = CudaFunctionObject*;
using CudaStream = CudaStreamObject*;

// What cuDeviceGetAttribute knows of.
enum CudaAttribute : int {
  kProcessors = 16,
  kThreadsPerProcessor = 39,
  kArchitectureMajor = 75,
  kArchitectureMinor = 76,
};

// Marks of the parameters that cuLaunchKernel takes as one buffer.
inline void* const kParametersEnd = nullptr;
inline void* const kParametersBuffer = reinterpret_cast<void*>(1);
inline void* const kParametersSize = reinterpret_cast<void*>(2);

struct CudaDriver {
  CudaResult (*init)(unsigned flags);
  CudaResult (*version)(int*);
  CudaResult (*error_name)(CudaResult, const char**);
  CudaResult (*error_text)(CudaResult, const char**);
  CudaResult (*device_count)(int*);
  CudaResult (*device)(CudaOrdinal*, int number);
  CudaResult (*attribute)(int*, CudaAttribute, CudaOrdinal);
  CudaResult (*retain_primary_context)(CudaContext*, CudaOrdinal);
  CudaResult (*push_context)(CudaContext);
  CudaResult (*pop_context)(CudaContext*);
  CudaResult (*load_module)(CudaModule*, const void* image);
  CudaResult (*function)(CudaFunction*, CudaModule, const char* name);
  CudaResult (*launch)(CudaFunction, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                       unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                       CudaStream, void** parameters, void** extra);
  CudaResult (*fill)(CudaPointer, unsigned char byte, size_t n_bytes, CudaStream);
  CudaResult (*copy_to_host)(void* host, CudaPointer, size_t n_bytes, CudaStream);
  CudaResult (*synchronize)(CudaStream);
  CudaResult (*allocate_pinned)(void**, size_t n_bytes, unsigned flags);
};

// A call that the driver refused: "cuLaunchKernel: CUDA_ERROR_INVALID_VALUE (invalid argument)".
class CudaError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Opens the driver at the first call. Throws Unavailable with the reason if there is none, no
// device, or this process is the child of one that used CUDA, which no driver supports.
const CudaDriver& cuda_driver();

// Throws Unavailable in a child of a process that used CUDA.
void check_not_forked();

// Throws CudaError unless the call succeeded.
void check(CudaResult result, const char* call);

// Makes a context current, and the caller's again at the end.
class CurrentContext {
 public:
  explicit CurrentContext(CudaContext context) : driver_(cuda_driver()) {
    check(driver_.push_context(context), "cuCtxPushCurrent");
  }
  CurrentContext(const CurrentContext&) = delete;
  CurrentContext& operator=(const CurrentContext&) = delete;
  ~CurrentContext() {
    CudaContext popped = nullptr;
    driver_.pop_context(&popped);
  }

 private:
  const CudaDriver& driver_;
};

}  // namespace maskmill::gpu
