#include "cpu/simd.h"

#include <string>

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

py::tuple list_levels() {
  py::list names;
  for (const SimdLevel level : simd_levels()) names.append(name_of(level));
  return py::tuple(names);
}

void force_level(const std::string& name) {
  for (const SimdLevel level : simd_levels()) {
    if (name == name_of(level)) return force_simd(level);
  }
  throw py::value_error("level must be one of simd_levels(), got '" + name + "'");
}

}  // namespace

void bind_simd(py::module_& module) {
  module.def("simd_levels", &list_levels, "Vector instructions that run here, slowest first.");
  module.def("simd_level", [] { return name_of(simd_level()); }, "The one in use.");
  module.def("force_simd", &force_level, py::arg("level"),
             "Use this level from now on, in the whole process; for tests.");
}

}  // namespace maskmill
