#include "cpu/encode.h"

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

py::tuple encode_stack(const py::array& dense, int threads) {
  const char kind = dense.dtype().kind();
  const char order = dense.dtype().byteorder();
  if ((kind != 'b' && kind != 'i' && kind != 'u') || (order != '=' && order != '|')) {
    throw py::type_error("dense must be boolean or integer in native byte order");
  }
  const StackView view = view_stack(dense);
  if (view.n > 0 && (view.height < 1 || view.width < 1)) {
    throw py::value_error("dense must have pixels");
  }
  MaskColumns masks;
  {
    const py::gil_scoped_release release;
    masks = encode(view, threads);
  }
  auto sizes = new_array<int32_t>({view.n, int64_t{2}});
  int32_t* size = sizes.mutable_data();
  for (int64_t i = 0; i < view.n; ++i) {
    size[2 * i] = static_cast<int32_t>(view.height);
    size[2 * i + 1] = static_cast<int32_t>(view.width);
  }
  return py::make_tuple(to_numpy(std::move(masks.values)), to_numpy(std::move(masks.offsets)),
                        std::move(sizes));
}

}  // namespace

void bind_encode(py::module_& module) {
  module.def("encode", &encode_stack, py::arg("dense").noconvert(), py::arg("threads"));
}

}  // namespace maskmill
