#include "gpu/decode.h"

#include "bindings/gpu/arrays.h"
#include "bindings/gpu/bindings.h"

namespace maskmill::gpu {
namespace {

void bind_decode_into(Device& device, const py::object& bounds, const py::object& offsets,
                      const py::object& out) {
  const MasksView masks = view_masks(bounds, offsets);
  const Strided array = view_strided(out, "out", 3);
  if ((array.kind != 'b' && array.kind != 'u') || array.item_size != 1) {
    throw py::type_error("out must be uint8 or bool");
  }
  if (array.shape[0] != masks.n_masks) {
    throw py::value_error("out must have shape (n_masks, height, width)");
  }
  const DecodeView view{masks.bounds,     masks.offsets,    array.data,
                        array.shape[0],   array.shape[1],   array.shape[2],
                        array.strides[0], array.strides[1], array.strides[2]};
  without_gil([&] { decode(device, view); });
}

}  // namespace

void bind_decode(py::module_& module) {
  module.def("decode", &bind_decode_into, py::arg("device"), py::arg("bounds"), py::arg("offsets"),
             py::arg("out"));
}

}  // namespace maskmill::gpu
