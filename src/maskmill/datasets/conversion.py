"""From one format to another: shards through a pool of threads, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

import numpy as np

from maskmill.backend.contract import RASTER_RULES, RasterRule
from maskmill.concurrency import thread_count, threads
from maskmill.datasets.dataset import Shard
from maskmill.datasets.files import write_atomically
from maskmill.datasets.format import Format, Options, Writer
from maskmill.datasets.jsonfile import OnError
from maskmill.datasets.paths import Names, NameTakenError
from maskmill.datasets.registry import detect, get_format, read_options
from maskmill.datasets.report import Losses, Report, Skipped
from maskmill.errors import FormatError
from maskmill.ops.check import check_choice

__all__ = ["Progress", "convert"]

Progress = Callable[[int, int | None], None]
"""Called with the images done and, where that is known, the images in all."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def convert(
    src: str | os.PathLike[str],
    dst: str | os.PathLike[str],
    *,
    to: str,
    from_: str | None = None,
    jobs: int | None = None,
    rule: RasterRule = "coco",
    on_error: OnError = "raise",
    images: str | os.PathLike[str] | None = None,
    size: tuple[int, int] | None = None,
    strict: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Report:
    """Convert a dataset from one format to another.

    Parameters
    ----------
    src : path
        File or folder of the dataset.
    dst : path
        File or folder to make, whichever ``to`` asks for; missing folders are made.
    to : str
        Name of the format to write; `format_names` lists them.
    from_ : str, optional
        Format to read; by default it is recognised.
    jobs : int, optional
        Threads; default: as many as `maskmill.thread_count` says. The output does not depend
        on it.
    rule : {"coco", "center"}
        How polygons become pixels, see `maskmill.rasterize`.
    on_error : {"raise", "skip"}
        What to do with a bad record: raise a `FormatError`, or leave it out and list it in the
        report. A file that breaks off, and two images with one output name, are always errors.
    images : path, optional
        Folder of the pictures, whose headers give the sizes that the annotations do not state.
    size : (height, width), optional
        Of pictures whose size is stated nowhere.
    strict : bool
        Raise a `FormatError` at the first loss; the files that hold the whole dataset are then
        not written. What the report notes without a change of the data is no loss.
    overwrite : bool
        Replace what is at ``dst``; files in a folder that the output does not have stay.
    progress : callable, optional
        Called with the number of images done and the number in all, or None.
    **options
        What the format to write understands: ``order``, ``crowd``, ``labels``, ``background``,
        ``void``; see its class in ``maskmill.datasets.formats``.

    Returns
    -------
    Report
        Also written as ``report.json`` into a folder, or as ``<name>.report.json`` beside a file.

    Raises
    ------
    FormatError
        If the source cannot be read, or holds what cannot be written.
    FileExistsError
        If there is something at ``dst`` and ``overwrite`` is not set.
    ValueError
        If a format, rule or option is not known.

    Notes
    -----
    Images are read, turned into pixels and written a few at a time, so that memory grows with the
    index of the source only. Every file gets its name when it is whole; after an error or an
    interrupt no file is half there, and the ones that hold the whole dataset are not there at all.

    Examples
    --------
    >>> report = convert("examples/countries/countries.json", "maps", to="semantic-png")
    >>> report.complete, report.images, report.instances
    (True, 4, 313)
    """
    start = perf_counter()
    check_choice("convert", "rule", rule, RASTER_RULES)
    reading = read_options("convert", on_error, images, size)
    workers = thread_count() if jobs is None else jobs
    if workers < 1:
        raise ValueError(f"convert: jobs must be at least 1, got {jobs}. Pass a number of threads.")
    source, target = Path(src), Path(dst)
    target_format = get_format(to)
    chosen = _options(target_format, {"rule": rule, **options})
    source_format = detect(source) if from_ is None else get_format(from_)
    _check_target(source, target, target_format, overwrite)

    dataset = source_format.read(source, reading)
    report = Report(str(source), str(target), source_format.name, target_format.name, rule)
    report.skipped.extend(dataset.skipped)
    suffix = target_format.image_suffix
    names = None if suffix is None else _NameCheck(Names(suffix), str(source), on_error)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _naming(source), target_format.write(target, dataset.header, chosen) as writer:

        def work(numbered: tuple[int, Callable[[], Shard]]) -> _Done:
            return _encode(writer, names, *numbered)

        with closing(_in_order(work, enumerate(dataset.loaders), workers)) as results:
            for done in results:
                writer.append(done.piece)
                report.images += done.images
                report.instances += done.instances
                report.skipped.extend(done.skipped)
                report.losses.merge(done.losses)
                if strict:
                    report.losses.forbid()
                if progress is not None:
                    progress(report.images, dataset.n_images)
    report.skipped.sort(key=Skipped.order)
    write_atomically(_report_path(target, target_format), report.to_json())
    report.seconds = perf_counter() - start
    return report


