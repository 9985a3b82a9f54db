#include "gpu/combine.h"

#include <string>

#include "bindings/gpu/arrays.h"
#include "bindings/gpu/bindings.h"
#include "bindings/set_op.h"

namespace maskmill::gpu {
namespace {

py::tuple bind_combine_pairs(Device& device, const py::object& bounds_a,
                             const py::object& offsets_a, const py::object& bounds_b,
                             const py::object& offsets_b, const std::string& op) {
  const MasksView a = view_masks(bounds_a, offsets_a);
  const MasksView b = view_masks(bounds_b, offsets_b);
  const SetOp known = set_op_named(op);
  return to_python(without_gil([&] { return combine(device, a, b, known); }));
}

py::tuple bind_complement(Device& device, const py::object& bounds, const py::object& offsets,
                          const py::object& sizes) {
  const MasksView masks = view_masks(bounds, offsets, sizes);
  return to_python(without_gil([&] { return complement(device, masks); }));
}

py::tuple bind_merge(Device& device, const py::object& bounds, const py::object& offsets,
                     const py::object& groups, const std::string& op, const py::object& sizes) {
  const MasksView masks = view_masks(bounds, offsets);
  const auto group_offsets = view_column<i64>(groups, "groups");
  const auto group_sizes = view_column<i32>(sizes, "sizes");
  const SetOp known = set_op_named(op);
  return to_python(without_gil([&] {
    return merge(device, masks, group_offsets.data, group_offsets.size - 1, known,
                 group_sizes.data);
  }));
}

}  // namespace

void bind_combine(py::module_& module) {
  module.def("combine", &bind_combine_pairs, py::arg("device"), py::arg("bounds_a"),
             py::arg("offsets_a"), py::arg("bounds_b"), py::arg("offsets_b"), py::arg("op"));
  module.def("complement", &bind_complement, py::arg("device"), py::arg("bounds"),
             py::arg("offsets"), py::arg("sizes"));
  module.def("merge", &bind_merge, py::arg("device"), py::arg("bounds"), py::arg("offsets"),
             py::arg("groups"), py::arg("op"), py::arg("sizes"));
}

}  // namespace maskmill::gpu
