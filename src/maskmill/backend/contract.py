"""The contract of a backend: THE list of operations, one typed signature each.

A backend gets columns that the public functions have checked and trusts them. Two kinds of input
are foreign and are checked by the backend itself, because checking is half of the work: run lengths
(`from_counts`), COCO strings (`from_coco_strings`) and segmentation text (`parse_segmentations`).
It raises `maskmill.errors.StructureError` for the first bad record.

Groups are offsets, as everywhere: group g owns rows ``groups[g]:groups[g+1]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias, get_args

from maskmill.backend.arrays import Array
from maskmill.masks import Masks
from maskmill.polygons import Polygons

BackendName: TypeAlias = Literal["numpy", "cpu", "cuda", "cupy"]
RasterRule: TypeAlias = Literal["coco", "center"]
SetOp: TypeAlias = Literal["union", "intersection", "difference", "symmetric_difference"]
Connectivity: TypeAlias = Literal[8, 4]
FlipAxis: TypeAlias = Literal["horizontal", "vertical"]
BoxFormat: TypeAlias = Literal["xywh", "xyxy"]

BACKEND_NAMES: Final = get_args(BackendName)
RASTER_RULES: Final = get_args(RasterRule)
SET_OPS: Final = get_args(SetOp)
CONNECTIVITIES: Final = get_args(Connectivity)
FLIP_AXES: Final = get_args(FlipAxis)
BOX_FORMATS: Final = get_args(BoxFormat)

POLYGONS: Final = 0
COUNTS: Final = 1
COCO_STRING: Final = 2
"""The kinds of a parsed segmentation."""


class Segmentations(NamedTuple):
    """Segmentation fields of a COCO file, parsed into columns.

    Record i is of kind ``kinds[i]``. A record of polygons owns one mask of ``mask_offsets`` (one
    part of one ring a list), a record of counts one row of ``count_offsets``, a record of a COCO
    string one row of ``char_offsets``; the records of a kind keep their order.
    """

    kinds: Array  # uint8 [N]: POLYGONS, COUNTS or COCO_STRING
    sizes: Array  # int64 [N, 2]: (height, width) that a run-length record states, -1 for polygons
    coords: Array  # float64 [V, 2]
    ring_offsets: Array  # int64 [R+1]
    mask_offsets: Array  # int64 [n_polygons+1], in rings
    counts: Array  # int64 [C]
    count_offsets: Array  # int64 [n_counts+1]
    chars: Array  # uint8 [K]
    char_offsets: Array  # int64 [n_strings+1]


class Backend(Protocol):
    """One implementation of every operation."""

    @property
    def name(self) -> BackendName:
        """Name that ``backend=`` takes."""

    def rasterize(self, polygons: Polygons, rule: RasterRule) -> Masks:
        """Pixels inside each polygonal mask."""

    def trace(self, masks: Masks, tolerance: float) -> Polygons:
        """Outlines and holes of masks of at most 2**22 pixels a side; rules in `maskmill.trace`."""

    def components(self, masks: Masks, connectivity: Connectivity) -> tuple[Masks, Array]:
        """Connected components, by mask and first pixel, and their groups (N+1)."""

    def gather(self, masks: Masks, rows: Array, columns: Array, sizes: Array) -> Masks:
        """Masks of ``sizes`` whose pixel (y, x) is that of a source row and column.

        An axis map (int64, N, 3) holds (step, shift, divisor): index i takes source index
        ``floor((step * i + shift) / divisor)``, or background where that is outside.
        """

    def transpose(self, masks: Masks) -> Masks:
        """Rows and columns exchanged."""

    def erode(self, masks: Masks, radii: Array) -> Masks:
        """Pixels whose square of ``2 * radius + 1`` pixels is foreground; radii int64 (N,)."""

    def dilate(self, masks: Masks, radii: Array) -> Masks:
        """Pixels in whose square of ``2 * radius + 1`` pixels is foreground."""

    def encode(self, dense: Array) -> Masks:
        """Non-zero pixels of (N, H, W), bool or integer, any strides."""

    def decode(self, masks: Masks, out: Array) -> None:
        """Write 0 and 1 over the whole of ``out`` (N, H, W), uint8 or bool, any strides."""

    def area(self, masks: Masks) -> Array:
        """Foreground pixels, int64 (N,)."""

    def bbox(self, masks: Masks) -> Array:
        """Tight x, y, width, height, int64 (N, 4); an empty mask gives zeros."""

    def combine(self, a: Masks, b: Masks, op: SetOp) -> Masks:
        """Pairwise set operation; either batch may hold one mask that serves all of the other."""

    def complement(self, masks: Masks) -> Masks:
        """Foreground and background exchanged."""

    def merge(self, masks: Masks, groups: Array, op: SetOp, sizes: Array) -> Masks:
        """Fold ``op`` over each group; ``sizes`` (G, 2) are the sizes of the results.

        Union and symmetric difference of no masks are empty, so is the difference; the
        intersection of no masks is full.
        """

    def intersection_area(self, a: Masks, b: Masks, groups_a: Array, groups_b: Array) -> Array:
        """Common pixels of all pairs of each group, row-major matrices end to end, int64."""

    def iou(
        self, a: Masks, b: Masks, groups_a: Array, groups_b: Array, crowd: Array | None
    ) -> Array:
        """Intersection over union of all pairs of each group, float64, laid as `intersection_area`.

        Where ``crowd`` (bool, one a mask of ``b``) is set, over the area of the mask of ``a``.
        """

    def dice(self, a: Masks, b: Masks, groups_a: Array, groups_b: Array) -> Array:
        """Dice coefficient of all pairs of each group, float64, laid as `intersection_area`."""

    def label_map(
        self,
        masks: Masks,
        labels: Array,
        order: Array,
        groups: Array,
        sizes: Array,
        background: int,
        out: Array,
    ) -> None:
        """Write the background and paint labels over it; every pixel of ``out`` is written.

        ``out`` is 1-D and contiguous, of the dtype of the maps: map g is the next
        ``sizes[g, 0] * sizes[g, 1]`` values, row-major. ``order`` (int64, N) permutes the masks
        within each group: later ones paint over earlier ones.
        """

    def from_label_map(self, maps: Array, ignore: Array) -> tuple[Masks, Array, Array]:
        """All labels of each map of (N, H, W), any integer dtype, any strides.

        Gives the masks, the label of each (int64) and the groups (N+1); labels ascend within a map.
        """

    def to_counts(self, masks: Masks) -> tuple[Array, Array]:
        """COCO run lengths: uint32 counts and their int64 offsets."""

    def from_counts(self, counts: Array, offsets: Array, sizes: Array) -> Masks:
        """Masks of int64 run lengths; zero runs are normalised, totals must equal height*width."""

    def to_coco_strings(self, masks: Masks) -> tuple[Array, Array]:
        """COCO's compressed counts: uint8 characters and their int64 offsets."""

    def from_coco_strings(self, chars: Array, offsets: Array, sizes: Array) -> Masks:
        """Masks of COCO's compressed counts."""

    def parse_segmentations(self, texts: Sequence[bytes | memoryview]) -> Segmentations:
        """Columns of the raw JSON text of ``segmentation`` fields.

        Text lies on the host, and so do its columns: they are NumPy's on every backend.
        """
