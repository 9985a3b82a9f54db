// The module that opens the CUDA driver: imported at the first GPU call, links no CUDA.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <utility>

#include "bindings/cuda/embedded_kernels.h"
#include "bindings/gpu/arrays.h"
#include "bindings/gpu/bindings.h"
#include "gpu/cuda_device.h"
#include "gpu/unavailable.h"

namespace maskmill::gpu {
namespace {

constexpr const char* kMainSource = "kernels/all.cuh";

// NOLINTNEXTLINE(performance-unnecessary-value-param): the signature is pybind11's.
void translate(std::exception_ptr error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const Unavailable& e) {
    const py::object kind = py::module_::import("maskmill.errors").attr("BackendUnavailableError");
    PyErr_SetString(kind.ptr(), e.what());
  }
}

std::vector<int> architectures() {
  std::vector<int> found;
  for (const KernelImage& image : compiled_kernels()) found.push_back(image.architecture);
  return found;
}

// Loads the compiled kernels that fit a device, or says why none do. Code for one processor runs on
// the later ones of its major number.
std::string load_compiled(int ordinal) {
  const int own = cuda_architecture(ordinal);
  const KernelImage* best = nullptr;
  const std::vector<KernelImage> images = compiled_kernels();
  for (const KernelImage& image : images) {
    if (image.architecture / 10 == own / 10 && image.architecture <= own) best = &image;
  }
  if (best == nullptr) return "maskmill was built without kernels for sm_" + std::to_string(own);
  try {
    cuda_load_kernels(ordinal, best->data);
  } catch (const CudaError& refused) {  // a driver older than the compiler, mostly
    return refused.what();
  }
  return "";
}

std::unique_ptr<CudaDevice> open_device(int ordinal, uintptr_t stream, py::object allocate) {
  // Destroyed with the device, which Python destroys under its lock.
  return std::make_unique<CudaDevice>(
      ordinal, stream, [allocate = std::move(allocate)](int64_t n_bytes) {
        return std::make_shared<PythonAllocation>(allocate, n_bytes);
      });
}

void bind_cuda(py::module_& module) {
  py::class_<CudaDevice, Device>(module, "CudaDevice", py::module_local())
      .def(py::init(&open_device), py::arg("ordinal"), py::arg("stream"), py::arg("allocate"));
  using Unlocked = py::call_guard<py::gil_scoped_release>;
  module.def(
      "probe",
      [] {
        check_not_forked();
        cuda_driver();
      },
      Unlocked());
  module.def("driver_version", &cuda_driver_version, Unlocked());
  module.def("architecture", &cuda_architecture, py::arg("ordinal"), Unlocked());
  module.def("is_loaded", &cuda_kernels_loaded, py::arg("ordinal"), Unlocked());
  module.def("load_compiled", &load_compiled, py::arg("ordinal"), Unlocked());
  module.def(
      "load",
      [](int ordinal, const py::bytes& code) {
        const char* image = PyBytes_AS_STRING(code.ptr());
        without_gil([&] { cuda_load_kernels(ordinal, image); });
      },
      py::arg("ordinal"), py::arg("code"));
  module.def("architectures", &architectures);
  module.def("kernel_hash", &kernel_hash);
  module.def(
      "compiler_version", [](const std::string& library) { return Nvrtc(library).version(); },
      py::arg("library"));
  module.def(
      "compile",
      [](const std::string& library, int architecture) {
        const std::string code = without_gil(
            [&] { return Nvrtc(library).compile(kernel_sources(), kMainSource, architecture); });
        return py::bytes(code);
      },
      py::arg("library"), py::arg("architecture"));
}

}  // namespace
}  // namespace maskmill::gpu

PYBIND11_MODULE(_gpu, module, pybind11::mod_gil_not_used()) {
  module.doc() = "The kernels on a GPU: device columns in, device columns out.";
  pybind11::register_local_exception_translator(maskmill::gpu::translate);
  maskmill::gpu::bind_operations(module);
  maskmill::gpu::bind_cuda(module);
}
