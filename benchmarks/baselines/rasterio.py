"""rasterio: GDAL's polygons by pixel centres."""

from __future__ import annotations

from affine import Affine
from rasterio.features import rasterize

from benchmarks.baselines.base import Baseline
from benchmarks.baselines.drawing import drawing
from benchmarks.data import Array, PolygonData, Size
from benchmarks.work import Work, rles_from_dense


class Rasterio(Baseline):
    label = "rasterio"
    distribution = "rasterio"

    def rasterize(self, data: PolygonData) -> Work:
        return drawing(_fill, data, _geometry)

    def rasterize_center(self, data: PolygonData) -> Work:
        work = drawing(_fill, data, _geometry)
        return Work(work.run, lambda _: rles_from_dense(work.read(None)), note=work.note)


def _geometry(ring: Array) -> dict[str, object]:
    corners = ring.tolist()
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


def _fill(rings: list[dict[str, object]], size: Size) -> Array:
    # One shape a pixel of a column to the right, one a row down: coordinates are pixels.
    dense: Array = rasterize(
        rings, out_shape=size, transform=Affine.identity(), default_value=1, dtype="uint8"
    )
    return dense


ENGINE = Rasterio()
