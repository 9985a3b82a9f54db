// A CUDA driver for tests: libcuda.so.1 over the memory of the host. It keeps a journal of calls,
// fails where it is told to, and hands launches to a function of the test, if there is one.
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

extern "C" {

using Launch = int (*)(const char* kernel, unsigned n_blocks, unsigned n_threads, void* stream,
                       const void* parameters, size_t n_bytes);

namespace {

std::mutex mutex;
std::string journal;                    // one call a line
std::string failing;                    // name of the entry point that fails
int failure = 0;                        // with this result
int n_to_pass = 0;                      // after so many calls of it
thread_local std::vector<void*> stack;  // contexts pushed
Launch launcher = nullptr;
int n_devices = 2;
int architecture = 90;

int enter(const char* name, const std::string& detail = "") {
  const std::scoped_lock held(mutex);
  journal += name;
  if (!detail.empty()) journal += " " + detail;
  journal += "\n";
  if (failing != name) return 0;
  return n_to_pass-- > 0 ? 0 : failure;
}

std::string text(const void* pointer) { return std::to_string(reinterpret_cast<size_t>(pointer)); }

}  // namespace

// What the test calls.
const char* fake_journal() {
  static thread_local std::string copy;
  const std::scoped_lock held(mutex);
  copy = journal;
  return copy.c_str();
}
void fake_clear() {
  const std::scoped_lock held(mutex);
  journal.clear();
}
void fake_fail(const char* name, int result, int after) {
  const std::scoped_lock held(mutex);
  failing = name;
  failure = result;
  n_to_pass = after;
}
void fake_devices(int n, int arch) {
  n_devices = n;
  architecture = arch;
}
void fake_launcher(Launch function) { launcher = function; }
int fake_depth() { return static_cast<int>(stack.size()); }

// The driver.
int cuInit(unsigned) { return enter("cuInit"); }
int cuDriverGetVersion(int* version) {
  *version = 12090;
  return enter("cuDriverGetVersion");
}
int cuGetErrorName(int result, const char** name) {
  static const std::map<int, const char*> names{
      {1, "CUDA_ERROR_INVALID_VALUE"},       {2, "CUDA_ERROR_OUT_OF_MEMORY"},
      {3, "CUDA_ERROR_NOT_INITIALIZED"},     {100, "CUDA_ERROR_NO_DEVICE"},
      {209, "CUDA_ERROR_NO_BINARY_FOR_GPU"}, {700, "CUDA_ERROR_ILLEGAL_ADDRESS"}};
  const auto found = names.find(result);
  if (found == names.end()) return 1;
  *name = found->second;
  return 0;
}
int cuGetErrorString(int, const char** message) {
  *message = "as the test asked";
  return 0;
}
int cuDeviceGetCount(int* n) {
  *n = n_devices;
  return enter("cuDeviceGetCount");
}
int cuDeviceGet(int* device, int number) {
  *device = number;
  const int result = enter("cuDeviceGet", std::to_string(number));
  return result != 0 ? result : number < n_devices ? 0 : 101;
}
int cuDeviceGetAttribute(int* value, int which, int) {
  const std::map<int, int> known{
      {16, 4}, {39, 2048}, {75, architecture / 10}, {76, architecture % 10}};
  *value = known.at(which);
  return enter("cuDeviceGetAttribute", std::to_string(which));
}
int cuDevicePrimaryCtxRetain(void** context, int device) {
  static char contexts[16];
  *context = contexts + device;
  return enter("cuDevicePrimaryCtxRetain", std::to_string(device));
}
int cuCtxPushCurrent_v2(void* context) {
  const int result = enter("cuCtxPushCurrent");
  if (result == 0) stack.push_back(context);
  return result;
}
int cuCtxPopCurrent_v2(void** context) {
  if (stack.empty()) return 201;
  *context = stack.back();
  stack.pop_back();
  return enter("cuCtxPopCurrent");
}
int cuModuleLoadData(void** module, const void* image) {
  *module = const_cast<void*>(image);
  // Compiled code is an ELF file.
  const bool elf = std::memcmp(image,
                               "\x7f"
                               "ELF",
                               4) == 0;
  return enter("cuModuleLoadData", elf ? "code" : "no code");
}
int cuModuleGetFunction(void** function, void*, const char* name) {
  static auto& names = *new std::map<std::string, int>;
  const std::scoped_lock held(mutex);
  *function = const_cast<char*>(names.emplace(name, 0).first->first.c_str());
  journal += std::string("cuModuleGetFunction ") + name + "\n";
  return failing == "cuModuleGetFunction" ? failure : 0;
}
int cuLaunchKernel(void* function, unsigned x, unsigned y, unsigned z, unsigned threads_x,
                   unsigned threads_y, unsigned threads_z, unsigned shared, void* stream,
                   void** parameters, void** extra) {
  if (parameters != nullptr || y != 1 || z != 1 || threads_y != 1 || threads_z != 1 ||
      shared != 0) {
    return 1;
  }
  if (stack.empty()) return 201;
  const void* buffer = nullptr;
  size_t n_bytes = 0;
  for (; *extra != nullptr; extra += 2) {
    if (extra[0] == reinterpret_cast<void*>(1)) buffer = extra[1];
    if (extra[0] == reinterpret_cast<void*>(2)) n_bytes = *static_cast<size_t*>(extra[1]);
  }
  const auto* name = static_cast<const char*>(function);
  const int result = enter("cuLaunchKernel", std::string(name) + " " + std::to_string(x) + " " +
                                                 std::to_string(threads_x) + " " + text(stream) +
                                                 " " + std::to_string(n_bytes));
  if (result != 0 || launcher == nullptr) return result;
  return launcher(name, x, threads_x, stream, buffer, n_bytes);
}
int cuMemsetD8Async(unsigned long long to, unsigned char byte, size_t n, void* stream) {
  if (stack.empty()) return 201;
  const int result = enter("cuMemsetD8Async", std::to_string(n) + " " + text(stream));
  if (result == 0) std::memset(reinterpret_cast<void*>(to), byte, n);
  return result;
}
int cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, size_t n, void* stream) {
  if (stack.empty()) return 201;
  const int result = enter("cuMemcpyDtoHAsync", std::to_string(n) + " " + text(stream));
  if (result == 0) std::memcpy(to, reinterpret_cast<void*>(from), n);
  return result;
}
int cuStreamSynchronize(void* stream) { return enter("cuStreamSynchronize", text(stream)); }
int cuMemHostAlloc(void** memory, size_t n, unsigned) {
  const int result = enter("cuMemHostAlloc", std::to_string(n));
  if (result == 0) *memory = ::operator new(n);
  return result;
}

}  // extern "C"
