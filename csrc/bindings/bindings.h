// One register call per operation.
#pragma once

#include <pybind11/pybind11.h>

namespace maskmill {

void bind_combine(pybind11::module_& module);
void bind_boundary(pybind11::module_& module);
void bind_components(pybind11::module_& module);
void bind_decode(pybind11::module_& module);
void bind_encode(pybind11::module_& module);
void bind_iou(pybind11::module_& module);
void bind_label_map(pybind11::module_& module);
void bind_measure(pybind11::module_& module);
void bind_rasterize(pybind11::module_& module);
void bind_segmentation(pybind11::module_& module);
void bind_simd(pybind11::module_& module);
void bind_strings(pybind11::module_& module);
void bind_trace(pybind11::module_& module);
void bind_transform(pybind11::module_& module);

}  // namespace maskmill
