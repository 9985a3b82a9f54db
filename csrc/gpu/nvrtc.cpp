#include "gpu/nvrtc.h"

#include <cstring>

#include "gpu/dynamic_library.h"
#include "gpu/unavailable.h"

namespace maskmill::gpu {

Nvrtc::Nvrtc(const std::string& name) {
  const DynamicLibrary library(name);
  library.resolve(error_text_, "nvrtcGetErrorString");
  library.resolve(version_, "nvrtcVersion");
  library.resolve(create_, "nvrtcCreateProgram");
  library.resolve(destroy_, "nvrtcDestroyProgram");
  library.resolve(compile_, "nvrtcCompileProgram");
  library.resolve(log_size_, "nvrtcGetProgramLogSize");
  library.resolve(log_, "nvrtcGetProgramLog");
  library.resolve(code_size_, "nvrtcGetCUBINSize");
  library.resolve(code_, "nvrtcGetCUBIN");
}

void Nvrtc::check(Result result, const char* call) const {
  if (result != 0) throw Unavailable(std::string(call) + ": " + error_text_(result));
}

std::string Nvrtc::version() const {
  int major = 0;
  int minor = 0;
  check(version_(&major, &minor), "nvrtcVersion");
  return std::to_string(major) + "." + std::to_string(minor);
}

std::string Nvrtc::compile(const std::vector<KernelSource>& sources, const char* main,
                           int architecture) const {
  std::vector<const char*> names;
  std::vector<const char*> texts;
  const char* text = nullptr;
  for (const KernelSource& source : sources) {
    names.push_back(source.name);
    texts.push_back(source.text);
    if (std::strcmp(source.name, main) == 0) text = source.text;
  }
  Program program = nullptr;
  check(create_(&program, text, main, static_cast<int>(names.size()), texts.data(), names.data()),
        "nvrtcCreateProgram");
  struct Owner {
    const Nvrtc& nvrtc;
    Program program;
    ~Owner() { nvrtc.destroy_(&program); }
  } const owner{*this, program};

  // The real architecture, not a virtual one: its text would be newer than some drivers.
  const std::string target = "--gpu-architecture=sm_" + std::to_string(architecture);
  const char* options[] = {target.c_str(), "--std=c++17", "--fmad=false"};
  const Result compiled = compile_(program, 3, options);
  if (compiled != 0) {
    size_t n = 0;
    std::string log;
    if (log_size_(program, &n) == 0 && n > 1) {
      log.resize(n);
      if (log_(program, log.data()) != 0) log.clear();
      log.resize(std::strlen(log.c_str()));
    }
    throw Unavailable("nvrtcCompileProgram for sm_" + std::to_string(architecture) + ": " +
                      error_text_(compiled) + (log.empty() ? "" : ": " + log));
  }
  size_t n = 0;
  check(code_size_(program, &n), "nvrtcGetCUBINSize");
  std::string code(n, '\0');
  check(code_(program, code.data()), "nvrtcGetCUBIN");
  return code;
}

}  // namespace maskmill::gpu
