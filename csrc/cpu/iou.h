#pragma once

#include "cpu/prepared.h"
#include "cpu/views.h"

namespace maskmill {

// Two batches whose masks are paired inside groups: group g owns rows a_groups[g] to
// a_groups[g + 1] of `a`, and likewise of `b`. All masks of a group have one size.
struct PairsView {
  MasksView a, b;
  const int64_t* groups_a;  // [n_groups + 1]
  const int64_t* groups_b;  // [n_groups + 1]
  int64_t n_groups;

  [[nodiscard]] int64_t n_a(int64_t g) const { return groups_a[g + 1] - groups_a[g]; }
  [[nodiscard]] int64_t n_b(int64_t g) const { return groups_b[g + 1] - groups_b[g]; }
  [[nodiscard]] int64_t n_pairs() const;
};

// How to go about the pairs of one group.
struct Plan {
  Method method;
  int64_t bytes;  // prepared for one mask, about
};

// What costs least, by an estimate from a few masks of the group.
Plan plan_group(const PairsView& pairs, int64_t g);
// What one method takes.
Plan plan_group(const PairsView& pairs, int64_t g, Method method);

// Results of all pairs: row-major matrices, group after group. out [n_pairs]. Only tests ask for a
// method; null leaves it to plan_group.
void intersection_area(const PairsView& pairs, const Method* method, int64_t* out, int threads);
// crowd [b.n_masks], or null.
void iou(const PairsView& pairs, const bool* crowd, double* out, int threads);
void dice(const PairsView& pairs, double* out, int threads);

}  // namespace maskmill
