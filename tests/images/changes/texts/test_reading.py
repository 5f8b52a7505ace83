"""Lines that are read once, and those that are not read at all."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.texts import names, reading, texts, written


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """What came to the recogniser, which is not sure of what is no wider than high."""
    seen: list[np.ndarray] = []

    def read_anew(line: np.ndarray) -> tuple[str, float]:
        seen.append(line)
        return f"line {len(seen)}", 0.99 if line.shape[1] > 1.5 * line.shape[0] else 0.3

    monkeypatch.setattr(reading, "_read", read_anew)
    for module in (written, names):
        monkeypatch.setattr(module, "read_line", reading.read_line)
    monkeypatch.setattr(texts, "can_read", lambda: True)
    return seen


def page(*words: tuple[int, int, str]) -> Image.Image:
    image = Image.new("RGB", (600, 300), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.truetype("DejaVuSans.ttf", 20)
    draw.text((40, 220), "Things of use for the house and the garden", "#222222", font)
    for x, y, text in words:
        draw.text((x, y), text, "#222222", font)
    return image


def test_a_line_is_read_once_within_a_pair(read: list[np.ndarray]) -> None:
    line, other = np.zeros((20, 90, 3), np.uint8), np.ones((20, 90, 3), np.uint8)
    with reading.each_line_once():
        assert reading.read_line(line) == reading.read_line(line.copy()) == ("line 1", 0.99)
        assert reading.read_line(other)[0] == "line 2"
        assert reading.read_line(line.reshape(10, 180, 3))[0] == "line 3"
    assert reading.read_line(line)[0] == "line 4"
    assert reading.read_line(line)[0] == "line 5"


def test_words_that_moved_are_read_once(read: list[np.ndarray]) -> None:
    (change,) = find_changes(page((60, 60, "Monthly report")), page((66, 60, "Monthly report"))).changes
    assert [fact.kind for fact in change.facts] == ["moved"]
    assert len(read) == 1


def test_what_is_of_one_colour_is_not_read(read: list[np.ndarray]) -> None:
    before, after = page((80, 60, "Home"), (170, 60, "Prices")), page((80, 60, "Home"), (170, 60, "Prices"))
    ImageDraw.Draw(after).rectangle((20, 48, 70, 94), fill="#6b46c1")
    (change,) = find_changes(before, after).changes
    assert [fact.kind for fact in change.facts] == ["appeared"]
    assert read == []


def test_the_side_that_takes_less_is_read_first(read: list[np.ndarray]) -> None:
    before, after = (Image.new("RGB", (600, 300), "white") for _ in range(2))
    wide, narrow = (np.zeros((20, width, 3), np.uint8) for width in (300, 18))
    lines = {id(before): wide, id(after): narrow}
    pictures = tuple(map(written.Picture, (before, after)))

    def lines_of(picture: written.Picture, box: object, *, whole: bool) -> written.Lines:
        crop = lines[id(picture.source)]
        return [(crop, (0, 0, crop.shape[1], crop.shape[0]))]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written, "lines_of_place", lines_of)
        place = (0, 0, 20, 20)
        both = written.read_places((pictures[0], pictures[1]), (place, place), 0.7, whole=True)
        assert both == ([written.Written("line 2", 0.99, (0, 0, 300, 20))], [])
        assert [line.shape[1] for line in read] == [18, 300]
        lines[id(after)] = np.zeros((20, 25, 3), np.uint8)
        read.clear()
        assert written.read_places((pictures[0], pictures[1]), (place, place), 0.7, whole=True) is None
        assert [line.shape[1] for line in read] == [25]
