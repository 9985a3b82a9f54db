"""The stubs of the extension say what the extension says of itself."""

from __future__ import annotations

import ast
import re
from importlib.resources import files

import numpy as np
import pytest

from maskmill import _core


def declared() -> dict[str, list[str]]:
    """Functions of the stubs and the names of their arguments."""
    text = files("maskmill").joinpath("_core.pyi").read_text("utf-8")
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    return {f.name: [a.arg for a in f.args.args] for f in functions}


def signatures(function: object) -> list[str]:
    """Signatures that pybind11 writes into the docstring."""
    lines = (function.__doc__ or "").splitlines()
    return [line for line in lines if re.match(r"(\d+\. )?\w+\(.*\) -> ", line)]


def parsed(signature: str) -> ast.FunctionDef:
    node = ast.parse(f"def {signature}: ...").body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


FUNCTIONS = [name for name in dir(_core) if not name.startswith("__")]
# The others tell tests how an operation goes about its work.
OPERATIONS = [name for name, arguments in declared().items() if "threads" in arguments]


def test_the_stubs_declare_every_function_and_no_other() -> None:
    assert sorted(declared()) == sorted(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_have_the_same_names_in_the_same_order(name: str) -> None:
    own = signatures(getattr(_core, name))
    assert len(own) == 1, "no overloads: one function, one signature"
    assert [a.arg for a in parsed(own[0]).args.args] == declared()[name]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arrays_are_refused_rather_than_converted(name: str) -> None:
    # pybind11 writes ArrayLike for an array that it would convert, which would be an unseen copy.
    assert "ArrayLike" not in ast.unparse(parsed(signatures(getattr(_core, name))[0]).args)


@pytest.mark.parametrize("name", OPERATIONS)
def test_wrong_kinds_are_a_type_error(name: str) -> None:
    for wrong in (None, 1, "x", [1, 2], np.zeros(3, np.float32), np.zeros((2, 2), np.complex128)):
        with pytest.raises(TypeError):
            getattr(_core, name)(*[wrong] * len(declared()[name]))
