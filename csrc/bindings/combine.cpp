#include "cpu/combine.h"

#include <string>

#include "bindings/arrays.h"
#include "bindings/bindings.h"
#include "bindings/set_op.h"

namespace maskmill {
namespace {

py::tuple bind_combine_pairs(const In<uint32_t>& bounds_a, const In<int64_t>& offsets_a,
                             const In<uint32_t>& bounds_b, const In<int64_t>& offsets_b,
                             const std::string& op, int threads) {
  const MasksView a = view_masks(bounds_a, offsets_a);
  const MasksView b = view_masks(bounds_b, offsets_b);
  const SetOp known = set_op_named(op);
  MaskColumns out;
  {
    const py::gil_scoped_release release;
    out = combine(a, b, known, threads);
  }
  return to_numpy(std::move(out));
}

py::tuple bind_complement(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                          const In<int32_t>& sizes, int threads) {
  const MasksView masks = view_masks(bounds, offsets, &sizes);
  MaskColumns out;
  {
    const py::gil_scoped_release release;
    out = complement(masks, threads);
  }
  return to_numpy(std::move(out));
}

py::tuple bind_merge(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                     const In<int64_t>& groups, const std::string& op, const In<int32_t>& sizes,
                     int threads) {
  const MasksView masks = view_masks(bounds, offsets);
  const SetOp known = set_op_named(op);
  MaskColumns out;
  {
    const py::gil_scoped_release release;
    out = merge(masks, groups.data(), groups.size() - 1, known, sizes.data(), threads);
  }
  return to_numpy(std::move(out));
}

}  // namespace

void bind_combine(py::module_& module) {
  module.def("combine", &bind_combine_pairs, py::arg("bounds_a").noconvert(),
             py::arg("offsets_a").noconvert(), py::arg("bounds_b").noconvert(),
             py::arg("offsets_b").noconvert(), py::arg("op"), py::arg("threads"));
  module.def("complement", &bind_complement, py::arg("bounds").noconvert(),
             py::arg("offsets").noconvert(), py::arg("sizes").noconvert(), py::arg("threads"));
  module.def("merge", &bind_merge, py::arg("bounds").noconvert(), py::arg("offsets").noconvert(),
             py::arg("groups").noconvert(), py::arg("op"), py::arg("sizes").noconvert(),
             py::arg("threads"));
}

}  // namespace maskmill
