"""Compiles the kernels and writes the C++ file that puts them, and their sources, into a module.

usage: kernels.py ROOT OUTPUT_FOLDER MODE [NVCC]

MODE is AUTO or ON. With an nvcc that works it compiles them, else with the NVRTC package of this
Python; with AUTO and neither of them the file holds the sources alone, which are compiled at run
time. AUTO leaves out sm_86 and sm_89, which run the code of sm_80, to save a third of the time.
Needs nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

MAIN = "kernels/all.cuh"
# One for each kind of processor; the code of one serves the later ones of its major number too.
ARCHITECTURES = (75, 80, 86, 89, 90, 100, 120)

Compile = Callable[[int], bytes]


def sources(root: Path) -> dict[str, str]:
    """Text of each kernel source by the name by which it is included."""
    folder = root / "csrc"
    paths = sorted(p for name in ("core", "kernels") for p in (folder / name).iterdir())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}


def digest(texts: dict[str, str]) -> str:
    """Content hash of the sources."""
    joined = "".join(f"{name}\0{text}\0" for name, text in texts.items())
    return hashlib.sha256(joined.encode()).hexdigest()


def nvcc_compiler(nvcc: str, root: Path, output: Path) -> tuple[Compile, set[int]]:
    """Compile with a toolkit; also the architectures that it knows."""
    listed = subprocess.run(
        [nvcc, "--list-gpu-code"], check=True, capture_output=True, text=True
    ).stdout
    known = {int(number) for number in re.findall(r"sm_(\d+)\b", listed)}
    start = output / "main.cu"
    start.write_text(f'#include "{MAIN}"\n')

    def compile_one(architecture: int) -> bytes:
        target = output / f"sm_{architecture}.nvcc.cubin"
        subprocess.run(
            [nvcc, "-std=c++17", "-fmad=false", "-cubin", f"-arch=sm_{architecture}",
             "-I", str(root / "csrc"), str(start), "-o", str(target)],
            check=True,
        )  # fmt: skip
        return target.read_bytes()

    return compile_one, known


def works(nvcc: str, output: Path) -> bool:
    """Tell whether a toolkit accepts the host's compiler, which many versions of it do not."""
    probe = output / "probe.cu"
    probe.write_text('extern "C" __global__ void probe() {}\n')
    done = subprocess.run(
        [nvcc, "-std=c++17", "-cubin", str(probe), "-o", str(output / "probe.cubin")],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        print(f"{nvcc} does not work here and is not used:\n{done.stdout}{done.stderr}")
    return done.returncode == 0


def nvrtc_libraries() -> list[Path]:
    """NVRTC of the packages beside this Python, newest first."""
    spec = find_spec("nvidia")
    folders = [Path(p) for p in spec.submodule_search_locations or ()] if spec else []
    patterns = ("cu[0-9]*/lib/libnvrtc.so.*", "cuda_nvrtc/lib/libnvrtc.so.*")
    return sorted(
        (
            path
            for folder in folders
            for pattern in patterns
            for path in folder.glob(pattern)
            if path.suffix[1:].isdigit()
        ),
        key=lambda path: -int(path.suffix[1:]),
    )


def nvrtc_compiler(library: Path, texts: dict[str, str]) -> tuple[Compile, set[int]]:
    """Compile with NVRTC; also the architectures that it knows."""
    nvrtc = ctypes.CDLL(str(library))

    def check(result: int, program: ctypes.c_void_p | None = None) -> None:
        if result == 0:
            return
        log = ""
        if program is not None:
            n = ctypes.c_size_t()
            nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(n))
            buffer = ctypes.create_string_buffer(n.value)
            nvrtc.nvrtcGetProgramLog(program, buffer)
            log = buffer.value.decode()
        raise SystemExit(f"{library}: NVRTC error {result}\n{log}")

    def compile_one(architecture: int) -> bytes:
        names = [name.encode() for name in texts]
        bodies = [text.encode() for text in texts.values()]
        array = ctypes.c_char_p * len(names)
        program = ctypes.c_void_p()
        check(
            nvrtc.nvrtcCreateProgram(
                ctypes.byref(program), texts[MAIN].encode(), MAIN.encode(), len(names),
                array(*bodies), array(*names),
            )
        )  # fmt: skip
        options = (f"--gpu-architecture=sm_{architecture}", "--std=c++17", "--fmad=false")
        given = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        check(nvrtc.nvrtcCompileProgram(program, len(options), given), program)
        n = ctypes.c_size_t()
        check(nvrtc.nvrtcGetCUBINSize(program, ctypes.byref(n)))
        code = ctypes.create_string_buffer(n.value)
        check(nvrtc.nvrtcGetCUBIN(program, code))
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
        return code.raw

    n = ctypes.c_int()
    check(nvrtc.nvrtcGetNumSupportedArchs(ctypes.byref(n)))
    known = (ctypes.c_int * n.value)()
    check(nvrtc.nvrtcGetSupportedArchs(known))
    return compile_one, set(known)


