"""Where all that a page shows has changed, nothing that is equal tells noise from changes."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes


def words(ink: str, lines: int = 1) -> Image.Image:
    """Lines of text and nothing else."""
    image = Image.new("RGB", (360, 200), "white")
    draw = ImageDraw.Draw(image)
    for line in range(lines):
        draw.text((20, 20 + 30 * line), "Opening hours", ink, ImageFont.load_default(18))
    return image


def as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


@pytest.mark.parametrize(
    ("before", "after"), [("#1e1e1e", "#6e6e6e"), ("#6e6e6e", "#1e1e1e"), ("#1e1e1e", "#3c3c3c")]
)
@pytest.mark.parametrize("lines", [1, 2, 4])
def test_all_letters_of_a_page_in_another_grey_changed(before: str, after: str, lines: int) -> None:
    (change,) = find_changes(words(before, lines), words(after, lines)).changes
    assert change.facts[0].kind == "recoloured"
    assert change.before_box is not None
    assert abs(change.before_box[3] - (17 + 30 * (lines - 1))) <= 2


def test_letters_encoded_anew_did_not() -> None:
    plain = words("#1e1e1e", 3)
    palette = plain.convert("P", palette=Image.Palette.ADAPTIVE, colors=8).convert("RGB")
    for one, other in (
        (plain, as_jpeg(plain, 80)),
        (as_jpeg(plain, 60), plain),
        (as_jpeg(plain, 60), as_jpeg(plain, 90)),
        (plain, palette),
    ):
        assert not find_changes(one, other).changes


STYLES: dict[str, dict[str, str | int]] = {
    "bold": {"face": "DejaVuSans-Bold.ttf"},
    "italic": {"face": "DejaVuSans-Oblique.ttf"},
    "resized": {"size": 20},
    "moved": {"left": 22},
}


def component(lines: int, *, face: str = "DejaVuSans.ttf", size: int = 16, left: int = 20) -> Image.Image:
    """A small picture of lines of text alone."""
    image = Image.new("RGB", (360, 120), "white")
    for line in range(lines):
        place, font = (left, 20 + 26 * line), ImageFont.truetype(face, size)
        ImageDraw.Draw(image).text(place, "Opening hours", "#222222", font)
    return image


@pytest.mark.parametrize("lines", [1, 3])
@pytest.mark.parametrize("kind", STYLES)
def test_all_that_a_small_picture_shows_in_another_style_changed(kind: str, lines: int) -> None:
    (change,) = find_changes(component(lines), component(lines, **STYLES[kind])).changes  # type: ignore[arg-type]
    assert [fact.kind for fact in change.facts] == [kind]


@pytest.mark.parametrize("kind", STYLES)
def test_such_a_picture_encoded_or_sampled_anew_did_not(kind: str) -> None:
    picture = component(3, **STYLES[kind])  # type: ignore[arg-type]
    for scale in (0.9, 2.0):
        width, height = (round(scale * side) for side in picture.size)
        assert not find_changes(picture, picture.resize((width, height)).resize(picture.size)).changes
    for quality in (80, 95, 100):
        assert not find_changes(picture, as_jpeg(picture, quality)).changes
