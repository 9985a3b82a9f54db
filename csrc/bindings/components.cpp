#include "cpu/components.h"

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

py::tuple find_components(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                          const In<int32_t>& sizes, int connectivity, int threads) {
  if (connectivity != 4 && connectivity != 8) throw py::value_error("connectivity must be 4 or 8");
  const MasksView masks = view_masks(bounds, offsets, &sizes);
  ComponentColumns out;
  {
    const py::gil_scoped_release release;
    out = components(masks, connectivity == 8, threads);
  }
  return py::make_tuple(to_numpy(std::move(out.masks.values)),
                        to_numpy(std::move(out.masks.offsets)), to_numpy(std::move(out.offsets)));
}

}  // namespace

void bind_components(py::module_& module) {
  module.def("components", &find_components, py::arg("bounds").noconvert(),
             py::arg("offsets").noconvert(), py::arg("sizes").noconvert(), py::arg("connectivity"),
             py::arg("threads"));
}

}  // namespace maskmill
