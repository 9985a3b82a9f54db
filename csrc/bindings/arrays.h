// Arrays to views. Refuses what does not fit; never converts, so nothing is copied unseen.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdlib>
#include <utility>

#include "cpu/views.h"

namespace maskmill {

namespace py = pybind11;

// An argument of this type is refused unless it is a C-contiguous array of T.
template <class T>
using In = py::array_t<T, py::array::c_style>;

// Columns of masks: pass as one argument each, declared with .noconvert().
inline MasksView view_masks(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                            const In<int32_t>* sizes = nullptr) {
  return {bounds.data(), offsets.data(), sizes == nullptr ? nullptr : sizes->data(),
          offsets.size() - 1};
}

// Gives a buffer to NumPy without a copy.
template <class T>
py::array_t<T> to_numpy(Buffer<T>&& buffer) {
  const auto size = static_cast<py::ssize_t>(buffer.size());
  if (size == 0) return py::array_t<T>(0);
  T* data = buffer.release();
  const py::capsule owner(data, [](void* p) { std::free(p); });
  return py::array_t<T>(size, data, owner);
}

template <class T>
py::tuple to_numpy(Ragged<T>&& column) {
  return py::make_tuple(to_numpy(std::move(column.values)), to_numpy(std::move(column.offsets)));
}

// Views any strides of a stack (N, H, W).
inline StackView view_stack(const py::array& dense) {
  if (dense.ndim() != 3) throw py::value_error("dense must have 3 dimensions");
  return {static_cast<const unsigned char*>(dense.data()),
          dense.shape(0),
          dense.shape(1),
          dense.shape(2),
          dense.strides(0),
          dense.strides(1),
          dense.strides(2),
          static_cast<int>(dense.itemsize())};
}

}  // namespace maskmill
