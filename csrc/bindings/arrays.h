// Arrays to views. Refuses what does not fit; never converts, so nothing is copied unseen.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "cpu/views.h"

namespace maskmill {

namespace py = pybind11;

// The descriptor of T that NumPy keeps one of, so that most arrays of T have this very object.
template <class T>
PyObject* descriptor() {
  static PyObject* const kept = py::dtype::of<T>().release().ptr();
  return kept;
}

// An argument that is a C-contiguous, aligned array of T; anything else is refused. The caller of
// the function holds the array. A tenth of the price of py::array_t, which asks NumPy for a
// conversion even where there is nothing to convert: small calls notice.
template <class T>
class In {
 public:
  // False unless `object` fits.
  bool take(py::handle object) {
    const auto& numpy = py::detail::npy_api::get();
    if (!numpy.PyArray_Check_(object.ptr())) return false;
    const auto* array = py::detail::array_proxy(object.ptr());
    constexpr int kNeeded =
        py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
    if ((array->flags & kNeeded) != kNeeded) return false;
    if (array->descr != descriptor<T>() &&
        !numpy.PyArray_EquivTypes_(array->descr, descriptor<T>())) {
      return false;
    }
    data_ = reinterpret_cast<const T*>(array->data);
    size_ = 1;
    for (int axis = 0; axis < array->nd; ++axis) size_ *= array->dimensions[axis];
    return true;
  }

  [[nodiscard]] const T* data() const { return data_; }
  [[nodiscard]] int64_t size() const { return size_; }

 private:
  const T* data_ = nullptr;
  int64_t size_ = 0;
};

// Columns of masks: pass as one argument each, declared with .noconvert().
inline MasksView view_masks(const In<uint32_t>& bounds, const In<int64_t>& offsets,
                            const In<int32_t>* sizes = nullptr) {
  return {bounds.data(), offsets.data(), sizes == nullptr ? nullptr : sizes->data(),
          offsets.size() - 1};
}

// A new array, not filled; or one over `data`, which dies with `owner`.
template <class T, size_t kAxes>
py::array_t<T> new_array(const int64_t (&shape)[kAxes], T* data = nullptr,
                         const py::object& owner = {}) {
  const auto& numpy = py::detail::npy_api::get();
  Py_intptr_t lengths[kAxes];
  for (size_t axis = 0; axis < kAxes; ++axis) lengths[axis] = shape[axis];
  Py_INCREF(descriptor<T>());  // which NumPy takes over
  constexpr int kFlags = py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ |
                         py::detail::npy_api::NPY_ARRAY_ALIGNED_ |
                         py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  auto array = py::reinterpret_steal<py::array_t<T>>(
      numpy.PyArray_NewFromDescr_(numpy.PyArray_Type_, descriptor<T>(), static_cast<int>(kAxes),
                                  lengths, nullptr, data, data == nullptr ? 0 : kFlags, nullptr));
  if (!array) throw py::error_already_set();
  if (data != nullptr) py::detail::array_proxy(array.ptr())->base = owner.inc_ref().ptr();
  return array;
}

// Gives a buffer to NumPy: a small one by a copy, which costs less than an owner.
template <class T>
py::array_t<T> to_numpy(Buffer<T>&& buffer) {
  constexpr int64_t kSmall = 1 << 12;  // bytes
  const int64_t size = buffer.size();
  if (size * int64_t{sizeof(T)} <= kSmall) {
    py::array_t<T> array = new_array<T>({size});
    if (size > 0) {
      std::memcpy(array.mutable_data(), buffer.data(), static_cast<size_t>(size) * sizeof(T));
    }
    return array;
  }
  T* data = buffer.release();
  const py::capsule owner(data, [](void* p) { std::free(p); });
  return new_array<T>({size}, data, owner);
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

namespace pybind11::detail {

template <class T>
struct type_caster<maskmill::In<T>> {
  using Array = array_t<T, array::c_style>;
  PYBIND11_TYPE_CASTER(maskmill::In<T>, handle_type_name<Array>::name);

  bool load(handle source, bool /*convert*/) { return value.take(source); }
};

}  // namespace pybind11::detail
