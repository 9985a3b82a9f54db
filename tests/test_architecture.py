"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskmill.backend.contract import Backend
from tests.repository import PACKAGE, ROOT, files, imports, sources

CSRC = ROOT / "csrc"

# Modules of which a public operation is made; the others in ops/ serve them.
OPERATIONS = (
    "boundary",
    "combine",
    "components",
    "decode",
    "encode",
    "iou",
    "label_map",
    "measure",
    "rasterize",
    "strings",
    "trace",
    "transform",
)
# Without arithmetic of their own that a device could share.
NO_CORE = {"decode", "encode"}

LONGEST = 300
# Why each of these is one file all the same.
LONG = {
    "csrc/cpu/segmentation_parser.cpp": "one grammar",
    "src/maskmill/ops/transform.py": "six functions of one kind, and their docs",
    "src/maskmill/ops/label_map.py": "two functions that are each other's inverse, and their docs",
}


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def imported(folder: str) -> set[tuple[str, str]]:
    return {(p.relative_to(PACKAGE).as_posix(), n) for p in sources(folder) for n in imports(p)}


def importers(module: str) -> set[str]:
    return {file for file, name in imported("") if f"{name}.".startswith(f"{module}.")}


def test_only_the_dispatcher_knows_that_there_are_several_backends() -> None:
    assert importers("maskmill.backend.native") == {"backend/dispatch.py", "backend/gpu.py"}
    assert importers("maskmill._core") == {"backend/native.py"}
    assert importers("maskmill._gpu") == {"backend/cuda.py", "backend/kernels.py"}
    outside = {f for f in importers("maskmill.backend.program") if "backend/program/" not in f}
    # The kernels find bad records; the array program says what is wrong with one.
    assert outside == {"backend/dispatch.py", "backend/gpu.py", "backend/on_cupy.py"}


def test_the_array_program_is_numpy_over_the_data_model() -> None:
    allowed = ("ragged", "masks", "polygons", "structure", "errors")
    layer = ("backend.arrays", "backend.contract", "backend.program")
    known = tuple(f"maskmill.{name}." for name in allowed + layer)
    foreign = {
        (file, name)
        for file, name in imported("backend/program")
        if name.split(".")[0] not in {*sys.stdlib_module_names, "numpy"}
        and not f"{name}.".startswith(known)
    }
    assert foreign == set()


def test_a_module_that_loads_at_first_use_loads_under_the_lock() -> None:
    # Else a child forked at that moment waits for ever. Commands run in the main thread.
    def late(node: ast.AST, held: bool, inside: bool) -> Iterator[int]:
        if isinstance(node, ast.With):
            held = held or any(ast.unparse(item) == "loading" for item in node.items)
        elif isinstance(node, ast.FunctionDef):
            inside = True
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and inside and not held:
            yield node.lineno
        for child in ast.iter_child_nodes(node):
            yield from late(child, held, inside)

    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sources("")
        if path.relative_to(PACKAGE).parts[0] != "cli"
        for line in late(ast.parse(path.read_text()), False, False)
    ]
    assert found == []


def test_layers_import_downwards_only() -> None:
    # From the top to the bottom; a module may import from its own layer and from lower ones.
    layers = ["cli", "compat", "metrics", "datasets", "ops", "backend"]
    rank = {name: i for i, name in enumerate(layers)}
    upward = {
        (file, name)
        for file, name in imported("")
        if (own := rank.get(file.split("/")[0])) is not None
        and name.startswith("maskmill.")
        and rank.get(name.split(".")[1], len(layers)) < own
    }
    assert upward == set()


def test_operations_call_the_contract_and_no_implementation() -> None:
    backends = {name for _, name in imported("ops") if name.startswith("maskmill.backend.")}
    modules = {name.split(".")[2] for name in backends}
    assert modules <= {"arrays", "contract", "dispatch", "doors"}


def includes(path: Path) -> list[str]:
    return re.findall(r'^#include [<"]([^>"]+)[>"]', path.read_text("utf-8"), re.MULTILINE)


def test_core_headers_stand_alone() -> None:
    headers = sorted((CSRC / "core").iterdir())
    assert headers
    for header in headers:
        assert header.suffix == ".h"
        foreign = [name for name in includes(header) if not name.startswith("core/")]
        assert foreign == [], header
        text = re.sub(r"//.*", "", header.read_text("utf-8"))
        assert "std::" not in text, f"{header}: host and device share this; they share no library"


