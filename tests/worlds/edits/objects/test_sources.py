"""The recipe that fetches objects: nouns out of the lines of stamps, and the fixed tenth that is for tests."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image, ImageDraw

RECIPE = Path(__file__).parents[4] / "recipes" / "edit_sources.py"


@pytest.fixture(scope="module")
def recipe() -> ModuleType:
    spec = importlib.util.spec_from_file_location("edit_sources", RECIPE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("line", "noun"),
    [
        ("A red apple.", "a red apple"),
        ("An eggplant with fruit.", "an eggplant"),
        ("A pair of blue jeans.", "blue jeans"),
        ("A US 1 cent piece ($.01) called a penny.", None),
        ("Greater than or equal to.", None),
        ("An umbrella.", "an umbrella"),
    ],
)
def test_nouns_are_short(recipe: ModuleType, line: str, noun: str | None) -> None:
    assert recipe.noun_of(line) == noun


def test_about_a_tenth_of_the_nouns_is_held_out(recipe: ModuleType) -> None:
    nouns = [f"a thing{number}" for number in range(500)]
    assert 25 <= sum(recipe.held_out(noun) for noun in nouns) <= 80
    assert [recipe.held_out(noun) for noun in nouns] == [recipe.held_out(noun) for noun in nouns]


def test_objects_are_cut_to_what_is_seen_and_full_frames_left_out(recipe: ModuleType, tmp_path: Path) -> None:
    objects = recipe.Objects(tmp_path)
    image = Image.new("RGBA", (100, 100))
    ImageDraw.Draw(image).ellipse((20, 30, 79, 69), fill=(200, 10, 10, 255))
    objects.add(image, "a red apple", "stamp")
    objects.add(Image.new("RGBA", (100, 100), (5, 5, 5, 255)), "a photo", "stamp")
    objects.close()
    assert list(objects.names.values()) == ["a red apple"]
    (file,) = (tmp_path / "objects").rglob("*.png")
    with Image.open(file) as cut:
        assert cut.size == (60, 40)
