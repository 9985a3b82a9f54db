#include "cpu/iou.h"

#include <pybind11/stl.h>

#include <iterator>
#include <optional>
#include <string>

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

PairsView view_pairs(const In<uint32_t>& bounds_a, const In<int64_t>& offsets_a,
                     const In<uint32_t>& bounds_b, const In<int64_t>& offsets_b,
                     const In<int32_t>& sizes_a, const In<int32_t>& sizes_b,
                     const In<int64_t>& groups_a, const In<int64_t>& groups_b) {
  return {view_masks(bounds_a, offsets_a, &sizes_a), view_masks(bounds_b, offsets_b, &sizes_b),
          groups_a.data(), groups_b.data(), groups_a.size() - 1};
}

constexpr const char* kMethods[] = {"walk", "columns", "bits"};

Method method_named(const std::string& name) {
  for (size_t k = 0; k < std::size(kMethods); ++k) {
    if (name == kMethods[k]) return static_cast<Method>(k);
  }
  throw py::value_error("unknown method " + name);
}

// For tests: the method that the pairs of each group are counted by.
py::list bind_overlap_methods(const In<uint32_t>& bounds_a, const In<int64_t>& offsets_a,
                              const In<uint32_t>& bounds_b, const In<int64_t>& offsets_b,
                              const In<int32_t>& sizes_a, const In<int32_t>& sizes_b,
                              const In<int64_t>& groups_a, const In<int64_t>& groups_b) {
  const PairsView pairs =
      view_pairs(bounds_a, offsets_a, bounds_b, offsets_b, sizes_a, sizes_b, groups_a, groups_b);
  py::list names;
  for (int64_t g = 0; g < pairs.n_groups; ++g) {
    names.append(kMethods[static_cast<u8>(plan_group(pairs, g).method)]);
  }
  return names;
}

py::array_t<int64_t> bind_intersection_area(
    const In<uint32_t>& bounds_a, const In<int64_t>& offsets_a, const In<uint32_t>& bounds_b,
    const In<int64_t>& offsets_b, const In<int32_t>& sizes_a, const In<int32_t>& sizes_b,
    const In<int64_t>& groups_a, const In<int64_t>& groups_b, int threads,
    const std::optional<std::string>& method) {
  const PairsView pairs =
      view_pairs(bounds_a, offsets_a, bounds_b, offsets_b, sizes_a, sizes_b, groups_a, groups_b);
  const Method forced = method.has_value() ? method_named(*method) : Method::kWalk;
  auto out = new_array<int64_t>({pairs.n_pairs()});
  int64_t* data = out.mutable_data();
  const py::gil_scoped_release release;
  intersection_area(pairs, method.has_value() ? &forced : nullptr, data, threads);
  return out;
}

py::array_t<double> bind_iou_pairs(const In<uint32_t>& bounds_a, const In<int64_t>& offsets_a,
                                   const In<uint32_t>& bounds_b, const In<int64_t>& offsets_b,
                                   const In<int32_t>& sizes_a, const In<int32_t>& sizes_b,
                                   const In<int64_t>& groups_a, const In<int64_t>& groups_b,
                                   const std::optional<In<bool>>& crowd, int threads) {
  const PairsView pairs =
      view_pairs(bounds_a, offsets_a, bounds_b, offsets_b, sizes_a, sizes_b, groups_a, groups_b);
  const bool* flags = crowd.has_value() ? crowd->data() : nullptr;
  auto out = new_array<double>({pairs.n_pairs()});
  double* data = out.mutable_data();
  const py::gil_scoped_release release;
  iou(pairs, flags, data, threads);
  return out;
}

py::array_t<double> bind_dice(const In<uint32_t>& bounds_a, const In<int64_t>& offsets_a,
                              const In<uint32_t>& bounds_b, const In<int64_t>& offsets_b,
                              const In<int32_t>& sizes_a, const In<int32_t>& sizes_b,
                              const In<int64_t>& groups_a, const In<int64_t>& groups_b,
                              int threads) {
  const PairsView pairs =
      view_pairs(bounds_a, offsets_a, bounds_b, offsets_b, sizes_a, sizes_b, groups_a, groups_b);
  auto out = new_array<double>({pairs.n_pairs()});
  double* data = out.mutable_data();
  const py::gil_scoped_release release;
  dice(pairs, data, threads);
  return out;
}

template <class Function, class... More>
void define(py::module_& module, const char* name, Function function, const More&... more) {
  module.def(name, function, py::arg("bounds_a").noconvert(), py::arg("offsets_a").noconvert(),
             py::arg("bounds_b").noconvert(), py::arg("offsets_b").noconvert(),
             py::arg("sizes_a").noconvert(), py::arg("sizes_b").noconvert(),
             py::arg("groups_a").noconvert(), py::arg("groups_b").noconvert(), more...);
}

}  // namespace

void bind_iou(py::module_& module) {
  define(module, "intersection_area", &bind_intersection_area, py::arg("threads"),
         py::arg("method") = py::none());
  define(module, "iou", &bind_iou_pairs, py::arg("crowd").noconvert().none(true),
         py::arg("threads"));
  define(module, "dice", &bind_dice, py::arg("threads"));
  define(module, "overlap_methods", &bind_overlap_methods);
}

}  // namespace maskmill
