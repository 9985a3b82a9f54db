#include "bindings/bindings.h"

namespace maskmill {

void bind_rasterize(pybind11::module_& /*module*/) {}

}  // namespace maskmill
