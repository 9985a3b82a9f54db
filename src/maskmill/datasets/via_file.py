"""Files of VIA: its CSV, and the writers of both kinds."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from maskmill.datasets.dataset import Header, Shard, get_extra
from maskmill.datasets.format import Options, Writer
from maskmill.datasets.jsonfile import FAULTS
from maskmill.datasets.objects import encode_json
from maskmill.datasets.outgoing import Groups, instances_of
from maskmill.datasets.report import Losses
from maskmill.datasets.via_regions import regions_of
from maskmill.errors import FormatError

__all__ = ["CsvWriter", "JsonWriter", "from_csv"]

COLUMNS: Final = (
    "filename", "file_size", "file_attributes", "region_count", "region_id",
    "region_shape_attributes", "region_attributes",
)  # fmt: skip


def from_csv(path: Path, content: bytes) -> bytes:
    """Bring a CSV file to the form of JSON; a place in it is the name of the image."""
    images: dict[str, dict[str, Any]] = {}
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"must be CSV in UTF-8, got: {error}.", str(path)) from None
    names = [name.strip("# ") for name in rows[0]]
    if not {"filename", "region_shape_attributes", "region_attributes"} <= {*names}:
        raise FormatError(f"must have the columns of VIA, got {', '.join(names)}.", str(path))
    for number, cells in enumerate(rows[1:], 2):
        if not cells or cells[0].startswith("#"):
            continue
        row = dict(zip(names, cells, strict=False))
        image = images.setdefault(
            row["filename"],
            {"filename": row["filename"], "regions": {}, "file_attributes": {}},
        )
        try:
            size = row.get("file_size", "")
            image["size"] = int(size) if size.lstrip("-").isdecimal() and len(size) < 18 else -1
            attributes = row.get("file_attributes") or "{}"
            image["file_attributes"] = msgspec.json.decode(attributes, type=dict[str, Any])
            shape = msgspec.json.decode(row.get("region_shape_attributes") or "{}")
            if shape:
                image["regions"][f"line {number}"] = {
                    "shape_attributes": shape,
                    "region_attributes": msgspec.json.decode(row.get("region_attributes") or "{}"),
                }
        except FAULTS as error:
            raise FormatError(
                f"must have JSON in its cells, got: {error}.", str(path), f"line {number}"
            ) from None
    return encode_json(images)


class _Writer(Writer[list[dict[str, Any]]]):
    def __init__(self, file: IO[bytes], header: Header, options: Options) -> None:
        self._file = file
        self._categories = header.categories
        self._rule = options.rule
        self._key = get_extra(header.extra, "via_class", str) or "label"
        self._first = True

    def encode(self, shard: Shard, losses: Losses) -> list[dict[str, Any]]:
        images, numbered = shard.images, shard.instances.numbered
        found = instances_of(shard, self._categories, self._rule, losses, holes=False, masks=False)
        records = []
        for g, objects in enumerate(found):
            groups = Groups(objects)
            extra = dict(images.extra[g])
            attributes: dict[str, Any] = (
                get_extra(extra, "attributes", dict[str, msgspec.Raw]) or {}
            )
            extra.pop("attributes", None)
            size = get_extra(extra, "file_size", int)
            extra.pop("file_size", None)
            height, width = images.sizes[g].tolist()
            attributes |= {"width": width, "height": height, "maskmill_id": images.ids[g]}
            if extra:
                attributes["maskmill_further"] = extra
            regions = [
                region
                for o in objects
                for region in regions_of(o, self._key, groups, losses, numbered=numbered)
            ]
            records.append(
                {
                    "filename": images.file_names[g],
                    "size": -1 if size is None else size,
                    "regions": regions,
                    "file_attributes": attributes,
                }
            )
        return records


class JsonWriter(_Writer):
    """Writes JSON."""

    def append(self, piece: list[dict[str, Any]]) -> None:
        """Write the images of the next shard."""
        for record in piece:
            key = encode_json(f"{record['filename']}{record['size']}")
            separator = b"\n" if self._first else b",\n"
            self._file.write(separator + key + b":" + encode_json(record))
            self._first = False


class CsvWriter(_Writer):
    """Writes CSV."""

    def append(self, piece: list[dict[str, Any]]) -> None:
        """Write the images of the next shard."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        if self._first:
            writer.writerow(COLUMNS)
            self._first = False
        for record in piece:
            regions = record["regions"] or [{"shape_attributes": {}, "region_attributes": {}}]
            for i, region in enumerate(regions):
                cells = (region["shape_attributes"], region["region_attributes"])
                writer.writerow(
                    [
                        record["filename"],
                        record["size"],
                        encode_json(record["file_attributes"]).decode(),
                        len(record["regions"]),
                        i,
                        *(encode_json(cell).decode() for cell in cells),
                    ]
                )
        self._file.write(text.getvalue().encode())
