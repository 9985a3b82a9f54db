#include "cpu/segmentation.h"

#include <deque>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/bindings.h"

namespace maskmill {
namespace {

// The bytes of one Python object, held while this lives. Made and dropped under the GIL.
class View {
 public:
  explicit View(py::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &buffer_, PyBUF_SIMPLE) != 0) {
      throw py::error_already_set();
    }
  }
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  ~View() { PyBuffer_Release(&buffer_); }

  [[nodiscard]] Text text() const { return {static_cast<const char*>(buffer_.buf), buffer_.len}; }

 private:
  Py_buffer buffer_;
};

template <class T>
py::array to_pairs(Buffer<T>&& buffer) {
  const py::ssize_t n = buffer.size() / 2;
  return to_numpy(std::move(buffer)).reshape({n, py::ssize_t{2}});
}

py::tuple bind_parse(const py::sequence& objects, int threads) {
  std::deque<View> held;  // its elements stay where they are
  std::vector<Text> texts;
  // A sequence may make its items on request: each is owned here until it is held.
  for (const py::object object : objects) texts.push_back(held.emplace_back(object).text());
  Segmentations parsed;
  {
    const py::gil_scoped_release release;
    parsed = parse_segmentations(texts, threads);
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
