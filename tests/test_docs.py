"""The pages: their examples run, their links lead somewhere, their commands are those of CI."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from tests.repository import ROOT

PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/README.md")])


def names(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[tuple[int, str]]:
    """Fenced blocks of a page, with the number of their first line."""
    text = page.read_text("utf-8")
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, m.start()) + 1, m.group(1)) for m in found]


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_python_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The blocks of a page are one session, in a folder where the examples lie as in the checkout.
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    session: dict[str, object] = {}
    for line, block in blocks(page, "python"):
        if ">>>" in block:
            parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
            test = parser.get_doctest(block, session, names(page), str(page), line)
            failed, tried = runner.run(test, clear_globs=False)
            assert tried
            assert not failed
            session.update(test.globs)
        else:
            exec(compile(block, f"{names(page)}:{line}", "exec"), session)


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target.split("#")[0]).exists(), target


def test_the_readme_has_two_commands() -> None:
    commands = [block.strip() for _, block in blocks(ROOT / "README.md", "bash")]
    install, test = commands
    assert "pip install ." in install
    assert "maskmill convert examples/" in install
    assert "pytest" in test
    assert not any("\n" in command for command in commands), "one command each"


def test_ci_runs_the_commands_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    if not script.exists():
        pytest.skip("the source archive has no checks of its own")
    assert re.findall(r"^readme \d$", script.read_text("utf-8"), re.MULTILINE) == [
        "readme 1",
        "readme 2",
    ]
