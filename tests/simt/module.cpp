// The extension module `simt_device`: the GPU drivers over the host executor.
#include <pybind11/pybind11.h>

#include <string>

#include "bindings/gpu/bindings.h"
#include "executor.h"
#include "host_device.h"
#include "kernels.h"

namespace py = pybind11;
using namespace maskmill;  // NOLINT(google-build-using-namespace)

namespace {

// Device memory of the executor: poisoned, between guard bytes.
class Memory {
 public:
  explicit Memory(int64_t n_bytes)
      : data_(simt::allocate(static_cast<size_t>(n_bytes))), n_bytes_(n_bytes) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { simt::release(data_); }

  [[nodiscard]] uintptr_t address() const { return reinterpret_cast<uintptr_t>(data_); }
  [[nodiscard]] py::buffer_info buffer() const {
    return {data_, 1, py::format_descriptor<unsigned char>::format(), n_bytes_};
  }

 private:
  void* data_;
  int64_t n_bytes_;
};

simt::Order order_of(const std::string& name) {
  if (name == "forward") return simt::Order::forward;
  if (name == "reverse") return simt::Order::reverse;
  if (name == "random") return simt::Order::random;
  throw py::value_error("order must be forward, reverse or random, got " + name);
}

void configure(unsigned seed, const std::string& order, int resident, int poison) {
  simt::Config config;
  config.seed = seed;
  config.order = order_of(order);
  config.resident = resident;
  config.poison = poison;
  simt::configure(config);
}

// As a driver does it: by name, with the bytes of the parameters.
void launch(const std::string& kernel, unsigned n_blocks, unsigned n_threads,
            const py::bytes& parameters) {
  simt::launch(kernel.c_str(), {n_blocks, 1, 1}, {n_threads, 1, 1}, 0,
               simt::find_kernel(kernel.c_str(), PyBytes_AS_STRING(parameters.ptr())));
}

}  // namespace

PYBIND11_MODULE(simt_device, module) {
  py::register_exception<simt::KernelError>(module, "KernelError", PyExc_RuntimeError);
  gpu::bind_operations(module);
  py::class_<Memory>(module, "Memory", py::buffer_protocol())
      .def(py::init<int64_t>(), py::arg("n_bytes"))
      .def_property_readonly("address", &Memory::address)
      .def_buffer([](Memory& memory) { return memory.buffer(); });
  py::class_<simt::HostDevice, gpu::Device>(module, "HostDevice")
      .def(py::init<py::object>(), py::arg("allocate"));
  module.def("configure", &configure, py::kw_only(), py::arg("seed") = 1,
             py::arg("order") = "random", py::arg("resident") = 1, py::arg("poison") = 0xCD);
  module.def("launch", &launch, py::arg("kernel"), py::arg("n_blocks"), py::arg("n_threads"),
             py::arg("parameters"));
  module.def("check_memory", &simt::check_memory);
}
