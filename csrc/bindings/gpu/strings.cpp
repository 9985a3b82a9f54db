#include "gpu/strings.h"

#include "bindings/gpu/arrays.h"
#include "bindings/gpu/bindings.h"

namespace maskmill::gpu {
namespace {

template <class T>
RecordsView<T> view_records(const py::object& values, const char* name, const py::object& offsets,
                            const py::object& sizes) {
  const auto v = view_column<T>(values, name);
  const auto o = view_column<i64>(offsets, "offsets");
  return {v.data, v.size, o.data, view_column<i32>(sizes, "sizes").data, o.size - 1};
}

// Values, how many, and offsets.
template <class T>
py::tuple to_python(const Text<T>& text) {
  return py::make_tuple(to_python(text.values), text.values.size, to_python(text.offsets));
}

// Masks, or the first record that is no mask.
py::object to_python(const FromRecords& made) {
  if (made.first_bad >= 0) return py::int_(made.first_bad);
  return to_python(made.masks);
}

py::tuple bind_to_counts(Device& device, const py::object& bounds, const py::object& offsets,
                         const py::object& sizes) {
  const MasksView masks = view_masks(bounds, offsets, sizes);
  return to_python(without_gil([&] { return to_counts(device, masks); }));
}

py::tuple bind_to_coco_strings(Device& device, const py::object& bounds, const py::object& offsets,
                               const py::object& sizes) {
  const MasksView masks = view_masks(bounds, offsets, sizes);
  return to_python(without_gil([&] { return to_coco_strings(device, masks); }));
}

py::object bind_from_counts(Device& device, const py::object& counts, const py::object& offsets,
                            const py::object& sizes) {
  const auto records = view_records<i64>(counts, "counts", offsets, sizes);
  return to_python(without_gil([&] { return from_counts(device, records); }));
}

py::object bind_from_coco_strings(Device& device, const py::object& chars,
                                  const py::object& offsets, const py::object& sizes) {
  const auto records = view_records<u8>(chars, "chars", offsets, sizes);
  return to_python(without_gil([&] { return from_coco_strings(device, records); }));
}

}  // namespace

void bind_strings(py::module_& module) {
  module.def("to_counts", &bind_to_counts, py::arg("device"), py::arg("bounds"), py::arg("offsets"),
             py::arg("sizes"));
  module.def("to_coco_strings", &bind_to_coco_strings, py::arg("device"), py::arg("bounds"),
             py::arg("offsets"), py::arg("sizes"));
  module.def("from_counts", &bind_from_counts, py::arg("device"), py::arg("counts"),
             py::arg("offsets"), py::arg("sizes"));
  module.def("from_coco_strings", &bind_from_coco_strings, py::arg("device"), py::arg("chars"),
             py::arg("offsets"), py::arg("sizes"));
}

}  // namespace maskmill::gpu
