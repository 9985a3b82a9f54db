#include "bindings/bindings.h"

namespace maskmill {

void bind_decode(pybind11::module_& /*module*/) {}

}  // namespace maskmill
