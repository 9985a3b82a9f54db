#include "symbols.h"

#include <dlfcn.h>

#include <cstdio>

// The linker puts it where the library starts.
extern "C" __attribute__((visibility("hidden"))) const char __ehdr_start;

namespace maskmill::simt {
namespace {

bool is_line_of_kernel(const std::string& line) {
  return !line.empty() && line.find("dialect.h:") == std::string::npos;
}

}  // namespace

u32 code_offset(const void* code) {
  return static_cast<u32>(static_cast<const char*>(code) - &__ehdr_start);
}

std::string source_line(u32 offset) {
  char line[512] = "";
  Dl_info library = {};
  dladdr(&__ehdr_start, &library);
  // A return address is that of the instruction after the call.
  snprintf(line, sizeof line, "addr2line -ie '%s' 0x%x 2>/dev/null", library.dli_fname, offset - 1);
  std::string found;
  if (FILE* pipe = popen(line, "r")) {
    // From the innermost inlined function outwards, up to the first line of a kernel.
    while (fgets(line, sizeof line, pipe) != nullptr) {
      if (!is_line_of_kernel(found)) found = line;
    }
    pclose(pipe);
  }
  found = found.substr(0, found.find_first_of(" \n"));
  if (!found.empty() && found[0] != '?') return found.substr(found.rfind('/') + 1);
  snprintf(line, sizeof line, "%s+0x%x", library.dli_fname, offset);
  return line;
}

}  // namespace maskmill::simt
