// Where the edges of a polygon cross pixel columns: the arithmetic of both rules.
//
// Vertices are brought to a grid, and each gets a column number: how many column lines lie left of
// it, clamped to the columns of interest. The edge between two vertices crosses exactly the columns
// between their numbers, each at one row; below that row the pixels of the column change sides.
// Vertices on the grid are held as doubles: they and what is computed from them exactly are
// integers or halves below 2**53, and loops over columns vectorise.
#pragma once

#include "core/types.h"

namespace maskmill {

enum class RasterRule { coco, center };

// Largest absolute coordinate of a vertex, in pixels: 2**22. See polygons.py.

MASKMILL_HD i32 clamp_i32(i32 value, i32 low, i32 high) {
  const i32 raised = value < low ? low : value;
  return raised > high ? high : raised;
}

// ---- The coco rule: rleFrPoly of pycocotools' maskApi.c in closed form. The grid has five steps a
// pixel; the line of column c runs between the steps 5c+2 and 5c+3. Every expression below that
// rounds is written, and associated, as there.

MASKMILL_HD double coco_snap(double v) {
  return static_cast<double>(static_cast<i32>(5.0 * v + 0.5));  // truncates towards zero
}

// floor((x + 2) / 5). Fifths plus a tenth are never close to an integer, so truncation is exact;
// negative quotients truncate to 0 or below, which the clamp treats alike because low >= 0.
MASKMILL_HD i32 coco_column(double x, i32 low, i32 high) {
  return clamp_i32(static_cast<i32>((x + 2.5) * 0.2), low, high);
}

// One edge, walked along its longer axis from the end with the lesser coordinate there. A column is
// named by line = 5c. The walk is monotone, so an edge crosses a column at one step, which comes
// out of the same formula for both axes:
//
//   w = trunc((base + along (line + shift)) + 1/2),  step = rest + w + (drop if right of the line)
//
// Walked along x, the crossing lies between t = 5c+2-x and t+1, at the lower of the two steps of y,
// and the sign of the slope tells which that is: w is the step.
//
// Walked along y, it is the last t with the walk still on this side of the line: t < q where
// q = (5c+2.5-x)/slope, if nothing rounded. Only w, the step nearest to q, is in doubt: any other
// lies half a step or more from q, so slope/2 >= 1/(2 dy) > 2**-27 from the line in x, while the
// rounding of the walk near the line stays below 2**-27 for coordinates up to 2**22 pixels. The
// walk itself, x + slope w + 1/2 against 5c+3, decides between w and w-1.
struct CocoEdge {
  double base, along, shift;
  double x, slope;    // of the walk along y
  double rest, drop;  // 5/2 is added to rest, for the quotient
};

// No branches: edges are set up many at a time.
MASKMILL_HD CocoEdge coco_edge(double x0, double y0, double x1, double y1) {
  const double dx = x1 - x0;
  const double dy = y1 - y0;
  const bool steep = dx * dx < dy * dy;
  const double shorter = steep ? dx : dy;
  const double longer = steep ? dy : dx;
  const bool turn = longer < 0.0;
  const double x = turn ? x1 : x0;
  const double y = turn ? y1 : y0;
  const double slope = shorter / longer;  // turning negates both
  const bool falls = slope < 0.0;
  // Where x falls along y, the walk is beyond the line if it is not right of it.
  const double drop = falls ? 1.0 : -1.0;
  const double rest = y + (falls ? 1.5 : 2.5);
  const double lower = falls ? 3.0 : 2.0;
  return {steep ? 0.0 : y,    dy / dx,           (steep ? 2.5 : lower) - x, x, slope,
          steep ? rest : 2.5, steep ? drop : 0.0};
}

MASKMILL_HD i32 coco_row(const CocoEdge& e, double line, i32 height) {
  const double w = static_cast<double>(static_cast<i32>(e.base + e.along * (line + e.shift) + 0.5));
  const bool right = e.x + e.slope * w + 0.5 >= line + 3.0;
  // floor((step + 2) / 5), as for columns.
  return clamp_i32(static_cast<i32>((e.rest + w + (right ? e.drop : 0.0)) * 0.2), 0, height);
}

// ---- The center rule: a pixel is inside if its centre is. The grid has 256 steps a pixel; the
// line of column c is x = 256c + 128, and all comparisons are exact.

MASKMILL_HD double center_snap(double v) {
  const double z = 256.0 * v + 0.5;
  const double whole = static_cast<double>(static_cast<i32>(z));
  return whole > z ? whole - 1.0 : whole;
}

// ceil((x - 128) / 256): a vertex on a line counts as right of it. The quotient is exact.
MASKMILL_HD i32 center_column(double x, i32 low, i32 high) {
  return clamp_i32(static_cast<i32>((x + 127.0) * (1.0 / 256.0)), low, high);
}

struct CenterEdge {
  double shift;      // from line 256c to the left end: 128 - x
  double y;          // of the left end, less 128
  double run, rise;  // to the right end
  double slope;
};

MASKMILL_HD CenterEdge center_edge(double x0, double y0, double x1, double y1) {
  const double run = x1 - x0;
  const double rise = y1 - y0;
  const bool turn = run < 0.0;
  const double sign = turn ? -1.0 : 1.0;
  return {128.0 - (turn ? x1 : x0), (turn ? y1 : y0) - 128.0, sign * run, sign * rise, rise / run};
}

// With coordinates below this, products of extents and their sums are exact in doubles.
constexpr i32 kCenterSmall = 1 << 24;

// The first row whose centre 256r + 128 is at or below the crossing of the line x = 256c + 128:
// r = ceil(numerator / (256 run)). The nearest integer is found in floating point, then r by an
// exact comparison in Number: double for small coordinates, i64 for all. The column is named by
// line = 256c.
template <class Number>
MASKMILL_HD i32 center_row(const CenterEdge& e, double line, i32 height) {
  const double along = line + e.shift;
  const double quotient = (e.y + along * e.slope) * (1.0 / 256.0) + 0.5;
  const double top = static_cast<double>(height) + 1.0;
  const double raised = quotient < 0.0 ? 0.0 : quotient;
  const i32 nearest = static_cast<i32>(raised > top ? top : raised);
  const Number run = static_cast<Number>(e.run);
  const Number numerator =
      static_cast<Number>(e.y) * run + static_cast<Number>(along) * static_cast<Number>(e.rise);
  const bool below = numerator > static_cast<Number>(nearest) * (static_cast<Number>(256) * run);
  return clamp_i32(nearest + (below ? 1 : 0), 0, height);
}

}  // namespace maskmill
