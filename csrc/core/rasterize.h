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

// The same quotient gives the pixel row of a crossing at the step `fine`.
MASKMILL_HD i32 coco_row(double fine, i32 height) {
  return clamp_i32(static_cast<i32>((fine + 2.5) * 0.2), 0, height);
}

struct CocoEdge {
  double x, y;     // where the walk starts: the end with the lesser coordinate on the longer axis
  double slope;    // of the shorter axis over the longer
  double inverse;  // of the slope, where steep
  bool steep;      // the walk steps along y
};

MASKMILL_HD CocoEdge coco_edge(double x0, double y0, double x1, double y1) {
  const double dx = x1 - x0;
  const double dy = y1 - y0;
  const bool steep = (dx < 0 ? -dx : dx) < (dy < 0 ? -dy : dy);
  const bool turn = steep ? dy < 0 : dx < 0;
  // Turning the edge negates both differences: the quotient stays the same.
  return {turn ? x1 : x0, turn ? y1 : y0, steep ? dx / dy : dy / dx, dy / dx, steep};
}

// An edge walked along x crosses column c between t = 5c+2-x and t+1, at the lower of the two
// steps. The walk is monotone, so the lower step is known beforehand.
MASKMILL_HD i32 coco_flat_row(const CocoEdge& e, i32 column, i32 height) {
  const double t = 5.0 * column + (e.slope < 0.0 ? 3.0 : 2.0) - e.x;
  const i32 fine = static_cast<i32>(e.y + e.slope * t + 0.5);
  return coco_row(static_cast<double>(fine), height);
}

// An edge walked along y crosses after the last step t on this side of the line: t < q where
// q = (5c+2.5-x)/slope, if nothing rounded. Only the step nearest to q is in doubt. Any other lies
// half a step or more from q, so slope/2 >= 1/(2 dy) > 2**-27 from the line in x, while the
// rounding of the walk near the line stays below 2**-27 for coordinates up to 2**22 pixels. One
// evaluation of the walk decides.
MASKMILL_HD i32 coco_steep_row(const CocoEdge& e, i32 column, i32 height) {
  const double line = 5.0 * column;
  const double t = static_cast<double>(static_cast<i32>((line + 2.5 - e.x) * e.inverse + 0.5));
  const bool right = e.x + e.slope * t + 0.5 >= line + 3.0;
  const bool beyond = right == (e.slope > 0.0);
  return coco_row(e.y + t - (beyond ? 1.0 : 0.0), height);
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
  double x, y;       // the left end
  double run, rise;  // to the right end
  double slope;
};

MASKMILL_HD CenterEdge center_edge(double x0, double y0, double x1, double y1) {
  const bool turn = x1 < x0;
  const double run = x1 - x0;
  const double rise = y1 - y0;
  return {turn ? x1 : x0, turn ? y1 : y0, turn ? -run : run, turn ? -rise : rise, rise / run};
}

// Products of this edge's extents are exact in doubles.
MASKMILL_HD bool center_is_small(const CenterEdge& e) {
  return e.run <= 33554432.0 && e.y <= 33554432.0 && e.y >= -33554432.0 && e.rise <= 33554432.0 &&
         e.rise >= -33554432.0;  // 2**25
}

// The first row whose centre 256r + 128 is at or below the line's crossing:
// r = ceil(numerator / (256 run)) with numerator = (y - 128) run + (256c + 128 - x) rise. Its
// nearest integer is found in floating point, then r by an exact comparison in Number: double for
// small edges, i64 for all.
template <class Number>
MASKMILL_HD i32 center_row(const CenterEdge& e, i32 column, i32 height) {
  const double along = 256.0 * column + 128.0 - e.x;
  const double quotient = (e.y - 128.0 + along * e.slope) * (1.0 / 256.0) + 0.5;
  const double top = static_cast<double>(height) + 1.0;
  const double raised = quotient < 0.0 ? 0.0 : quotient;
  const i32 nearest = static_cast<i32>(raised > top ? top : raised);
  const Number run = static_cast<Number>(e.run);
  const Number numerator = (static_cast<Number>(e.y) - 128) * run +
                           static_cast<Number>(along) * static_cast<Number>(e.rise);
  const bool below = numerator > static_cast<Number>(nearest) * 256 * run;
  return clamp_i32(nearest + (below ? 1 : 0), 0, height);
}

}  // namespace maskmill
