#include "bindings/bindings.h"

namespace maskmill {

void bind_encode(pybind11::module_& /*module*/) {}

}  // namespace maskmill
