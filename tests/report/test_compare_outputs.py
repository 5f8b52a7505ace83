"""A comparison as annotations of a workflow and as a table on a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from tests.fixtures.folders import bright_square, make_folders

from blip2idc.comparison.outcome import CompareSettings, Comparison, Entry
from blip2idc.comparison.run import compare
from blip2idc.report.annotations import github_annotations
from blip2idc.report.terminal import print_table


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folders = make_folders(tmp_path_factory.mktemp("folders"))
    return compare(*folders, CompareSettings(), bright_square)


def test_annotations(comparison: Comparison) -> None:
    lines = github_annotations(comparison, comparison.before.parent)
    assert len(lines) == 14
    assert all(line.startswith("::error file=") for line in lines)
    assert lines[0].startswith(
        "::error file=b/pages & parts/ü 097.png,title=error%3A pages & parts/ü 097.png::"
    )
    assert lines[1] == (
        "::error file=b/000.png,title=changed%3A 000.png::a bright square appeared; 1 place changed; "
        "probability of change 90%25; 64 of 768 pixels differ (8.33 %25, both 32x24)"
    )
    assert "file=a/gone.png" in lines[-1]


def test_a_name_cannot_add_a_command(tmp_path: Path) -> None:
    name = "x\n::error::forged\x1b[31m,a:b.png"
    entry = Entry(name, "removed", "only in the first folder", files=(tmp_path / name, None))
    (line,) = github_annotations(Comparison(tmp_path, tmp_path, (entry,), CompareSettings()), tmp_path)
    assert "\n" not in line
    assert "\x1b" not in line
    assert line.startswith("::error file=x%0A%3A%3Aerror%3A%3Aforged\\u001b[31m%2Ca%3Ab.png,title=")


def test_the_table(comparison: Comparison) -> None:
    written = io.StringIO()
    print_table(comparison, Console(file=written, width=100))
    rows = written.getvalue().splitlines()
    assert len(rows) >= 15
    assert rows[1].startswith("error")
    changed = next(row for row in rows if row.startswith("changed"))
    assert "000.png" in changed
    assert "a bright square appeared" in changed
    assert "8.33 %" in changed
    assert changed.rstrip().endswith("90%")


def test_nothing_to_tell_is_no_table(tmp_path: Path) -> None:
    written = io.StringIO()
    print_table(Comparison(tmp_path, tmp_path, (), CompareSettings()), Console(file=written))
    assert written.getvalue() == ""