def test_kernels_and_their_drivers_know_no_python_and_no_toolkit() -> None:
    for path in sorted([*(CSRC / "kernels").iterdir(), *(CSRC / "gpu").iterdir()]):
        own = {name for name in includes(path) if "/" in name}
        assert all(name.startswith(("core/", "kernels/", "gpu/")) for name in own), path
        assert not {"Python.h", "cuda.h", "nvrtc.h", "cuda_runtime.h"} & set(includes(path)), path


def test_threaded_loops_know_no_python() -> None:
    for path in sorted((CSRC / "cpu").iterdir()):
        own = [name for name in includes(path) if "/" in name]
        assert all(name.startswith(("core/", "cpu/", "sys/")) for name in own), path
        assert "Python.h" not in includes(path), path


def test_an_operation_has_its_file_in_every_layer() -> None:
    missing = [
        path
        for op in OPERATIONS
        for path in (
            f"src/maskmill/ops/{op}.py",
            f"src/maskmill/backend/program/{op}.py",
            f"csrc/core/{op}.h",
            f"csrc/cpu/{op}.h",
            f"csrc/cpu/{op}.cpp",
            f"csrc/bindings/{op}.cpp",
            f"tests/test_{op}.py",
        )
        if not (ROOT / path).exists() and not (path.startswith("csrc/core") and op in NO_CORE)
    ]
    assert missing == []


def test_both_backends_implement_the_whole_contract() -> None:
    from maskmill.backend.native import Native
    from maskmill.backend.program import Program

    wanted = {name for name in vars(Backend) if not name.startswith("_")}
    for backend in (Program, Native):
        assert {name for name in vars(backend) if not name.startswith("_")} == wanted


def test_no_file_is_long_without_a_reason() -> None:
    # The tests of one subject stay together.
    code = [
        p for p in files(".py", ".pyi", ".h", ".cpp", ".cuh") if ROOT / "tests" not in p.parents
    ]
    assert code
    long = [p for p in code if len(p.read_text("utf-8").splitlines()) > LONGEST]
    assert set(names(long)) == set(LONG)


def test_no_file_is_large() -> None:
    large = [path for path in files() if path.stat().st_size > 3_000_000]
    assert names(large) == []


MACHINE = re.compile(
    r"(?<![\w.])/(?:root|work|home|Users|mnt|opt)/|\.pyenv\b|\bpypi\.org\b|\bpythonhosted\b|\blocalhost\b"
)


def test_the_text_names_no_machine() -> None:
    found = []
    for path in files():
        if path == Path(__file__).resolve():
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # pictures
        found += [f"{path.relative_to(ROOT)}: {m.group()}" for m in MACHINE.finditer(text)]
    assert found == []


def run(code: str) -> object:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)


HEAVY = ["numpy", "torch", "cupy", "PIL", "msgspec", "click", "rich", "pyarrow", "skimage"]


def test_importing_maskmill_imports_no_array_library_and_starts_no_thread() -> None:
    found = run(
        "import json, os, sys, threading, maskmill\n"
        f"heavy = sorted(set({HEAVY}) & set(sys.modules))\n"
        "tasks = len(os.listdir('/proc/self/task')) if os.path.isdir('/proc/self/task') else 1\n"
        "print(json.dumps([heavy, threading.active_count(), tasks]))"
    )
    assert found == [[], 1, 1]


def test_the_data_model_imports_numpy_and_no_more() -> None:
    found = run(
        "import json, sys\n"
        "from maskmill import Masks, Polygons, backends\n"
        "backends()\n"
        f"print(json.dumps(sorted(set({HEAVY}) & set(sys.modules))))"
    )
    assert found == ["numpy"]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads through /proc")
def test_threads_start_with_the_first_call_that_needs_them() -> None:
    found = run(
        "import json, os\n"
        "os.environ['OPENBLAS_NUM_THREADS'] = '1'\n"
        "import numpy as np, maskmill\n"
        "count = lambda: len(os.listdir('/proc/self/task'))\n"
        "seen = [count()]\n"
        "dense = np.zeros((64, 512, 512), bool)\n"
        "dense[:, 1::2] = True\n"
        "for n in (1, 3):\n"
        "    with maskmill.threads(n):\n"
        "        maskmill.encode(dense)\n"
        "    seen.append(count())\n"
        "print(json.dumps(seen))"
    )
    assert found == [1, 1, 3]


@pytest.mark.parametrize("package", ["maskmill", "maskmill.datasets"])
def test_no_public_name_is_that_of_a_module_beside_it(package: str) -> None:
    # Python sets a module as an attribute of its package, in place of the name loaded on demand.
    folder = PACKAGE.parent / Path(*package.split("."))
    modules = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert modules & set(importlib.import_module(package).__all__) == set()
