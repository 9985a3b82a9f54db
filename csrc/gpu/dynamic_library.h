// Libraries opened at first use, so that nothing links them.
#pragma once

#include <string>

namespace maskmill::gpu {

// Stays open to the end of the process: what it gave out may be in use by other threads.
class DynamicLibrary {
 public:
  // Throws Unavailable with the system's words.
  explicit DynamicLibrary(const std::string& name);

  // Throws Unavailable if the library is too old to have it.
  template <class Function>
  void resolve(Function*& function, const char* symbol) const {
    function = reinterpret_cast<Function*>(find(symbol));
  }

 private:
  [[nodiscard]] void* find(const char* symbol) const;

  std::string name_;
  void* handle_;
};

}  // namespace maskmill::gpu
