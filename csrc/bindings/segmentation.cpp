#include "cpu/segmentation.h"

#include <vector>

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

// The bytes of Python objects, held until the end of the call. Made and dropped under the GIL.
class Texts {
 public:
  explicit Texts(const py::sequence& objects) {
    views_.reserve(objects.size());
    for (const py::handle object : objects) {
      Py_buffer view;
      if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_SIMPLE) != 0) {
        release();
        throw py::error_already_set();
      }
      views_.push_back(view);
      texts.push_back({static_cast<const char*>(view.buf), view.len});
    }
  }
  Texts(const Texts&) = delete;
  Texts& operator=(const Texts&) = delete;
  ~Texts() { release(); }

  std::vector<Text> texts;

 private:
  void release() {
    for (Py_buffer& view : views_) PyBuffer_Release(&view);
    views_.clear();
  }
  std::vector<Py_buffer> views_;
};

template <class T>
py::array to_pairs(Buffer<T>&& buffer) {
  const py::ssize_t n = buffer.size() / 2;
  return to_numpy(std::move(buffer)).reshape({n, py::ssize_t{2}});
}

py::tuple bind_parse(const py::sequence& objects, int threads) {
  const Texts held(objects);
  Segmentations parsed;
  {
    const py::gil_scoped_release release;
    parsed = parse_segmentations(held.texts, threads);
  }
  return py::make_tuple(
      to_numpy(std::move(parsed.kinds)), to_pairs(std::move(parsed.sizes)),
      to_pairs(std::move(parsed.coords)), to_numpy(std::move(parsed.ring_offsets)),
      to_numpy(std::move(parsed.mask_offsets)), to_numpy(std::move(parsed.counts)),
      to_numpy(std::move(parsed.count_offsets)), to_numpy(std::move(parsed.chars)),
      to_numpy(std::move(parsed.char_offsets)));
}

}  // namespace

void bind_segmentation(py::module_& module) {
  module.def("parse_segmentations", &bind_parse, py::arg("texts"), py::arg("threads"));
}

}  // namespace maskmill
