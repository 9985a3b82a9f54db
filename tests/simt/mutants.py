"""Faults put into the text of kernels, one a mutant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CALL = re.compile(
    r"\b(?P<name>__syncthreads|__syncwarp|store_release|copy_async_wait<\d+>"
    r"|atomic(?:Add|Or|Xor|And|Min|Max|Exch|CAS)|__shfl(?:_up|_down|_xor)?_sync)\s*\("
)
HALF_MASK = "half mask"
PLAIN = {
    "atomicAdd": "old + {value}",
    "atomicOr": "old | {value}",
    "atomicXor": "old ^ {value}",
    "atomicAnd": "old & {value}",
    "atomicMin": "{value} < old ? {value} : old",
    "atomicMax": "old < {value} ? {value} : old",
    "atomicExch": "{value}",
    "atomicCAS": "old == {expected} ? {value} : old",
}
FUNCTION = re.compile(
    r"MASKMILL_(?:KERNEL|DEVICE)\s+(?:MASKMILL_BOUNDS\([^)]*\)\s+)?[\w:<>\s&*,]*?\b(\w+)\s*\("
)
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    file: str
    line: int
    function: str
    fault: str
    number: int  # of this fault in the function, from 1
    source: str  # of the whole file

    @property
    def site(self) -> tuple[str, str, str, int]:
        """What names it while lines come and go."""
        return self.file, self.function, self.fault, self.number

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.function}: {self.fault} {self.number}"


def _arguments(source: str, start: int) -> tuple[list[str], int]:
    """Split the arguments of a call whose parenthesis opens before ``start``; and its end."""
    arguments, depth, begin = [], 0, start
    for at in range(start, len(source)):
        char = source[at]
        if char in "([{":
            depth += 1
        elif char in ")]}" and depth:
            depth -= 1
        elif char in ",)" and depth == 0:
            arguments.append(source[begin:at].strip())
            begin = at + 1
            if char == ")":
                return [argument for argument in arguments if argument], at + 1
    raise ValueError("a call that does not end")


def _replacement(name: str, arguments: list[str]) -> tuple[str, str]:
    """Name the fault, and give what the call becomes."""
    if name.startswith("copy_async_wait"):
        return "no wait", "((void)0)"
    if name.startswith("__sync"):
        return f"no {name}", "((void)0)"
    if name == "store_release":
        return "plain store", "(*({}) = ({}))".format(*arguments)
    if name.startswith("__shfl"):
        return HALF_MASK, f"{name}(0xffffU & ({arguments[0]}), {', '.join(arguments[1:])})"
    values = {"value": f"static_cast<decltype(old)>({arguments[-1]})"}
    if name == "atomicCAS":
        values["expected"] = f"static_cast<decltype(old)>({arguments[1]})"
    # The two accesses are apart in time, as on a device.
    body = f"auto* p = {arguments[0]}; auto old = *p; *p = {PLAIN[name].format(**values)};"
    return f"plain {name}", f"([&] {{ {body} return old; }}())"


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file, in the order of its text; of its shuffles, only the first."""
    source = path.read_text("utf-8")
    # Blanked, not removed: places stay places.
    code = COMMENT_OR_STRING.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)
    counts: Counter[tuple[str, str]] = Counter()
    for match in CALL.finditer(code):
        arguments, end = _arguments(code, match.end())
        fault, call = _replacement(match["name"], arguments)
        functions = FUNCTION.findall(code, 0, match.start())
        function = functions[-1] if functions else ""
        if fault == HALF_MASK and any(known == HALF_MASK for _, known in counts):
            continue
        counts[function, fault] += 1
        yield Mutant(
            file=path.name,
            line=source.count("\n", 0, match.start()) + 1,
            function=function,
            fault=fault,
            number=counts[function, fault],
            source=source[: match.start()] + call + source[end:],
        )
