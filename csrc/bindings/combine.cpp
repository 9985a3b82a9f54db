#include "bindings/bindings.h"

namespace maskmill {

void bind_combine(pybind11::module_& /*module*/) {}

}  // namespace maskmill
