#include "gpu/encode.h"

#include "bindings/gpu/arrays.h"
#include "bindings/gpu/bindings.h"

namespace maskmill::gpu {
namespace {

py::tuple bind_encode_stack(Device& device, const py::object& dense, i64 most_words) {
  const Strided array = view_strided(dense, "dense", 3);
  if (array.kind != 'b' && array.kind != 'i' && array.kind != 'u') {
    throw py::type_error("dense must be boolean or integer");
  }
  const DenseView view{array.data,       array.shape[0],   array.shape[1],   array.shape[2],
                       array.strides[0], array.strides[1], array.strides[2], array.item_size};
  const Encoded made = without_gil([&] { return encode(device, view, most_words); });
  return py::make_tuple(to_python(made.masks.bounds), made.masks.bounds.size,
                        to_python(made.masks.offsets), to_python(made.sizes));
}

}  // namespace

void bind_encode(py::module_& module) {
  module.def("encode", &bind_encode_stack, py::arg("device"), py::arg("dense"),
             py::arg("most_words") = kMostPackedWords);
}

}  // namespace maskmill::gpu
