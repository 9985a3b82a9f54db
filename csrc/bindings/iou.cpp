#include "bindings/bindings.h"

namespace maskmill {

void bind_iou(pybind11::module_& /*module*/) {}

}  // namespace maskmill
