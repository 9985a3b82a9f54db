// The one error that operations on checked columns can raise: foreign data breaks a rule.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace maskmill {

struct StructureError : std::exception {
  StructureError(int64_t bad_record, std::string required, std::string found)
      : record(bad_record), requirement(std::move(required)), got(std::move(found)) {}
  [[nodiscard]] const char* what() const noexcept override { return requirement.c_str(); }

  int64_t record;           // index of the bad record
  std::string requirement;  // "cover height*width = 12 pixels"
  std::string got;          // "11"
};

}  // namespace maskmill
