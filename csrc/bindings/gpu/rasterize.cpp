#include "gpu/rasterize.h"

#include <string>

#include "bindings/gpu/arrays.h"
#include "bindings/gpu/bindings.h"

namespace maskmill::gpu {
namespace {

py::tuple bind(Device& device, const py::object& coords, const py::object& ring_offsets,
               const py::object& part_offsets, const py::object& mask_offsets,
               const py::object& sizes, const std::string& rule) {
  if (rule != "coco" && rule != "center") throw py::value_error("rule must be coco or center");
  const auto masks = view_column<i64>(mask_offsets, "mask_offsets");
  const PolygonColumns polygons{view_column<double>(coords, "coords").data,
                                view_column<i64>(ring_offsets, "ring_offsets").data,
                                view_column<i64>(part_offsets, "part_offsets").data,
                                masks.data,
                                view_column<i32>(sizes, "sizes").data,
                                masks.size - 1};
  const RasterRule known = rule == "coco" ? RasterRule::coco : RasterRule::center;
  return to_python(without_gil([&] { return rasterize(device, polygons, known); }));
}

}  // namespace

void bind_rasterize(py::module_& module) {
  module.def("rasterize", &bind, py::arg("device"), py::arg("coords"), py::arg("ring_offsets"),
             py::arg("part_offsets"), py::arg("mask_offsets"), py::arg("sizes"), py::arg("rule"));
}

}  // namespace maskmill::gpu
