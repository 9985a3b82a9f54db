#include "cpu/measure.h"

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

py::array_t<int64_t> bind_area(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                               int threads) {
  const MasksView masks = view_masks(bounds, offsets);
  auto out = new_array<int64_t>({masks.n_masks});
  int64_t* data = out.mutable_data();
  const py::gil_scoped_release release;
  area(masks, data, threads);
  return out;
}

py::array_t<int64_t> bind_bbox(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                               const In<int32_t>& sizes, int threads) {
  const MasksView masks = view_masks(bounds, offsets, &sizes);
  auto out = new_array<int64_t>({masks.n_masks, int64_t{4}});
  int64_t* data = out.mutable_data();
  const py::gil_scoped_release release;
  bbox(masks, data, threads);
  return out;
}

}  // namespace

void bind_measure(py::module_& module) {
  module.def("area", &bind_area, py::arg("bounds").noconvert(), py::arg("offsets").noconvert(),
             py::arg("threads"));
  module.def("bbox", &bind_bbox, py::arg("bounds").noconvert(), py::arg("offsets").noconvert(),
             py::arg("sizes").noconvert(), py::arg("threads"));
}

}  // namespace maskmill
