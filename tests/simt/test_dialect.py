"""The dialect gives what CUDA's programming guide says, compared with the same in Python."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simt import build
from tests.simt.faults import Faults
from tests.simt.test_executor import path_of

MASK = 0xFFFFFFFF
LANES = range(32)


@pytest.fixture(params=[1, 2])
def kernels(request: pytest.FixtureRequest) -> Faults:
    faults = Faults(path_of(build.usual_mode()))
    faults.configure(seed=request.param)
    return faults


def value(lane: int) -> int:
    return lane * 0x9E3779B9 & MASK


def mixed(results: list[int]) -> int:
    mix = 0
    for result in results:
        mix = (mix * 31 + result) & MASK
    return mix


def permuted(low: int, high: int, selector: int) -> int:
    octets = (high << 32 | low).to_bytes(8, "little")
    return int.from_bytes((octets[selector >> 4 * i & 7] for i in range(4)), "little")


def test_bits(kernels: Faults) -> None:
    def expected(lane: int) -> int:
        bits, following = value(lane), value(lane + 1)
        wide = bits << 32 | following
        return mixed(
            [
                bits.bit_count(),
                wide.bit_count(),
                (bits & -bits).bit_length(),
                (wide & -wide).bit_length(),
                32 - bits.bit_length(),
                64 - wide.bit_length(),
                int(f"{bits:032b}"[::-1], 2),
                wide << lane >> 32 & MASK,
                wide >> lane & MASK,
                permuted(bits, following, lane * 0x137 & 0x7777),
            ]
        )

    assert kernels.run("bits")[:32] == [expected(lane) for lane in LANES]


def test_warps(kernels: Faults) -> None:
    def inside(lane: int, source: int, width: int) -> int:
        return value(source if source // width == lane // width else lane)

    def expected(lane: int) -> int:
        return mixed(
            [
                value(5),
                value(lane // 8 * 8 + lane * 3 % 8),
                inside(lane, lane - 3, 32),
                inside(lane, lane - 3, 16),
                inside(lane, lane + 7, 32),
                inside(lane, lane + 2, 4),
                value(lane ^ 9),
                value(1),
                sum(1 << i for i in LANES if value(i) & 4),
                1,
                0,
                sum(map(value, LANES)) & MASK,
                sum(1 << i for i in LANES if i // 5 == lane // 5),
            ]
        )

    assert kernels.run("shuffles")[:32] == [expected(lane) for lane in LANES]


def test_barriers_that_vote(kernels: Faults) -> None:
    assert kernels.run("votes") == [22 * 10000 + 1000 + 10] * 64


def test_atomics(kernels: Faults) -> None:
    threads = range(3 * 64)

    def fold(function: Callable[[int, int], int]) -> int:
        result = 0
        for i in threads:
            result = function(result, i)
        return result

    words = kernels.run("atomics")[32:42]
    assert words == [
        sum(threads),
        fold(lambda a, i: a ^ value(i)),
        (1 << 20) - 1,
        191,
        -191 & MASK,
        0,
        0,
        191 << 1,
        0,
        2 * len(threads),
    ]


def test_product_of_bit_matrices(kernels: Faults) -> None:
    # Fragments as PTX lays them out for mma.m16n8k256: lane 4 g + t holds words t and t + 4 of
    # rows g and g + 8 and of column g, and the sums of columns 2 t and 2 t + 1 in its two rows.
    rows = [[0] * 8 for _ in range(16)]
    columns = [[0] * 8 for _ in range(8)]
    for lane in LANES:
        group, word = divmod(lane, 4)
        rows[group][word], rows[group + 8][word] = value(lane), value(lane + 32)
        rows[group][word + 4], rows[group + 8][word + 4] = value(lane + 64), value(lane + 96)
        columns[group][word], columns[group][word + 4] = value(lane + 128), value(lane + 160)

    def dot(row: int, column: int) -> int:
        return sum((a & b).bit_count() for a, b in zip(rows[row], columns[column], strict=True))

    def pair(row: int, lane: int) -> int:
        return dot(row, lane % 4 * 2) + dot(row, lane % 4 * 2 + 1)

    words = kernels.run("product")
    assert words[:32] == [pair(lane // 4, lane) for lane in LANES]
    assert words[32:] == [pair(lane // 4 + 8, lane) + 1000 for lane in LANES]


def test_copies_in_two_stages(kernels: Faults) -> None:
    def expected(lane: int) -> int:
        other = lane ^ 1
        if other == 5:
            return 0
        return value(4 * (other % 8)) + value(4 * ((other + 1) % 8) + 1) & MASK

    assert kernels.run("stages")[:32] == [expected(lane) for lane in LANES]


def test_dynamic_shared_memory(kernels: Faults) -> None:
    assert kernels.run("dynamic") == list(range(63, -1, -1))


def test_places_in_three_dimensions(kernels: Faults) -> None:
    words = kernels.run("places")
    assert words[32:] == [sum(LANES)] * 24 + [0] * 8
