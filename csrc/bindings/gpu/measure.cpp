#include "gpu/measure.h"

#include "bindings/gpu/arrays.h"
#include "bindings/gpu/bindings.h"

namespace maskmill::gpu {
namespace {

py::object bind_area(Device& device, const py::object& bounds, const py::object& offsets) {
  const MasksView masks = view_masks(bounds, offsets);
  return to_python(without_gil([&] { return area(device, masks); }));
}

py::object bind_bbox(Device& device, const py::object& bounds, const py::object& offsets,
                     const py::object& sizes) {
  const MasksView masks = view_masks(bounds, offsets, sizes);
  return to_python(without_gil([&] { return bbox(device, masks); }));
}

}  // namespace

void bind_measure(py::module_& module) {
  module.def("area", &bind_area, py::arg("device"), py::arg("bounds"), py::arg("offsets"));
  module.def("bbox", &bind_bbox, py::arg("device"), py::arg("bounds"), py::arg("offsets"),
             py::arg("sizes"));
}

}  // namespace maskmill::gpu
