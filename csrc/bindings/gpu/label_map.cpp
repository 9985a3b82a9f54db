#include "gpu/label_map.h"

#include "bindings/gpu/arrays.h"
#include "bindings/gpu/bindings.h"
#include "gpu/from_label_map.h"

namespace maskmill::gpu {
namespace {

void bind_label_map_op(Device& device, const py::object& bounds, const py::object& offsets,
                       const py::object& labels, const py::object& order, const py::object& groups,
                       const py::object& sizes, i64 background, const py::object& out) {
  const MasksView masks = view_masks(bounds, offsets);
  const Strided array = view_strided(out, "out", 1);
  if (array.kind != 'i' && array.kind != 'u') throw py::type_error("out must be integers");
  if (array.shape[0] > 1 && array.strides[0] != array.item_size) {
    throw py::type_error("out must be contiguous");
  }
  const auto g = view_column<i64>(groups, "groups");
  const PaintingView painting{view_column<i64>(labels, "labels").data,
                              view_column<i64>(order, "order").data,
                              g.data,
                              view_column<i32>(sizes, "sizes").data,
                              g.size - 1,
                              background,
                              array.data,
                              array.item_size};
  without_gil([&] { label_map(device, masks, painting); });
}

// Bounds, how many, offsets, sizes, labels, how many, and groups.
py::tuple bind_from_label_map(Device& device, const py::object& maps, const py::object& ignore) {
  const Strided array = view_strided(maps, "maps", 3);
  if (array.kind != 'i' && array.kind != 'u') throw py::type_error("maps must be integers");
  const DenseView view{array.data,       array.shape[0],   array.shape[1],   array.shape[2],
                       array.strides[0], array.strides[1], array.strides[2], array.item_size};
  const auto ignored = view_column<i64>(ignore, "ignore");
  const Labelled found = without_gil(
      [&] { return from_label_map(device, view, array.kind == 'i', ignored.data, ignored.size); });
  return py::make_tuple(to_python(found.masks.bounds), found.masks.bounds.size,
                        to_python(found.masks.offsets), to_python(found.sizes),
                        to_python(found.labels), found.labels.size, to_python(found.groups));
}

}  // namespace

void bind_label_map(py::module_& module) {
  module.def("label_map", &bind_label_map_op, py::arg("device"), py::arg("bounds"),
             py::arg("offsets"), py::arg("labels"), py::arg("order"), py::arg("groups"),
             py::arg("sizes"), py::arg("background"), py::arg("out"));
  module.def("from_label_map", &bind_from_label_map, py::arg("device"), py::arg("maps"),
             py::arg("ignore"));
}

}  // namespace maskmill::gpu
