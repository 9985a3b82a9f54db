#include "cpu/label_map.h"

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

void refuse_unless(bool holds, const char* requirement) {
  if (!holds) throw py::value_error(requirement);
}

void bind_label_map_op(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                       const In<int64_t>& labels, const In<int64_t>& order,
                       const In<int64_t>& groups, const In<int32_t>& sizes, int64_t background,
                       py::array& out, int threads) {
  const MasksView masks = view_masks(bounds, offsets);
  refuse_unless(labels.size() == masks.n_masks, "labels must hold one value a mask");
  refuse_unless(order.size() == masks.n_masks, "order must hold one value a mask");
  refuse_unless(2 * (groups.size() - 1) == sizes.size(), "groups and sizes must agree");
  refuse_unless(out.ndim() == 1 && (out.flags() & py::array::c_style) != 0,
                "out must be 1-D and contiguous");
  refuse_unless(out.dtype().kind() == 'i' || out.dtype().kind() == 'u', "out must be integers");
  int64_t n_pixels = 0;
  for (py::ssize_t g = 0; g < sizes.size() / 2; ++g) {
    n_pixels += int64_t{sizes.data()[2 * g]} * sizes.data()[2 * g + 1];
  }
  refuse_unless(out.size() == n_pixels, "out must hold all pixels");
  const Painting painting{
      labels.data(),     order.data(), groups.data(),      sizes.data(),
      groups.size() - 1, background,   out.mutable_data(), static_cast<int>(out.itemsize())};
  const py::gil_scoped_release release;
  label_map(masks, painting, threads);
}

py::tuple bind_from_label_map(const py::array& maps, const In<int64_t>& ignore, int threads) {
  const char kind = maps.dtype().kind();
  refuse_unless(kind == 'i' || kind == 'u', "maps must be integers");
  const StackView view = view_stack(maps);
  const int64_t* ignored = ignore.data();
  const int64_t n_ignored = ignore.size();
  Labelled found;
  {
    const py::gil_scoped_release release;
    found = from_label_map(view, kind == 'i', ignored, n_ignored, threads);
  }
  const int64_t n_masks = found.labels.size();
  auto sizes = new_array<int32_t>({n_masks, int64_t{2}});
  int32_t* size = sizes.mutable_data();
  for (int64_t i = 0; i < n_masks; ++i) {
    size[2 * i] = static_cast<int32_t>(view.height);
    size[2 * i + 1] = static_cast<int32_t>(view.width);
  }
  return py::make_tuple(to_numpy(std::move(found.masks.values)),
                        to_numpy(std::move(found.masks.offsets)), sizes,
                        to_numpy(std::move(found.labels)), to_numpy(std::move(found.groups)));
}

}  // namespace

void bind_label_map(py::module_& module) {
  module.def("label_map", &bind_label_map_op, py::arg("bounds").noconvert(),
             py::arg("offsets").noconvert(), py::arg("labels").noconvert(),
             py::arg("order").noconvert(), py::arg("groups").noconvert(),
             py::arg("sizes").noconvert(), py::arg("background"), py::arg("out").noconvert(),
             py::arg("threads"));
  module.def("from_label_map", &bind_from_label_map, py::arg("maps").noconvert(),
             py::arg("ignore").noconvert(), py::arg("threads"));
}

}  // namespace maskmill
