// What this machine lacks: becomes maskmill.errors.BackendUnavailableError.
#pragma once

#include <stdexcept>

namespace maskmill::gpu {

class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace maskmill::gpu
