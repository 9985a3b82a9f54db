#include "gpu/iou.h"

#include <pybind11/stl.h>

#include <iterator>
#include <optional>
#include <string>

#include "bindings/gpu/arrays.h"
#include "bindings/gpu/bindings.h"

namespace maskmill::gpu {
namespace {

constexpr const char* kMethods[] = {"walk", "popcount", "binary_mma"};

Method method_named(const std::string& name) {
  for (size_t k = 0; k < std::size(kMethods); ++k) {
    if (name == kMethods[k]) return static_cast<Method>(k);
  }
  throw py::value_error("unknown method " + name);
}

PairMeasure measure_named(const std::string& name) {
  if (name == "intersection_area") return PairMeasure::kIntersection;
  if (name == "iou") return PairMeasure::kIou;
  if (name == "dice") return PairMeasure::kDice;
  throw py::value_error("unknown measure " + name);
}

py::tuple bind_measure_pairs(Device& device, const py::object& bounds_a,
                             const py::object& offsets_a, const py::object& sizes_a,
                             const py::object& bounds_b, const py::object& offsets_b,
                             const py::object& sizes_b, const py::object& groups_a,
                             const py::object& groups_b, const std::string& measure,
                             const py::object& crowd, const std::optional<std::string>& method,
                             int64_t chunk_words) {
  const auto rows_a = view_column<i64>(groups_a, "groups_a");
  const auto rows_b = view_column<i64>(groups_b, "groups_b");
  const PairsView pairs{view_masks(bounds_a, offsets_a, sizes_a),
                        view_masks(bounds_b, offsets_b, sizes_b), rows_a.data, rows_b.data,
                        rows_a.size - 1};
  const bool* flags = crowd.is_none() ? nullptr : view_column<bool>(crowd, "crowd").data;
  const Method forced = method.has_value() ? method_named(*method) : Method::kWalk;
  const PairOptions options{measure_named(measure), flags, method.has_value() ? &forced : nullptr,
                            chunk_words};
  const PairColumn out = without_gil([&] { return measure_pairs(device, pairs, options); });
  if (options.measure == PairMeasure::kIntersection) {
    return py::make_tuple(to_python(out.common), out.common.size);
  }
  return py::make_tuple(to_python(out.ratios), out.ratios.size);
}

}  // namespace

void bind_iou(py::module_& module) {
  module.def("measure_pairs", &bind_measure_pairs, py::arg("device"), py::arg("bounds_a"),
             py::arg("offsets_a"), py::arg("sizes_a"), py::arg("bounds_b"), py::arg("offsets_b"),
             py::arg("sizes_b"), py::arg("groups_a"), py::arg("groups_b"), py::arg("measure"),
             py::arg("crowd") = py::none(), py::arg("method") = py::none(),
             py::arg("chunk_words") = 0);
}

}  // namespace maskmill::gpu
