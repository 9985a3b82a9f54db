// Device arrays to views, and device memory from the caller's library. Refuses what does not fit;
// never converts, so nothing is copied unseen.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/types.h"
#include "gpu/device.h"
#include "gpu/views.h"

namespace maskmill::gpu {

namespace py = pybind11;

// What CUDA's array interface calls the type.
template <class T>
constexpr const char* kTypeCode = nullptr;
template <>
inline constexpr const char* kTypeCode<u8> = "|u1";
template <>
inline constexpr const char* kTypeCode<bool> = "|b1";
template <>
inline constexpr const char* kTypeCode<i32> = "<i4";
template <>
inline constexpr const char* kTypeCode<u32> = "<u4";
template <>
inline constexpr const char* kTypeCode<i64> = "<i8";
template <>
inline constexpr const char* kTypeCode<double> = "<f8";

// A contiguous array of T on the device, of any shape. Holds nothing: the argument must live on.
template <class T>
struct In {
  T* data;
  i64 size;
};

// The contiguous array of T behind `__cuda_array_interface__`.
template <class T>
In<T> view_column(const py::object& array, const char* name) {
  const py::dict info = array.attr("__cuda_array_interface__");
  const auto type = info["typestr"].cast<std::string>();
  if (type != kTypeCode<T>) {
    throw py::type_error(std::string(name) + " must be " + kTypeCode<T> + ", got " + type);
  }
  if (info.contains("strides") && !info["strides"].is_none()) {
    throw py::type_error(std::string(name) + " must be contiguous");
  }
  i64 size = 1;
  for (const py::handle n : info["shape"]) size *= n.cast<i64>();
  const auto address = info["data"].cast<py::tuple>()[0].cast<uintptr_t>();
  return {reinterpret_cast<T*>(address), size};  // NOLINT(performance-no-int-to-ptr): as specified
}

// An array of any shape and strides: the type's kind ('b', 'i', 'u', 'f') and size in bytes, and
// the strides in bytes.
struct Strided {
  u8* data;
  std::vector<i64> shape, strides;
  char kind;
  i32 item_size;
};

inline Strided view_strided(const py::object& array, const char* name, size_t n_dimensions) {
  const py::dict info = array.attr("__cuda_array_interface__");
  const auto type = info["typestr"].cast<std::string>();
  if (type.size() < 3 || type[0] == '>') {
    throw py::type_error(std::string(name) + " must be in native byte order, got " + type);
  }
  Strided view{reinterpret_cast<u8*>(  // NOLINT(performance-no-int-to-ptr): as specified
                   info["data"].cast<py::tuple>()[0].cast<uintptr_t>()),
               {},
               {},
               type[1],
               static_cast<i32>(std::stoi(type.substr(2)))};
  for (const py::handle n : info["shape"]) view.shape.push_back(n.cast<i64>());
  if (view.shape.size() != n_dimensions) {
    throw py::value_error(std::string(name) + " must have " + std::to_string(n_dimensions) +
                          " dimensions");
  }
  if (info.contains("strides") && !info["strides"].is_none()) {
    for (const py::handle n : info["strides"]) view.strides.push_back(n.cast<i64>());
  } else {
    view.strides.resize(n_dimensions);
    i64 stride = view.item_size;
    for (size_t k = n_dimensions; k-- > 0; stride *= view.shape[k]) view.strides[k] = stride;
  }
  // The device reads whole values only where they are aligned.
  bool aligned = reinterpret_cast<uintptr_t>(view.data) % view.item_size == 0;
  for (const i64 stride : view.strides) aligned = aligned && stride % view.item_size == 0;
  if (!aligned) throw py::type_error(std::string(name) + " must be aligned");
  return view;
}

inline MasksView view_masks(const py::object& bounds, const py::object& offsets) {
  const auto b = view_column<u32>(bounds, "bounds");
  const auto o = view_column<i64>(offsets, "offsets");
  return {b.data, o.data, nullptr, o.size - 1, b.size};
}

inline MasksView view_masks(const py::object& bounds, const py::object& offsets,
                            const py::object& sizes) {
  MasksView view = view_masks(bounds, offsets);
  view.sizes = view_column<i32>(sizes, "sizes").data;
  return view;
}

// Memory that a Python callable gave: allocate(n_bytes) is an array of the caller's library.
class PythonAllocation final : public Allocation {
 public:
  PythonAllocation(const py::object& allocate, i64 n_bytes) {
    const py::gil_scoped_acquire held;
    owner_ = allocate(n_bytes);
    data_ = view_column<u8>(owner_, "memory").data;
  }
  PythonAllocation(const PythonAllocation&) = delete;
  PythonAllocation& operator=(const PythonAllocation&) = delete;
  // NOLINTNEXTLINE(bugprone-exception-escape): without an interpreter there is nothing to save
  ~PythonAllocation() override {
    const py::gil_scoped_acquire held;
    owner_ = py::object();
  }

  [[nodiscard]] void* data() const override { return data_; }
  [[nodiscard]] const py::object& owner() const { return owner_; }

 private:
  py::object owner_;
  void* data_ = nullptr;
};

// Runs a driver: others may run Python meanwhile.
template <class Driver>
auto without_gil(const Driver& driver) {
  const py::gil_scoped_release released;
  return driver();
}

// Gives a column to Python as the array that `allocate` made: bytes, whose type the caller knows.
template <class T>
py::object to_python(const Column<T>& column) {
  return dynamic_cast<const PythonAllocation&>(*column.memory).owner();
}

// Bounds, how many, and offsets.
inline py::tuple to_python(const MaskColumns& masks) {
  return py::make_tuple(to_python(masks.bounds), masks.bounds.size, to_python(masks.offsets));
}

}  // namespace maskmill::gpu
