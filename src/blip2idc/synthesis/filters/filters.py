"""Filters: which edited images are good pairs, by numbers that every candidate keeps.

In: a source image, an edited image, captions of both. Out: `Measures`, then, by thresholds that can be set anew at any
time without generating anything again, an acceptance or the reason against it, and the best of several candidates.

The three similarities and their thresholds are those of InstructPix2Pix (arXiv 2211.09800, section 3.1.2), the
similarity of directions that of StyleGAN-NADA (arXiv 2108.00946).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from blip2idc.config import Range, build, check_ranges
from blip2idc.errors import ConfigError, InputError, ModelError
from blip2idc.evaluation.benchmark.image_features import difference_hash

#: A pixel has changed visibly where a channel differs by more than this (of 255) after the blur below: about the least
#: step that is seen side by side.
VISIBLE = 8

#: Radius of the blur before pixels are compared, as a share of the longest side, and at least in pixels, for JPEG errs
#: within blocks of 8. Noise averages out, a change of the smallest object that a caption would name does not: encoding
#: the packaged photographs as JPEG of quality 60 "changes" up to 0.4 % of the pixels of nine in ten of them, the
#: weakest edit of the world `edits` more than 1 %.
BLUR = 1 / 256
LEAST_BLUR = 2.0

#: Below this length a difference of two unit vectors is rounding, and has no direction.
SHORTEST = 1e-4

#: Cells a side of the colour thumbnail in a fingerprint, and bits of its difference hash.
FINGERPRINT_CELLS = 8
FINGERPRINT_BITS = 64

_FINGERPRINT_BYTES = FINGERPRINT_BITS // 8 + 3 * FINGERPRINT_CELLS**2
_DIGITS = 6  # kept of each measure: more is noise, and the lines stay short


class Embedder(Protocol):
    """Brings images and texts into one space, as CLIP does."""

    def images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """`[N, D]` of unit length."""
        ...

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """`[N, D]` of unit length."""
        ...

    def describe(self) -> dict[str, Any]:
        """What decides its numbers, in plain JSON values."""
        ...


@dataclass(frozen=True)
class Measures:
    """What is known of an edited image; enough to judge it without opening it again.

    Attributes:
        change_share: Share of the pixels that changed visibly: after a slight blur (`BLUR`) of both images a channel
            differs by more than `VISIBLE` of 255.
        fingerprint: Of the edited image, see `fingerprint_of`.
        image_similarity: Cosine of the images before and after; None without an embedder.
        text_similarity: Cosine of the edited image and its caption; None where either is missing.
        direction_similarity: Cosine of the step from image to image and that from caption to caption; None where a
            caption is missing, or a step has no length.
    """

    FORMER_NAMES: ClassVar[Mapping[str, str]] = {"print": "fingerprint"}

    change_share: float
    fingerprint: str
    image_similarity: float | None = None
    text_similarity: float | None = None
    direction_similarity: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, numbers rounded to six digits."""
        return {
            key: round(value, _DIGITS) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Measures:
        """From what `to_dict` gave.

        Raises:
            InputError: A value is missing or of another kind.
        """
        return build(cls, values, "the measures of a candidate", InputError)


Cosine: TypeAlias = Annotated[float, Range(-1, 1)]
Share: TypeAlias = Annotated[float, Range(0, 1)]


@dataclass(frozen=True)
class Thresholds:
    """What is accepted. None switches a threshold off; one whose measure is None, as without CLIP, judges nothing.

    Attributes:
        image_similarity: Least cosine of the images: below, it shows something else (0.75, arXiv 2211.09800).
        text_similarity: Least cosine of the edited image and its caption (0.2, arXiv 2211.09800).
        direction_similarity: Least cosine of the two steps (0.2, arXiv 2211.09800).
        highest_image_similarity: Greatest cosine of the images: above, CLIP sees no change. Set near that of a copy,
            so that an edit of a detail passes; chosen without CLIP's weights at hand, unlike the other three not taken
            from a paper. `smallest_change` catches copies without CLIP.
        smallest_change: Least share of pixels that changed visibly; 0 switches it off.
        largest_change: Greatest share of them; 1 switches it off, which is the default, for an edit of the light or
            the style changes every pixel.
        largest_kept_change: Greatest share of visibly changed pixels of a pair in which nothing shall have changed; the
            way through an editor's encoder and decoder leaves traces. Not measured on a real one.
        duplicate_distance: Greatest distance of fingerprints (see `distance_of`) of two edits of one source image that
            count as the same; 0 takes equal fingerprints only. On the packaged photographs 0.04 recognises 98 % of
            edits that were encoded or resized again, and takes 0.3 % of the pairs of unlike edits for the same.
    """

    image_similarity: Cosine | None = 0.75
    text_similarity: Cosine | None = 0.2
    direction_similarity: Cosine | None = 0.2
    highest_image_similarity: Cosine | None = 0.995
    smallest_change: Share | None = 0.005
    largest_change: Share | None = 1.0
    largest_kept_change: Share | None = 0.3
    duplicate_distance: Share | None = 0.04

    def __post_init__(self) -> None:
        check_ranges(self, "filters.")
        _refuse_crossed(self, "image_similarity", "highest_image_similarity")
        _refuse_crossed(self, "smallest_change", "largest_change")


def _refuse_crossed(thresholds: Thresholds, lower: str, upper: str) -> None:
    low, high = getattr(thresholds, lower), getattr(thresholds, upper)
    if low is not None and high is not None and low > high:
        raise ConfigError(
            f"filters.{lower} is {low} and filters.{upper} {high}, so that nothing passes; lower the first"
        )


def measure(
    befores: Sequence[Image.Image],
    afters: Sequence[Image.Image],
    before_captions: Sequence[str | None],
    after_captions: Sequence[str | None],
    embedder: Embedder | None,
) -> list[Measures]:
    """Measure edited images, all with one call of the embedder for images and one for texts.

    Args:
        befores: `N` source images, each of the size of its edited image; the same object may come many times.
        afters: `N` edited images.
        before_captions: `N` captions of the sources.
        after_captions: `N` captions of the edited images.
        embedder: CLIP or the like; None leaves the similarities None.

    Returns:
        `N` measures, in order.

    Raises:
        ModelError: The embedder gave numbers that are not finite.
    """
    shares = [change_share(before, after) for before, after in zip(befores, afters, strict=True)]
    fingerprints = [fingerprint_of(after) for after in afters]
    if embedder is None or not afters:
        return [Measures(share, mark) for share, mark in zip(shares, fingerprints, strict=True)]
    images = _image_vectors(befores, afters, embedder)
    texts = _text_vectors([*before_captions, *after_captions], embedder)
    found = []
    for index, (share, mark) in enumerate(zip(shares, fingerprints, strict=True)):
        before, after = images[index], images[len(afters) + index]
        old, new = texts.get(before_captions[index]), texts.get(after_captions[index])
        step = None if old is None or new is None else cosine(after - before, new - old)
        found.append(Measures(share, mark, cosine(before, after), _cosine_or_none(after, new), step))
    return found


def _image_vectors(
    befores: Sequence[Image.Image], afters: Sequence[Image.Image], embedder: Embedder
) -> NDArray[np.float32]:
    """`[2 N, D]`, those before first; a source that comes many times is embedded once."""
    places: dict[int, int] = {}
    images: list[Image.Image] = []
    rows = []
    for image in (*befores, *afters):
        if id(image) not in places:
            places[id(image)] = len(images)
            images.append(image)
        rows.append(places[id(image)])
    return _finite(embedder.images(images))[rows]


def _text_vectors(
    captions: Sequence[str | None], embedder: Embedder
) -> dict[str | None, NDArray[np.float32]]:
    texts = [caption for caption in dict.fromkeys(captions) if caption is not None]
    return dict(zip(texts, _finite(embedder.texts(texts)), strict=True)) if texts else {}


def _finite(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(vectors).all():
        raise ModelError("the embedder gave numbers that are not finite; set its dtype to float32")
    return vectors


def _cosine_or_none(a: NDArray[np.float32], b: NDArray[np.float32] | None) -> float | None:
    return None if b is None else cosine(a, b)


def cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float | None:
    """Cosine of two vectors `[D]`; None where one has no length."""
    lengths = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    return float(a @ b) / (lengths[0] * lengths[1]) if min(lengths) >= SHORTEST else None


def change_share(before: Image.Image, after: Image.Image) -> float:
    """Share of the pixels that changed visibly, 0..1; see `Measures.change_share`.

    Raises:
        InputError: The images differ in size.
    """
    if before.size != after.size:
        raise InputError(
            f"the image before is {before.size[0]}x{before.size[1]} and the one after "
            f"{after.size[0]}x{after.size[1]}; expected equal sizes"
        )
    radius = max(LEAST_BLUR, BLUR * max(before.size))
    smooth = [
        np.asarray(image.convert("RGB").filter(ImageFilter.GaussianBlur(radius)), dtype=np.int16)
        for image in (before, after)
    ]
    return float((np.abs(smooth[0] - smooth[1]).max(axis=2) > VISIBLE).mean())


def fingerprint_of(image: Image.Image) -> str:
    """Fingerprint of an image, as hex text.

    A 64-bit difference hash and the mean colours of 8 x 8 cells. The hash alone compares neighbours, so that it knows
    the layout but neither brightness nor colour, and takes a brightened and a darkened version of a photograph for one
    image; the colours alone would confuse pictures of like layout of light.
    """
    colours = image.convert("RGB").resize((FINGERPRINT_CELLS, FINGERPRINT_CELLS), Image.Resampling.BOX)
    return (
        difference_hash(image.convert("L")).to_bytes(FINGERPRINT_BITS // 8, "big").hex()
        + colours.tobytes().hex()
    )


def distance_of(a: str, b: str) -> float:
    """Distance of two fingerprints: the share of differing bits or the greatest difference of a colour, 0..1 each.

    It is the greater of the two, so that a change of either kind tells images apart.

    Raises:
        InputError: One is no fingerprint.
    """
    first, second = _fingerprint_bytes(a), _fingerprint_bytes(b)
    hashes = FINGERPRINT_BITS // 8
    bits = int(np.bitwise_count(first[:hashes] ^ second[:hashes]).sum())
    colours = np.abs(first[hashes:].astype(np.int16) - second[hashes:].astype(np.int16))
    return max(bits / FINGERPRINT_BITS, int(colours.max()) / 255)


def _fingerprint_bytes(text: str) -> NDArray[np.uint8]:
    try:
        found = np.frombuffer(bytes.fromhex(text), dtype=np.uint8)
    except ValueError:
        found = np.zeros(0, dtype=np.uint8)
    if len(found) != _FINGERPRINT_BYTES:
        raise InputError(
            f"fingerprint {text[:40]!r} is not {2 * _FINGERPRINT_BYTES} hex digits; measure the image again"
        )
    return found


def is_duplicate(a: str, b: str, distance: float) -> bool:
    """Whether two fingerprints are at most that far apart."""
    return distance_of(a, b) <= distance


class Duplicates:
    """Knows the accepted images and recognises those that come again.

    Args:
        distance: Greatest distance of two edits of one source image that count as the same; None recognises nothing.
    """

    def __init__(self, distance: float | None) -> None:
        self._distance = distance
        self._groups: dict[Hashable, list[str]] = {}
        self._all: set[str] = set()

    def seen(self, group: Hashable, mark: str) -> bool:
        """Whether the image was seen before; if not, it is registered.

        Args:
            group: Of one source image: the same picture edited to about the same result is a duplicate in it. Between
                groups only an equal fingerprint is, such as of the same photograph under two names.
            mark: Fingerprint of the edited image.
        """
        if self._distance is None:
            return False
        group_prints = self._groups.setdefault(group, [])
        if mark in self._all or any(is_duplicate(mark, other, self._distance) for other in group_prints):
            return True
        group_prints.append(mark)
        self._all.add(mark)
        return False


def reason_against(measures: Measures, thresholds: Thresholds) -> str | None:
    """Why a candidate is no good pair; None where it is one.

    Returns:
        `unchanged`, `too-much-changed`, `another-picture`, `off-caption` or `wrong-direction`: the first that holds.
    """
    if _below(measures.change_share, thresholds.smallest_change) or _below(
        thresholds.highest_image_similarity, measures.image_similarity
    ):
        return "unchanged"
    if _below(thresholds.largest_change, measures.change_share):
        return "too-much-changed"
    if _below(measures.image_similarity, thresholds.image_similarity):
        return "another-picture"
    if _below(measures.text_similarity, thresholds.text_similarity):
        return "off-caption"
    if _below(measures.direction_similarity, thresholds.direction_similarity):
        return "wrong-direction"
    return None


def reason_against_kept(measures: Measures, thresholds: Thresholds) -> str | None:
    """Why an image that shall show no change is no good pair; None where it is one."""
    if _below(thresholds.largest_kept_change, measures.change_share):
        return "too-much-changed"
    return "another-picture" if _below(measures.image_similarity, thresholds.image_similarity) else None


def _below(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value < limit


@dataclass(frozen=True)
class Choice:
    """Which of several candidates is kept.

    Attributes:
        index: Its index; None where none is acceptable.
        reasons: For each candidate, why not it; None for the one that is kept.
    """

    index: int | None
    reasons: tuple[str | None, ...]


def best_of(candidates: Sequence[Measures], thresholds: Thresholds, *, kept: bool = False) -> Choice:
    """Of the acceptable candidates the one with the greatest similarity of direction.

    Ties, and candidates without it, are decided by the similarity to the caption, then to the image before, then by
    the lower index.

    Args:
        candidates: Measures of each.
        thresholds: What is accepted.
        kept: Whether nothing shall have changed.

    Returns:
        The choice; the other acceptable ones have the reason `not-best`.
    """
    judge = reason_against_kept if kept else reason_against
    reasons = [judge(candidate, thresholds) for candidate in candidates]
    good = [index for index, reason in enumerate(reasons) if reason is None]
    if not good:
        return Choice(None, tuple(reasons))
    best = max(good, key=lambda index: (*_rank(candidates[index]), -index))
    return Choice(
        best, tuple("not-best" if i in good and i != best else reason for i, reason in enumerate(reasons))
    )


def _rank(measures: Measures) -> tuple[float, ...]:
    values = (measures.direction_similarity, measures.text_similarity, measures.image_similarity)
    return tuple(-math.inf if value is None else value for value in values)
