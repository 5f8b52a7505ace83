"""The git recipes of docs/guide-git-diff.md, run as they are written there, in a repository of their own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.fixtures.checkpoints import opt_checkpoint

__all__ = ["opt_checkpoint"]
GUIDE = Path(__file__).parents[1] / "docs" / "guide-git-diff.md"


class Repository:
    """A repository with one commit, and a `blip2idc` on the path: a random model, and the engine that starts sooner."""

    def __init__(self, folder: Path, checkpoint: Path) -> None:
        self.folder = folder / "repository"
        self.folder.mkdir()
        programs = folder / "bin"
        programs.mkdir()
        command = f'exec {shlex.quote(sys.executable)} -m blip2idc "$@" --engine onnx --model {checkpoint}\n'
        (programs / "blip2idc").write_text("#!/bin/sh\n" + command)
        (programs / "blip2idc").chmod(0o755)
        self.environment = {
            **os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_PAGER": "cat", "TMPDIR": str(folder),
        }  # fmt: skip
        self.shell("git init -q . && git config user.email a@example.org && git config user.name A")

    def shell(self, command: str) -> str:
        return subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def paint(self, name: str, colour: str) -> None:
        Image.new("RGB", (40, 30), colour).save(self.folder / name)


@pytest.fixture
def repository(tmp_path: Path, opt_checkpoint: Path) -> Repository:
    found = Repository(tmp_path, opt_checkpoint)
    guide = GUIDE.read_text(encoding="utf-8")
    attributes = re.search(r"```\n(\*\.png.*?)```", guide, re.DOTALL)
    assert attributes is not None
    (found.folder / ".gitattributes").write_text(attributes[1])
    found.paint("a shelf.png", "red")
    found.paint("gone.png", "red")
    found.shell("git add . && git commit -qm first")
    for line in re.findall(r"^git config .*$", guide, re.MULTILINE):
        found.shell(line)
    return found


def test_git_diff_prints_the_caption(repository: Repository) -> None:
    repository.paint("a shelf.png", "blue")
    repository.paint("new.png", "blue")
    (repository.folder / "gone.png").unlink()
    repository.shell("git add -A")
    repository.shell("git show HEAD:'a shelf.png' > ../old.png")
    caption = repository.shell("blip2idc caption ../old.png 'a shelf.png'").strip()
    shown = repository.shell("git diff --cached")
    assert shown.split("\n", 1)[0] == f"a shelf.png: {caption}".split("\n", 1)[0]
    assert "gone.png: removed" in shown
    assert "new.png: added" in shown
    assert "Binary files" not in shown


def test_git_difftool_writes_the_page(repository: Repository) -> None:
    repository.paint("a shelf.png", "blue")
    printed = repository.shell("git difftool --dir-diff --tool blip2idc HEAD -- 'a shelf.png'").splitlines()
    assert printed[0].startswith("changed  a shelf.png: ")
    assert printed[-2] == "1 file: 0 same, 1 changed, 0 added, 0 removed, 0 errors"
    page = Path(printed[-1])
    assert page.suffix == ".html"
    assert page.read_text(encoding="utf-8").count('<li class="entry"') == 1
