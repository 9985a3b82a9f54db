// The kernels compiled at run time, for a device that the installation has no compiled kernels of.
#pragma once

#include <string>
#include <vector>

namespace maskmill::gpu {

struct KernelSource {
  const char* name;  // as it is included
  const char* text;
};

// NVIDIA's run-time compiler from the library of that name or path. All calls throw Unavailable
// where it is missing, too old for the architecture, or refuses the source.
class Nvrtc {
 public:
  explicit Nvrtc(const std::string& library);

  // As in 12.9.
  [[nodiscard]] std::string version() const;

  // The code of one architecture. `main` is the name of the source to compile.
  [[nodiscard]] std::string compile(const std::vector<KernelSource>& sources, const char* main,
                                    int architecture) const;

 private:
  using Result = int;
  struct ProgramObject;
  using Program = ProgramObject*;

  void check(Result result, const char* call) const;

  const char* (*error_text_)(Result);
  Result (*version_)(int* major, int* minor);
  Result (*create_)(Program*, const char* text, const char* name, int n_headers,
                    const char* const* headers, const char* const* names);
  Result (*destroy_)(Program*);
  Result (*compile_)(Program, int n_options, const char* const* options);
  Result (*log_size_)(Program, size_t*);
  Result (*log_)(Program, char*);
  Result (*code_size_)(Program, size_t*);
  Result (*code_)(Program, char*);
};

}  // namespace maskmill::gpu
