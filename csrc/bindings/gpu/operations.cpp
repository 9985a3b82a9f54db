#include "bindings/gpu/bindings.h"
#include "gpu/device.h"

namespace maskmill::gpu {

void bind_operations(pybind11::module_& module) {
  // Local to the module: the extension and the tests' host executor may live in one process.
  const pybind11::class_<Device> device(module, "Device", pybind11::module_local());
  bind_combine(module);
  bind_decode(module);
  bind_encode(module);
  bind_iou(module);
  bind_label_map(module);
  bind_measure(module);
  bind_rasterize(module);
  bind_strings(module);
}

}  // namespace maskmill::gpu
