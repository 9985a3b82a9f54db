#include "bindings/bindings.h"

namespace maskmill {

void bind_segmentation(pybind11::module_& /*module*/) {}

}  // namespace maskmill
