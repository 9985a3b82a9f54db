#include "cpu/boundary.h"

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

using Operation = MaskColumns (*)(const MasksView&, const int64_t*, int);

template <Operation operation>
py::tuple bind_square(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                      const In<int32_t>& sizes, const In<int64_t>& radii, int threads) {
  const MasksView masks = view_masks(bounds, offsets, &sizes);
  if (radii.size() != masks.n_masks) throw py::value_error("radii must hold one value a mask");
  MaskColumns out;
  {
    const py::gil_scoped_release release;
    out = operation(masks, radii.data(), threads);
  }
  return to_numpy(std::move(out));
}

template <class Function>
void define(py::module_& module, const char* name, Function function) {
  module.def(name, function, py::arg("bounds").noconvert(), py::arg("offsets").noconvert(),
             py::arg("sizes").noconvert(), py::arg("radii").noconvert(), py::arg("threads"));
}

}  // namespace

void bind_boundary(py::module_& module) {
  define(module, "erode", &bind_square<erode>);
  define(module, "dilate", &bind_square<dilate>);
}

}  // namespace maskmill
