#include <pybind11/pybind11.h>

#include "bindings/bindings.h"
#include "cpu/errors.h"

namespace py = pybind11;

namespace {

// Raises maskmill.errors.StructureError(record, requirement, got).
// NOLINTNEXTLINE(performance-unnecessary-value-param): the signature is pybind11's.
void translate(std::exception_ptr error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const maskmill::StructureError& e) {
    const py::object kind = py::module_::import("maskmill.errors").attr("StructureError");
    const py::object value = kind(e.record, e.requirement, e.got);
    PyErr_SetObject(kind.ptr(), value.ptr());
  }
}

}  // namespace

PYBIND11_MODULE(_core, module, py::mod_gil_not_used()) {
  module.doc() = "The compiled operations: columns in, columns out. Use the functions of maskmill.";
  py::register_exception_translator(translate);
  maskmill::bind_combine(module);
  maskmill::bind_boundary(module);
  maskmill::bind_components(module);
  maskmill::bind_decode(module);
  maskmill::bind_encode(module);
  maskmill::bind_iou(module);
  maskmill::bind_label_map(module);
  maskmill::bind_measure(module);
  maskmill::bind_rasterize(module);
  maskmill::bind_segmentation(module);
  maskmill::bind_simd(module);
  maskmill::bind_strings(module);
  maskmill::bind_trace(module);
  maskmill::bind_transform(module);
}
