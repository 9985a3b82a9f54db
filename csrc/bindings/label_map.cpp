#include "bindings/bindings.h"

namespace maskmill {

void bind_label_map(pybind11::module_& /*module*/) {}

}  // namespace maskmill
