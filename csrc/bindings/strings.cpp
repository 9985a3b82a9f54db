#include "bindings/bindings.h"

namespace maskmill {

void bind_strings(pybind11::module_& /*module*/) {}

}  // namespace maskmill
