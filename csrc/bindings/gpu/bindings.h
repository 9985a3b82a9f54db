// One function an operation, each in the file of its name, all with the device first.
#pragma once

#include <pybind11/pybind11.h>

namespace maskmill::gpu {

void bind_combine(pybind11::module_& module);
void bind_decode(pybind11::module_& module);
void bind_encode(pybind11::module_& module);
void bind_iou(pybind11::module_& module);
void bind_label_map(pybind11::module_& module);
void bind_measure(pybind11::module_& module);
void bind_rasterize(pybind11::module_& module);
void bind_strings(pybind11::module_& module);

// Everything: the class Device and all operations.
void bind_operations(pybind11::module_& module);

}  // namespace maskmill::gpu
