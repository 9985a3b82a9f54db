// The only file that compiles kernels for the host: the race mode instruments it and nothing else.
#include "kernels.h"

#include <cstring>
#include <string>
#include <unordered_map>

#include "kernels/all.cuh"

namespace maskmill::simt {
namespace {

using Bind = std::function<std::function<void()>(const void*)>;

template <class Args>
std::pair<const std::string, Bind> entry(void (*kernel)(Args)) {
  return {Args::kKernel, [kernel](const void* args) {
            Args own;
            std::memcpy(&own, args, sizeof own);
            return [kernel, own] { kernel(own); };
          }};
}

}  // namespace

std::function<void()> find_kernel(const char* name, const void* args) {
  static const std::unordered_map<std::string, Bind> kernels{
      entry(maskmill_area),
      entry(maskmill_bbox),
      entry(maskmill_check_chars),
      entry(maskmill_clip_counts),
      entry(maskmill_count_chars),
      entry(maskmill_count_flips),
      entry(maskmill_count_numbers),
      entry(maskmill_count_runs),
      entry(maskmill_read_numbers),
      entry(maskmill_scan),
      entry(maskmill_to_counts),
      entry(maskmill_to_strings),
      entry(maskmill_undo_differences),
      entry(maskmill_write_flips),
  };
  return kernels.at(name)(args);
}

}  // namespace maskmill::simt