def compile_all(
    mode: str, root: Path, output: Path, nvcc: str, texts: dict[str, str]
) -> tuple[dict[int, bytes], str]:
    """Code of each architecture, and what made it."""
    if nvcc and works(nvcc, output):
        compiler, known = nvcc_compiler(nvcc, root, output)
        made_by = nvcc
    else:
        libraries = nvrtc_libraries()
        if not libraries:
            if mode == "ON":
                raise SystemExit(
                    "MASKMILL_CUDA=ON needs an nvcc that works, or the package nvidia-cuda-nvrtc "
                    f"in the Python that builds ({sys.executable})"
                )
            return {}, "nothing: neither nvcc nor the package nvidia-cuda-nvrtc found"
        compiler, known = nvrtc_compiler(libraries[0], texts)
        made_by = str(libraries[0])
    wanted = [number for number in ARCHITECTURES if number in known]
    if mode == "AUTO":
        wanted = [number for number in wanted if number not in (86, 89)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(wanted, pool.map(compiler, wanted), strict=True)), made_by


def written(output: Path, name: str, content: bytes) -> Path:
    """Path of a file with this content and a zero byte after it."""
    path = output / name
    path.write_bytes(content + b"\0")
    return path


def embed(symbol: str, path: Path) -> str:
    """Assembler text that puts a file into the module."""
    lines = (
        ".section .rodata", ".balign 64", f".local {symbol}", f"{symbol}:",
        f'.incbin \\"{path.as_posix()}\\"', ".previous",
    )  # fmt: skip
    return f'asm("{chr(92)}n{(chr(92) + "n").join(lines)}{chr(92)}n");\n'


def main(root: Path, output: Path, mode: str, nvcc: str) -> None:
    """Write embedded_kernels.cpp and what it includes."""
    output.mkdir(parents=True, exist_ok=True)
    texts = sources(root)
    code, made_by = compile_all(mode, root, output, nvcc, texts)
    print(f"kernels for {', '.join(f'sm_{n}' for n in code) or 'no architecture'}, by {made_by}")
    text = '#include "bindings/cuda/embedded_kernels.h"\n\n'
    for number, image in code.items():
        text += embed(f"maskmill_code_{number}", written(output, f"sm_{number}.cubin", image))
        text += f'extern "C" const unsigned char maskmill_code_{number}[];\n'
    for i, (name, source) in enumerate(texts.items()):
        path = written(output, name.replace("/", "-") + ".txt", source.encode())
        text += embed(f"maskmill_source_{i}", path)
        text += f'extern "C" const char maskmill_source_{i}[];\n'
    text += "\nnamespace maskmill::gpu {\n\n"
    text += f'const char* kernel_hash() {{ return "{digest(texts)}"; }}\n\n'
    text += "std::vector<KernelImage> compiled_kernels() {\n  return {"
    text += ", ".join(f"{{{n}, maskmill_code_{n}, {len(image)}}}" for n, image in code.items())
    text += "};\n}\n\nstd::vector<KernelSource> kernel_sources() {\n  return {"
    text += ", ".join(f'{{"{name}", maskmill_source_{i}}}' for i, name in enumerate(texts))
    text += "};\n}\n\n}  // namespace maskmill::gpu\n"
    (output / "embedded_kernels.cpp").write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4] if sys.argv[4:] else "")
