"""The exceptions that maskmill raises.

Wrong kinds (types, dtypes, libraries, devices) raise `TypeError` and wrong shapes or values
`ValueError`, as everywhere in Python; this module adds the names for what is particular to masks.
Every message follows one template::

    <function>: <argument> must <requirement>, got <what>. <remedy>
"""

from __future__ import annotations

__all__ = [
    "BackendUnavailableError",
    "FormatError",
    "InvalidMaskError",
    "InvalidPolygonError",
    "MaskmillError",
]


class MaskmillError(Exception):
    """Base of the exceptions that only maskmill raises."""


class InvalidMaskError(MaskmillError, ValueError):
    """A mask breaks a rule of the run-length structure; the message names its index."""


class InvalidPolygonError(MaskmillError, ValueError):
    """A polygon breaks a rule of the coordinate structure; the message names its index."""


class BackendUnavailableError(MaskmillError, RuntimeError):
    """The backend that was asked for cannot run here; the message says why."""


class FormatError(MaskmillError, ValueError):
    """A dataset file cannot be read; the message names the file, the place and the record.

    Parameters
    ----------
    problem : str
        What is wrong, and what to do about it.
    file : str, optional
    place : str, optional
        Where in the file: a JSON pointer such as ``/annotations/17/bbox``, or a line.
    record : int or str, optional
        The id of the record.
    """

    def __init__(
        self,
        problem: str,
        file: str | None = None,
        place: str | None = None,
        record: int | str | None = None,
    ) -> None:
        super().__init__(problem, file, place, record)
        self.problem = problem
        self.file = file
        self.place = place
        self.record = record

    def __str__(self) -> str:
        named = f"id {self.record!r}" if self.record is not None else ""
        where = " ".join(
            filter(None, [self.place, f"({named})" if self.place and named else named])
        )
        return ": ".join(filter(None, [self.file, where, self.problem]))


class StructureError(MaskmillError, ValueError):
    """What a backend reports about one bad record, before a public function words it.

    Parameters
    ----------
    record : int
        Index of the first bad record of the batch.
    requirement : str
        What the record must be, as in "cover height*width pixels".
    got : str
        What it was.
    """

    def __init__(self, record: int, requirement: str, got: str) -> None:
        super().__init__(record, requirement, got)
        self.record = record
        self.requirement = requirement
        self.got = got

    def __str__(self) -> str:
        return f"record {self.record} must {self.requirement}, got {self.got}"
