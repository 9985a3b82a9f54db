#include "cpu/strings.h"

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

py::tuple bind_to_counts(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                         const In<int32_t>& sizes, int threads) {
  const MasksView masks = view_masks(bounds, offsets, &sizes);
  Ragged<uint32_t> counts;
  {
    const py::gil_scoped_release release;
    counts = to_counts(masks, threads);
  }
  return to_numpy(std::move(counts));
}

py::tuple bind_to_coco_strings(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                               const In<int32_t>& sizes, int threads) {
  const MasksView masks = view_masks(bounds, offsets, &sizes);
  Ragged<unsigned char> chars;
  {
    const py::gil_scoped_release release;
    chars = to_coco_strings(masks, threads);
  }
  return to_numpy(std::move(chars));
}

py::tuple bind_from_counts(const In<int64_t>& counts, const In<int64_t>& offsets,
                           const In<int32_t>& sizes, int threads) {
  const CountsView records{counts.data(), offsets.data(), sizes.data(), offsets.size() - 1};
  MaskColumns masks;
  {
    const py::gil_scoped_release release;
    masks = from_counts(records, threads);
  }
  return to_numpy(std::move(masks));
}

py::tuple bind_from_coco_strings(const In<unsigned char>& chars, const In<int64_t>& offsets,
                                 const In<int32_t>& sizes, int threads) {
  const StringsView records{chars.data(), offsets.data(), sizes.data(), offsets.size() - 1};
  MaskColumns masks;
  {
    const py::gil_scoped_release release;
    masks = from_coco_strings(records, threads);
  }
  return to_numpy(std::move(masks));
}

}  // namespace

void bind_strings(py::module_& module) {
  module.def("to_counts", &bind_to_counts, py::arg("bounds").noconvert(),
             py::arg("offsets").noconvert(), py::arg("sizes").noconvert(), py::arg("threads"));
  module.def("to_coco_strings", &bind_to_coco_strings, py::arg("bounds").noconvert(),
             py::arg("offsets").noconvert(), py::arg("sizes").noconvert(), py::arg("threads"));
  module.def("from_counts", &bind_from_counts, py::arg("counts").noconvert(),
             py::arg("offsets").noconvert(), py::arg("sizes").noconvert(), py::arg("threads"));
  module.def("from_coco_strings", &bind_from_coco_strings, py::arg("chars").noconvert(),
             py::arg("offsets").noconvert(), py::arg("sizes").noconvert(), py::arg("threads"));
}

}  // namespace maskmill