@contextmanager
def _naming(source: Path) -> Iterator[None]:
    """Name the source in errors that tell of its records and do not know it."""
    try:
        yield
    except FormatError as error:
        if error.file is not None:
            raise
        raise FormatError(error.problem, str(source), error.place, error.record) from error


class _Done(NamedTuple):
    """What is left of a shard when its work is done."""

    piece: Any
    images: int
    instances: int
    skipped: list[Skipped]
    losses: Losses


def _encode(
    writer: Writer[Any], names: _NameCheck | None, number: int, load: Callable[[], Shard]
) -> _Done:
    with threads(1):  # the shards are spread over threads; inside one there is nothing to gain
        shard = load()
        skipped = list(shard.skipped)
        if names is not None:
            shard = names.check(shard, number, skipped)
        losses = Losses()
        piece = writer.encode(shard, losses)
    return _Done(piece, len(shard.images), len(shard.instances), skipped, losses)


class _NameCheck:
    """Leaves out images whose name does not give a file in the output."""

    def __init__(self, names: Names, source: str, on_error: OnError) -> None:
        self._names = names
        self._source = source
        self._on_error = on_error

    def check(self, shard: Shard, number: int, skipped: list[Skipped]) -> Shard:
        images = shard.images
        kept = []
        for g, name in enumerate(images.file_names):
            try:
                self._names.take(name, (number, g))
            except FormatError as error:
                named = FormatError(error.problem, self._source, images.places[g], images.ids[g])
                if self._on_error == "raise" or isinstance(error, NameTakenError):
                    raise named from None
                skipped.append(Skipped.from_error(named))
            else:
                kept.append(g)
        return shard if len(kept) == len(images) else shard.of_images(np.array(kept, np.int64))


def _in_order(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Generator[Result, None, None]:
    """Map in threads; results come in order, and at most two an idle thread wait."""
    if jobs == 1:
        yield from map(function, items)
        return
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="maskmill")
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _options(target_format: Format[Any], given: dict[str, Any]) -> Options:
    known = [f.name for f in fields(target_format.options)]
    for name in given:
        if name not in known:
            raise ValueError(
                f"convert: options of {target_format.name} must be among {', '.join(known)}, got "
                f"{name!r}. Leave it out."
            )
    return target_format.options(**given)


def _check_target(source: Path, target: Path, target_format: Format[Any], overwrite: bool) -> None:
    what, remedy = target_format.target, "Pass overwrite=True (--overwrite) to replace it."
    if not target_format.writes():
        raise ValueError(f"convert: to must be a format to write, got {target_format.name!r}.")
    if what == "file" and target.is_dir():
        raise IsADirectoryError(
            f"{target}: {target_format.name} is one file. Name it, as in {target}/instances.json."
        )
    if what == "folder" and target.exists() and not target.is_dir():
        raise NotADirectoryError(f"{target}: {target_format.name} is a folder. Name a new one.")
    if target.exists() and source.exists() and target.samefile(source):
        raise FileExistsError(f"{target}: the source cannot be the target. Name another one.")
    if not overwrite and target.exists() and (what == "file" or any(target.iterdir())):
        raise FileExistsError(f"{target}: there is something already. {remedy}")


def _report_path(target: Path, target_format: Format[Any]) -> Path:
    if target_format.target == "folder":
        return target / "report.json"
    return target.with_name(f"{target.stem}.report.json")
