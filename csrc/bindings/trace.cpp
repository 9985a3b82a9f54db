#include "cpu/trace.h"

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

py::tuple trace_masks(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                      const In<int32_t>& sizes, double tolerance, int threads) {
  const MasksView masks = view_masks(bounds, offsets, &sizes);
  PolygonColumns out;
  {
    const py::gil_scoped_release release;
    out = trace(masks, tolerance, threads);
  }
  return py::make_tuple(to_numpy(std::move(out.coords)), to_numpy(std::move(out.ring_offsets)),
                        to_numpy(std::move(out.part_offsets)),
                        to_numpy(std::move(out.mask_offsets)));
}

}  // namespace

void bind_trace(py::module_& module) {
  module.def("trace", &trace_masks, py::arg("bounds").noconvert(), py::arg("offsets").noconvert(),
             py::arg("sizes").noconvert(), py::arg("tolerance"), py::arg("threads"));
}

}  // namespace maskmill
