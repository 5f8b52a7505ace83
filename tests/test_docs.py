"""The documentation is what the code says: generated pages are fresh, links and file names lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def test_generated_pages_are_fresh() -> None:
    """Fails when ``--help`` or a module's docstring changed and ``make docs`` was not run."""
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_stale_page_is_noticed(tmp_path: Path) -> None:
    """Not vacuous: the same program, beside a page that differs, exits with 1 and names the page."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "src").symlink_to(ROOT / "src")
    program = tmp_path / "docs" / "generate.py"
    program.write_text((ROOT / "docs" / "generate.py").read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, str(program), "commands.md", "modules.md"]
    assert subprocess.run(command).returncode == 0
    page = tmp_path / "docs" / "commands.md"
    assert subprocess.run([*command, "--check"]).returncode == 0
    page.write_text(page.read_text(encoding="utf-8").replace("Usage", "Use"), encoding="utf-8")
    done = subprocess.run([*command, "--check"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "error: not up to date: commands.md; run: make docs\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_there_are_pages() -> None:
    assert {"README.md", "CONTRIBUTING.md", "docs/commands.md", "docs/architecture.md"} <= {
        page.relative_to(ROOT).as_posix() for page in PAGES
    }
