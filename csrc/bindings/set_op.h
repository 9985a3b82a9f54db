// Set operations by name.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "core/combine.h"

namespace maskmill {

inline SetOp set_op_named(const std::string& name) {
  if (name == "union") return SetOp::kUnion;
  if (name == "intersection") return SetOp::kIntersection;
  if (name == "difference") return SetOp::kDifference;
  if (name == "symmetric_difference") return SetOp::kSymmetricDifference;
  throw pybind11::value_error("unknown set operation " + name);
}

}  // namespace maskmill
