"""Paired augmentation: what is done to one image of a pair is done to the other, and the sentence is put right.

In: an opened pair, its record and a caption. Out: another pair and the caption that is true of it; the same where a
change of the sentence could not be made with certainty. Five kinds, each for half of the pairs: `flip` mirrors both
images and exchanges left and right in the words; `crop` takes the same window of both; `color` changes light and
contrast of both alike; `swap` exchanges before and after where the record allows the sentence to be inverted (an
addition becomes a removal); `distract` re-encodes, shifts or grains one image a little, which must not change the
caption. Off by default. All of it depends on (seed, epoch, id) alone, as the choice of the caption does.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from blip2idc.data.collate import Example, Preprocessor
from blip2idc.data.dataset import CaptionDataset, Sample, draw_caption
from blip2idc.data.records import NO_CHANGE, PairRecord
from blip2idc.images.pair import MAX_PIXELS, ImagePair

Augmentation: TypeAlias = Literal["flip", "crop", "color", "swap", "distract"]
AUGMENTATIONS: tuple[Augmentation, ...] = get_args(Augmentation)

_SHARE = 0.5  # of the pairs that each kind is tried on
_SMALLEST = 0.75  # side of a crop, as a share of the image's
_LIGHT = 0.2  # brightness and contrast change by up to this share, for both images alike

# "left" and "right" as places; "a car left" and "right now" are none, and a caption that holds one of them stays
_SIDE = (
    r"(?:(?<=\bthe )(?:left|right)\b"
    r"|\b(?:left|right)(?=[ -](?:of|side|half|corner|edge|part|end|hand|most|third)\b)"
    r"|(?<=\btop )(?:left|right)\b|(?<=\b(?:upper|lower) )(?:left|right)\b"
    r"|(?<=\b(?:bottom|middle|center) )(?:left|right)\b"
    r"|\b(?:left|right)most\b)"
)
_PLACED = re.compile(_SIDE, re.IGNORECASE)
_ANY_SIDE = re.compile(r"\b(?:left|right)", re.IGNORECASE)
_OTHER_SIDES = re.compile(
    r"\b(?:clockwise|counter|anti-?clockwise|rotat|mirror|flip|east|west|read|text|word)|\"", re.I
)
_PLACES = re.compile(
    r"\b(?:left|right|top|bottom|upper|lower|middle|center|centre|corner|edge|side|front|back|behind|foreground"
    r"|background|crop|zoom|border|wide|tall|north|south|east|west)",
    re.IGNORECASE,
)
_TONES = re.compile(
    r"\b(?:bright|dark|light|contrast|satur|color|colour|tone|hue|warm|cool|cold|shad|expos|gray|grey|black|white|night"
    r"|day|sun|blur|sharp|nois|grain|compress|quality|filter|vintage|sepia|shift|moved? a little)",
    re.IGNORECASE,
)
_ADDED = re.compile(r"^(?:an?|the|one) (?P<it>.+?) (?P<verb>has been|was|have been|were) added(?P<rest>.*)$")
_REMOVED = re.compile(
    r"^the (?P<it>.+?) (?P<verb>has been|was|have been|were) (?:removed|taken away)(?P<rest>.*)$"
)
_APPEARED = re.compile(r"^(?:an?|the|one) (?P<it>.+?) has appeared(?P<rest>.*)$")
_GONE = re.compile(r"^the (?P<it>.+?) (?:has disappeared|is gone|is missing|is no longer there)(?P<rest>.*)$")


def augmented(
    pair: ImagePair, record: PairRecord, caption: str, kinds: Sequence[str], rng: np.random.Generator
) -> tuple[ImagePair, str]:
    """Apply each kind to half of the pairs, in the order of `AUGMENTATIONS`.

    Args:
        pair: Opened.
        record: What is known of it.
        caption: One of its captions.
        kinds: Among `AUGMENTATIONS`.
        rng: Of the draws; each kind draws whether or not it is applied, so that kinds do not depend on one another.
    """
    apply = {"flip": _flip, "crop": _crop, "color": _light, "swap": _swap, "distract": _distract}
    for kind in AUGMENTATIONS:
        drawn = np.random.default_rng(rng.integers(1 << 62))
        if kind in kinds and drawn.random() < _SHARE:
            pair, caption = apply[kind](pair, record, caption, drawn)
    return pair, caption


def mirrored(caption: str) -> str | None:
    """The caption of the mirrored pair; None where it cannot be told with certainty.

    >>> mirrored("the car on the left of the red one moved to the right side")
    'the car on the right of the red one moved to the left side'
    >>> mirrored("a car left") is None, mirrored("the photograph was rotated clockwise") is None
    (True, True)
    """
    if _OTHER_SIDES.search(caption) or len(_ANY_SIDE.findall(caption)) != len(_PLACED.findall(caption)):
        return None
    return _PLACED.sub(_exchanged, caption)


def _exchanged(found: re.Match[str]) -> str:
    word = found.group()
    other = re.sub("left|right", "right" if "left" in word.lower() else "left", word, flags=re.IGNORECASE)
    return other.capitalize() if word[0].isupper() else other


def inverted(record: PairRecord, caption: str) -> str | None:
    """The caption of the pair with before and after exchanged; None where it cannot be told with certainty.

    >>> inverted(PairRecord("1", "a", "b", change={"kind": "add"}), "a small red cube has been added")
    'the small red cube has been removed'
    >>> inverted(PairRecord("1", "a", "b", change={"kind": "none"}), "there is no change")
    'there is no change'
    """
    if record.kind == NO_CHANGE:
        return caption
    change = record.change or {}
    if record.kind in ("color", "material") and all(
        isinstance(change.get(key), str) for key in ("object", "from", "to")
    ):
        name, old, new = str(change["object"]), str(change["from"]), str(change["to"])
        if caption.count(name) == 1 and name.count(old) == 1 and caption.endswith(f" {new}"):
            return caption.removesuffix(new).replace(name, name.replace(old, new)) + old
        return None
    if record.kind == "add":
        for pattern, told in (
            (_ADDED, "the {it} {verb} removed{rest}"),
            (_APPEARED, "the {it} has disappeared{rest}"),
        ):
            if found := pattern.match(caption):
                return told.format(**found.groupdict())
    if record.kind == "drop":
        for pattern, told in (
            (_REMOVED, "{a} {it} {verb} added{rest}"),
            (_GONE, "{a} {it} has appeared{rest}"),
        ):
            if found := pattern.match(caption):
                article = "an" if found["it"][0] in "aeiou" else "a"
                return told.format(a=article, **found.groupdict())
    return None


def _flip(
    pair: ImagePair, record: PairRecord, caption: str, rng: np.random.Generator
) -> tuple[ImagePair, str]:
    told = mirrored(caption)
    if told is None:
        return pair, caption
    return ImagePair(ImageOps.mirror(pair.before), ImageOps.mirror(pair.after)), told


def _crop(
    pair: ImagePair, record: PairRecord, caption: str, rng: np.random.Generator
) -> tuple[ImagePair, str]:
    """The same window of both, which holds all that is known to have changed; not where places are told or unknown."""
    known = record.kind == NO_CHANGE or record.before_box is not None or record.after_box is not None
    if not known or _PLACES.search(caption):
        return pair, caption
    left, top, right, bottom = 1.0, 1.0, 0.0, 0.0
    for box, image in ((record.before_box, pair.before), (record.after_box, pair.after)):
        if box is not None:
            x, y, width, height = box
            left, top = min(left, x / image.width), min(top, y / image.height)
            right, bottom = max(right, (x + width) / image.width), max(bottom, (y + height) / image.height)
    window = []
    for low, high in ((left, right), (top, bottom)):
        side = max(float(rng.uniform(_SMALLEST, 1.0)), high - low)
        first = float(rng.uniform(max(0.0, high - side), max(0.0, high - side, min(low, 1.0 - side))))
        window.append((first, min(1.0, first + side)))

    def cut(image: Image.Image) -> Image.Image:
        (x0, x1), (y0, y1) = window
        box = (
            round(x0 * image.width),
            round(y0 * image.height),
            round(x1 * image.width),
            round(y1 * image.height),
        )
        return image.crop(box) if box[2] > box[0] and box[3] > box[1] else image

    return ImagePair(cut(pair.before), cut(pair.after)), caption


def _light(
    pair: ImagePair, record: PairRecord, caption: str, rng: np.random.Generator
) -> tuple[ImagePair, str]:
    brightness, contrast = rng.uniform(1 - _LIGHT, 1 + _LIGHT, 2)

    def lit(image: Image.Image) -> Image.Image:
        return ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(brightness)).enhance(contrast)

    return ImagePair(lit(pair.before), lit(pair.after)), caption


def _swap(
    pair: ImagePair, record: PairRecord, caption: str, rng: np.random.Generator
) -> tuple[ImagePair, str]:
    told = inverted(record, caption)
    return (pair, caption) if told is None else (ImagePair(pair.after, pair.before), told)


def _distract(
    pair: ImagePair, record: PairRecord, caption: str, rng: np.random.Generator
) -> tuple[ImagePair, str]:
    """A trifle in one of the images; not where the caption speaks of light, colours of the whole, or quality."""
    if record.kind != NO_CHANGE and _TONES.search(caption):
        return pair, caption
    change = (_reencoded, _grained, _shifted)[int(rng.integers(3))]
    if rng.random() < 0.5:
        return ImagePair(change(pair.before, rng), pair.after), caption
    return ImagePair(pair.before, change(pair.after, rng)), caption


def _reencoded(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(rng.integers(60, 95)))
    return Image.open(buffer).convert("RGB")


def _grained(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(image, np.float32) + rng.normal(
        0, float(rng.uniform(1, 5)), (image.height, image.width, 1)
    )
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))


def _shifted(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """By up to one hundredth of each side, as by a hand that was not quite still; the edge is repeated."""
    most = max(1, image.width // 100), max(1, image.height // 100)
    dx, dy = (int(rng.integers(-limit, limit + 1)) for limit in most)
    pixels = np.pad(np.asarray(image), ((most[1],) * 2, (most[0],) * 2, (0, 0)), mode="edge")
    top, left = most[1] + dy, most[0] + dx
    return Image.fromarray(pixels[top : top + image.height, left : left + image.width])


class AugmentedDataset(CaptionDataset):
    """Captioned pairs, augmented anew in each epoch.

    Args:
        samples: Records with at least one caption each.
        preprocessor: Makes the joint image.
        kinds: Among `AUGMENTATIONS`.
        seed: Decides, with epoch and id, caption and augmentation.
        max_pixels: Limit for each image.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        preprocessor: Preprocessor,
        kinds: Sequence[str],
        seed: int = 0,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        super().__init__(samples, preprocessor, seed, max_pixels)
        self.kinds = tuple(kinds)

    def __getitem__(self, key: int | tuple[int, int]) -> Example:
        epoch, index = key if isinstance(key, tuple) else (0, key)
        sample = self.samples[index]
        digest = hashlib.blake2b(
            f"augment/{self.seed}/{epoch}/{sample.record.id}".encode(), digest_size=8
        ).digest()
        rng = np.random.default_rng(int.from_bytes(digest, "big"))
        caption = draw_caption(sample.record, self.seed, epoch)
        pair, caption = augmented(sample.open(self.max_pixels), sample.record, caption, self.kinds, rng)
        return {"id": sample.record.id, "pixels": self.preprocessor.join(pair), "caption": caption}
