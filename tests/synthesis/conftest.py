"""One undisturbed synthesis run, which tests of the pipeline compare with."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.synthesis_run import IMAGES, INSTRUCTIONS, put_photographs, run_logged


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put_photographs(tmp_path_factory.mktemp("synthesis") / "photos", IMAGES)


@pytest.fixture(scope="module")
def instructions(photographs: Path) -> Path:
    file = photographs.parent / "instructions.txt"
    file.write_text("\n".join(INSTRUCTIONS) + "\n")
    return file


@pytest.fixture(scope="module")
def undisturbed(photographs: Path, instructions: Path) -> Path:
    output = photographs.parent / "undisturbed"
    run_logged(photographs, instructions, output, photographs.parent / "undisturbed.log")
    return output
