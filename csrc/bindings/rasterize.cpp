#include "cpu/rasterize.h"

#include <string>

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

py::tuple bind(const In<double>& coords, const In<int64_t>& ring_offsets,
               const In<int64_t>& part_offsets, const In<int64_t>& mask_offsets,
               const In<int32_t>& sizes, const std::string& rule, int threads) {
  if (rule != "coco" && rule != "center") throw py::value_error("rule must be coco or center");
  const PolygonsView polygons{coords.data(),       ring_offsets.data(), part_offsets.data(),
                              mask_offsets.data(), sizes.data(),        mask_offsets.size() - 1,
                              coords.size() / 2};
  MaskColumns columns;
  {
    const py::gil_scoped_release release;
    columns = rasterize(polygons, rule == "coco" ? RasterRule::coco : RasterRule::center, threads);
  }
  return to_numpy(std::move(columns));
}

}  // namespace

void bind_rasterize(py::module_& module) {
  module.def("rasterize", &bind, py::arg("coords").noconvert(), py::arg("ring_offsets").noconvert(),
             py::arg("part_offsets").noconvert(), py::arg("mask_offsets").noconvert(),
             py::arg("sizes").noconvert(), py::arg("rule"), py::arg("threads"));
}

}  // namespace maskmill
