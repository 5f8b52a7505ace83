"""What happened to a whole picture: every kind as other programs make it, nothing where a camera or a codec did it."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.measure import WHOLE_KINDS, measure_whole
from blip2idc.model.look.whole_picture import whole_sentence
from blip2idc.worlds.edits.photographs import packaged_photographs

SIDE = 256

Edit = Callable[[Image.Image], Image.Image]


def matrix(*values: float) -> Edit:
    return lambda image: image.convert("RGB", values)


def lit(image: Image.Image, factor: float, added: float = 0.0) -> Image.Image:
    return Image.fromarray(np.clip(np.asarray(image) * factor + added, 0, 255).astype(np.uint8))


def noisy(image: Image.Image, level: float) -> Image.Image:
    grain = np.random.default_rng(0).normal(0, level, np.asarray(image).shape)
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def specks(image: Image.Image) -> Image.Image:
    values, rng = np.asarray(image).copy(), np.random.default_rng(0)
    chosen = rng.random(values.shape[:2]) < 0.05
    values[chosen] = rng.choice([0, 255], size=(chosen.sum(), 1))
    return Image.fromarray(values)


def smeared(image: Image.Image) -> Image.Image:
    kernel = np.zeros((21, 21), np.float32)
    kernel[10] = 1 / 21
    return Image.fromarray(cv2.filter2D(np.asarray(image), -1, kernel))


def dark_rim(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.float32)
    rows, columns = (np.linspace(-1, 1, side) for side in values.shape[:2])
    factor = 1 - 0.75 * np.clip((rows[:, None] ** 2 + columns[None] ** 2) / 2, 0, 1)
    return Image.fromarray((values * factor[..., None]).astype(np.uint8))


def round_corners(image: Image.Image) -> Image.Image:
    mask = Image.new("L", image.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, image.width - 1, image.height - 1), 40, fill=255)
    return Image.composite(image, Image.new("RGB", image.size, "white"), mask)


def banded(image: Image.Image) -> Image.Image:
    values = np.asarray(image).copy()
    values[: len(values) // 7] = values[-(len(values) // 7) :] = 0
    return Image.fromarray(values)


def blocks(image: Image.Image) -> Image.Image:
    small = image.resize((image.width // 16, image.height // 16), Image.Resampling.BOX)
    return small.resize((small.width * 16, small.height * 16), Image.Resampling.NEAREST).resize(
        image.size, Image.Resampling.NEAREST
    )


def seen_often(image: Image.Image, *, turn: float = 0.0, zoom: float = 0.0) -> Image.Image:
    """The mean of an image turned, or enlarged, by steps around its middle."""
    values, middle = np.asarray(image).astype(np.float32), (image.width / 2 - 0.5, image.height / 2 - 0.5)
    total = np.zeros_like(values)
    for step in np.linspace(0, 1, 31):
        matrix = cv2.getRotationMatrix2D(middle, (step - 0.5) * turn, 1 + step * zoom)
        total += cv2.warpAffine(values, matrix, image.size, borderMode=cv2.BORDER_REFLECT)
    return Image.fromarray((total / 31).astype(np.uint8))


def turned_hue(image: Image.Image) -> Image.Image:
    hue, *rest = image.convert("HSV").split()
    return Image.merge("HSV", (hue.point(lambda value: (value + 85) % 256), *rest)).convert("RGB")


def seen_from_the_side(image: Image.Image) -> Image.Image:
    width, height = image.size
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    moved = np.array(
        [(0, 0), (0.88 * width, 0.1 * height), (0.88 * width, 0.9 * height), (0, height)], np.float32
    )
    matrix = cv2.getPerspectiveTransform(corners, moved)
    return Image.fromarray(cv2.warpPerspective(np.asarray(image), matrix, image.size))


def lines(image: Image.Image, threshold: float = 60) -> Image.Image:
    grey = cv2.GaussianBlur(np.asarray(image.convert("L")), (0, 0), 1.0)
    return Image.fromarray(cv2.Canny(grey, threshold, 2 * threshold)).convert("RGB")


EDITS: dict[str, Edit] = {
    "brighten": lambda image: ImageEnhance.Brightness(image).enhance(1.4),
    "darken": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "contrast_up": lambda image: ImageEnhance.Contrast(image).enhance(1.6),
    "contrast_down": lambda image: ImageEnhance.Contrast(image).enhance(0.5),
    "saturate": lambda image: ImageEnhance.Color(image).enhance(1.8),
    "desaturate": lambda image: ImageEnhance.Color(image).enhance(0.4),
    "black_and_white": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "sepia": matrix(0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0),
    "warmer": matrix(1.15, 0, 0, 8, 0, 1.02, 0, 0, 0, 0, 0.8, 0),
    "cooler": matrix(0.8, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.15, 8),
    "tint": matrix(0.24, 0.47, 0.09, 0, 0.36, 0.7, 0.14, 0, 0.27, 0.53, 0.1, 0),
    "hue": turned_hue,
    "threshold": lambda image: image.convert("L").point(lambda value: 255 * (value > 110)).convert("RGB"),
    "invert": ImageOps.invert,
    "solarize": lambda image: ImageOps.solarize(image, 110),
    "posterize": lambda image: ImageOps.posterize(image, 2),
    "vignette": dark_rim,
    "blur": lambda image: image.filter(ImageFilter.GaussianBlur(4)),
    "motion_blur": smeared,
    "circular_blur": lambda image: seen_often(image, turn=16),
    "zoom_blur": lambda image: seen_often(image, zoom=0.2),
    "sharpen": lambda image: image.filter(ImageFilter.UnsharpMask(2, 220, 0)),
    "noise": lambda image: noisy(image, 28),
    "salt_and_pepper": specks,
    "pixelate": blocks,
    "emboss": lambda image: image.filter(ImageFilter.EMBOSS),
    "edges": lines,
    "outlines": lambda image: ImageOps.invert(lines(image)),
    "flip": ImageOps.mirror,
    "half_turn": lambda image: image.rotate(180),
    "quarter_turn": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "rotate": lambda image: image.rotate(8, Image.Resampling.BICUBIC),
    "crop": lambda image: image.crop((70, 40, image.width - 60, image.height - 50)).resize(image.size),
    "perspective": seen_from_the_side,
    "stretch": lambda image: image.resize((round(image.width * 1.3), image.height)),
    "border": lambda image: ImageOps.expand(image, 24, "red"),
    "letterbox": banded,
    "round_corners": round_corners,
}


#: What a picture of few colours cannot tell apart: each is a cast of one hue.
NEAR = {
    "sepia": {"warmer", "tint", "desaturate"},
    "warmer": {"sepia", "tint"},
    "cooler": {"tint", "desaturate"},
}


@pytest.fixture(scope="module")
def photographs() -> list[Image.Image]:
    names = ("astronaut", "boats", "cat", "macaque", "stairs")
    found = []
    for path in packaged_photographs("train"):
        if path.stem in names:
            image = Image.open(path).convert("RGB")
            image.thumbnail((SIDE, SIDE))
            found.append(image)
    return found


@pytest.mark.parametrize("kind", EDITS)
def test_a_kind_is_told_of_most_photographs_and_hardly_ever_mistaken(
    kind: str, photographs: list[Image.Image]
) -> None:
    found = [measure_whole(np.asarray(image), np.asarray(EDITS[kind](image))) for image in photographs]
    told = [fact.kind for fact in found if fact is not None]
    right = told.count(kind)
    assert right >= (2 if kind in NEAR else 3), told
    assert sum(name != kind and name not in NEAR.get(kind, ()) for name in told) <= 1, told


def encoded(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=75)
    return Image.open(buffer).convert("RGB")


@pytest.mark.parametrize(
    "nuisance",
    [
        encoded,
        lambda image: lit(image, 1.08),
        lambda image: lit(image, 0.92, 2),
        lambda image: noisy(image, 4),
        lambda image: image.resize((image.width // 2, image.height // 2)),
        lambda image: image.rotate(1, Image.Resampling.BICUBIC),
        lambda image: image.crop((8, 6, image.width - 8, image.height - 6)).resize(image.size),
        lambda image: Image.fromarray(np.roll(np.asarray(image), 2, axis=1)),
    ],
)
def test_what_cameras_and_codecs_do_is_no_fact(nuisance: Edit, photographs: list[Image.Image]) -> None:
    found = [measure_whole(np.asarray(image), np.asarray(nuisance(image))) for image in photographs]
    assert [fact for fact in found if fact is not None] == []


@pytest.mark.parametrize("zoom", [-0.25, -0.12, 0.12, 0.3])
def test_a_smear_towards_the_middle_or_away_from_it(zoom: float, photographs: list[Image.Image]) -> None:
    """Editors enlarge, or reduce, from the picture as it is on: the mean of both ends is no longer in place."""
    found = [
        measure_whole(np.asarray(image), np.asarray(seen_often(image, zoom=zoom))) for image in photographs
    ]
    told = [fact.kind for fact in found if fact is not None]
    assert told.count("zoom_blur") >= 4, told


@pytest.mark.parametrize(
    ("sides", "fact"),
    [
        ("lr", Fact("letterbox", {"ends": "on the left and right"})),
        ("tb", Fact("letterbox", {"ends": "at the top and bottom"})),
        ("ltrb", Fact("border", {"color": "black"})),
        ("l", None),
        ("r", None),
        ("t", None),
        ("b", None),
    ],
)
def test_bars_along_two_sides_or_all(sides: str, fact: Fact | None, photographs: list[Image.Image]) -> None:
    for image in photographs:
        after = np.asarray(image).copy()
        for side, part in {
            "l": np.s_[:, :30],
            "r": np.s_[:, -30:],
            "t": np.s_[:30],
            "b": np.s_[-30:],
        }.items():
            if side in sides:
                after[part] = 0
        assert measure_whole(np.asarray(image), after) == fact


def letters(*rows: str) -> Image.Image:
    """A drawn page."""
    image = Image.new("RGB", (320, 240), "#f4f6fa")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 319, 30), "#1d2b45")
    draw.rectangle((20, 170, 90, 200), "#d9480f")
    for place, words in enumerate(rows):
        draw.text((20, 44 + 24 * place), words, "#222222", ImageFont.load_default(15))
    return image


def test_pages_are_told_to_be_flipped_and_nothing_that_is_done_to_photographs() -> None:
    one = letters("Opening hours", "from nine to five", "closed on Sunday", "Call us")
    other = letters("Call us", "Prices of the season", "Seeds", "and everything else")
    for turned, kind in (
        (ImageOps.mirror, "flip"),
        (ImageOps.flip, "flip"),
        (lambda image: image.rotate(180), "half_turn"),
    ):
        fact = measure_whole(np.asarray(one), np.asarray(turned(one)))
        assert fact is not None
        assert fact.kind == kind
        found = measure_whole(np.asarray(one), np.asarray(turned(other)))
        assert found is None or found.kind != kind
    for kind in ("posterize", "solarize", "threshold", "warmer", "cooler", "hue", "saturate", "contrast_up"):
        found = measure_whole(np.asarray(one), np.asarray(EDITS[kind](one)))
        assert found is None or found.kind != kind
    assert measure_whole(np.asarray(one), np.asarray(other)) is None


def test_another_picture_is_no_edit(photographs: list[Image.Image]) -> None:
    pairs = itertools.pairwise(photographs)
    found = [measure_whole(np.asarray(one), np.asarray(other.resize(one.size))) for one, other in pairs]
    assert [fact for fact in found if fact is not None] == []


def test_every_kind_has_a_sentence() -> None:
    details = {
        "color": "red",
        "place": "at the top",
        "corner": "top left",
        "axis": "vertical",
        "side": "left",
        "way": "wider",
        "ends": "at the top and bottom",
    }
    assert len({whole_sentence(Fact(kind, details)) for kind in WHOLE_KINDS}) == len(WHOLE_KINDS)


@pytest.mark.parametrize(("side", "kind"), [(47, None), (48, "invert")])
def test_of_tiny_pictures_nothing_is_told(
    side: int, kind: str | None, photographs: list[Image.Image]
) -> None:
    small = photographs[0].resize((side, side))
    fact = measure_whole(np.asarray(small), np.asarray(ImageOps.invert(small)))
    assert (fact.kind if fact else None) == kind
