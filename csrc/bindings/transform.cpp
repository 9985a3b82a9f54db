#include "cpu/transform.h"

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

py::tuple gather_masks(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                       const In<int32_t>& sizes, const In<int64_t>& rows,
                       const In<int64_t>& columns, const In<int32_t>& out_sizes, int threads) {
  const MasksView masks = view_masks(bounds, offsets, &sizes);
  const auto n = static_cast<py::ssize_t>(masks.n_masks);
  if (rows.size() != 3 * n || columns.size() != 3 * n || out_sizes.size() != 2 * n) {
    throw py::value_error("rows, columns and out_sizes must hold one row a mask");
  }
  MaskColumns out;
  {
    const py::gil_scoped_release release;
    out = gather(masks, rows.data(), columns.data(), out_sizes.data(), threads);
  }
  return to_numpy(std::move(out));
}

py::tuple transpose_masks(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                          const In<int32_t>& sizes, int threads) {
  const MasksView masks = view_masks(bounds, offsets, &sizes);
  MaskColumns out;
  {
    const py::gil_scoped_release release;
    out = transpose(masks, threads);
  }
  return to_numpy(std::move(out));
}

}  // namespace

void bind_transform(py::module_& module) {
  module.def("gather", &gather_masks, py::arg("bounds").noconvert(), py::arg("offsets").noconvert(),
             py::arg("sizes").noconvert(), py::arg("rows").noconvert(),
             py::arg("columns").noconvert(), py::arg("out_sizes").noconvert(), py::arg("threads"));
  module.def("transpose", &transpose_masks, py::arg("bounds").noconvert(),
             py::arg("offsets").noconvert(), py::arg("sizes").noconvert(), py::arg("threads"));
}

}  // namespace maskmill
