"""The recorded inputs that once went wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from blip2idc.comparison.outcome import CompareSettings, Entry
from blip2idc.comparison.run import compare

pytestmark = pytest.mark.shared

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


def entries(name: str) -> dict[str, Entry]:
    if not CASES.is_dir():
        pytest.skip(f"{CASES} is not there")
    settings = CompareSettings(judge="pixels")
    found = compare(CASES / name / "a", CASES / name / "b", settings, lambda pairs: iter(()))
    return {entry.name: entry for entry in found.entries}


@pytest.mark.parametrize("name", ["alpha", "animated", "rasters"])
def test_all_of_them_changed(name: str) -> None:
    found = entries(name)
    assert found
    assert {entry.status for entry in found.values()} == {"changed"}


def test_exact_counts() -> None:
    found = entries("rasters")
    pixels = {name: entry.pixels for name, entry in found.items()}
    counts = {name: value.changed_pixels if value else 0 for name, value in pixels.items()}
    assert counts == {"bathy.tif": 6400, "dem01.tif": 1, "rgb16.tif": 2000, "s2band.tif": 2000}
