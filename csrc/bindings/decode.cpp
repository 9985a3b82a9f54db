#include "cpu/decode.h"

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

void decode_into(const In<uint32_t>& bounds, const In<int64_t>& offsets, py::array& out,
                 int threads) {
  const MasksView masks = view_masks(bounds, offsets);
  const char kind = out.dtype().kind();
  if ((kind != 'b' && kind != 'u') || out.itemsize() != 1) {
    throw py::type_error("out must be uint8 or bool");
  }
  if (out.ndim() != 3 || out.shape(0) != masks.n_masks) {
    throw py::value_error("out must have shape (n_masks, height, width)");
  }
  const MutableStackView view{static_cast<unsigned char*>(out.mutable_data()),
                              out.shape(0),
                              out.shape(1),
                              out.shape(2),
                              out.strides(0),
                              out.strides(1),
                              out.strides(2)};
  const py::gil_scoped_release release;
  decode(masks, view, threads);
}

}  // namespace

void bind_decode(py::module_& module) {
  module.def("decode", &decode_into, py::arg("bounds").noconvert(), py::arg("offsets").noconvert(),
             py::arg("out").noconvert(), py::arg("threads"));
}

}  // namespace maskmill
