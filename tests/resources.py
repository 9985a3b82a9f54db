"""What each kernel uses of a device, read from the ELF sections of its code: needs NVRTC alone.

``python -m tests.resources`` records it in benchmarks/results/kernels.
"""

from __future__ import annotations

import json
import struct
import sys
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

from tests.repository import ROOT

RECORD = ROOT / "benchmarks" / "results" / "kernels" / "resources.json"

# Attributes of .nv.info and .nv.info.<kernel>; the layout is (format, attribute, 16 bits, ...).
_FRAME_SIZE = 0x11  # of .nv.info: symbol and bytes of local memory a thread
_REGISTERS = 0x2F  # symbol and registers a thread
_SIZED = 0x04  # the format of both


def build_script() -> Any:
    """cmake/kernels.py, which compiles kernels for builds."""
    spec = spec_from_file_location("build_kernels", ROOT / "cmake" / "kernels.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _sections(elf: bytes) -> list[tuple[str, int, bytes]]:
    """Name, size and content of every section of a 64-bit ELF file."""
    assert elf[:5] == b"\x7fELF\x02"
    offset = struct.unpack_from("<Q", elf, 0x28)[0]
    entry, count, names_at = struct.unpack_from("<HHH", elf, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", elf, offset + i * entry) for i in range(count)]
    names = elf[headers[names_at][4] :]
    found = []
    for name, kind, _, _, start, size, _, _, _, _ in headers:
        content = b"" if kind == 8 else elf[start : start + size]  # 8: occupies no file space
        found.append((names[name : names.index(b"\0", name)].decode(), size, content))
    return found


def resources(cubin: bytes) -> dict[str, dict[str, int]]:
    """Registers a thread, bytes of local memory a thread (spills and stack) and shared memory."""
    sections = _sections(cubin)
    by_name = {name: content for name, _, content in sections}
    symbols, strings = by_name[".symtab"], by_name[".strtab"]
    symbol_names = []
    for at in range(0, len(symbols), 24):
        name = struct.unpack_from("<I", symbols, at)[0]
        symbol_names.append(strings[name : strings.index(b"\0", name)].decode())
    numbers = _attributes(by_name[".nv.info"], symbol_names)
    shared = {
        name.removeprefix(".nv.shared."): size
        for name, size, _ in sections
        if name.startswith(".nv.shared.")
    }
    kernels = [name.removeprefix(".text.") for name in by_name if name.startswith(".text.")]
    return {
        kernel: {
            "registers": numbers[_REGISTERS, kernel],
            "local_bytes": numbers[_FRAME_SIZE, kernel],
            "shared_bytes": shared.get(kernel, 0),
        }
        for kernel in kernels
    }


def _attributes(info: bytes, symbols: list[str]) -> dict[tuple[int, str], int]:
    """Numbers by attribute and symbol."""
    found = {}
    at = 0
    while at < len(info):
        layout, attribute, n_bytes = struct.unpack_from("<BBH", info, at)
        at += 4
        if layout == _SIZED:
            if attribute in (_FRAME_SIZE, _REGISTERS):
                symbol, number = struct.unpack_from("<II", info, at)
                found[attribute, symbols[symbol]] = number
            at += n_bytes
    return found


if __name__ == "__main__":
    build = build_script()
    libraries = build.nvrtc_libraries()
    if not libraries:
        sys.exit("NVRTC is not installed: pip install nvidia-cuda-nvrtc-cu12")
    compiler, _ = build.nvrtc_compiler(libraries[0], build.sources(ROOT))
    record = {
        "compiler": libraries[0].name,
        "kernels": {f"sm_{n}": resources(compiler(n)) for n in build.ARCHITECTURES},
    }
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
