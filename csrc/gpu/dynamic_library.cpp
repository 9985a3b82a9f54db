#include "gpu/dynamic_library.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include "gpu/unavailable.h"

namespace maskmill::gpu {

#ifdef _WIN32

DynamicLibrary::DynamicLibrary(const std::string& name)
    : name_(name), handle_(LoadLibraryA(name.c_str())) {
  if (handle_ == nullptr) {
    throw Unavailable(name + ": error " + std::to_string(GetLastError()) + " of LoadLibrary");
  }
}

void* DynamicLibrary::find(const char* symbol) const {
  void* found = reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(handle_), symbol));
  if (found == nullptr) throw Unavailable(name_ + ": has no " + symbol + ": update it");
  return found;
}

#else

DynamicLibrary::DynamicLibrary(const std::string& name)
    : name_(name), handle_(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) throw Unavailable(dlerror());
}

void* DynamicLibrary::find(const char* symbol) const {
  void* found = dlsym(handle_, symbol);
  if (found == nullptr) throw Unavailable(name_ + ": has no " + symbol + ": update it");
  return found;
}

#endif

}  // namespace maskmill::gpu
