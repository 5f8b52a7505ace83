"""What the comparison of two images measured: plain, frozen data, without torch and without OpenCV.

`Comparison` is the whole answer, `MeasuredChange` one place, `Fact` one measured statement about it, `Alignment` how
the two images lie on each other. Boxes are (x, y, width, height) in whole pixels of the image they belong to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: (x, y, width, height) in whole pixels.
Box = tuple[int, int, int, int]

AlignmentKind = Literal["aligned", "shifted", "rows", "scaled", "none"]
Judgement = Literal["identical", "compact", "diffuse", "unaligned"]

#: Every kind of `Fact`, in no order.
FACT_KINDS = (
    "appeared",
    "disappeared",
    "moved",
    "resized",
    "recoloured",
    "blurred",
    "sharpened",
    "brighter",
    "darker",
    "covered",
    "noise",
    "outlined",
    "rounded",
    "shadowed",
    "theme",
    "unstyled",
    "panel",
    "swapped",
    "replaced",
    "faded",
    "greyed",
    "bold",
    "italic",
    "underlined",
    "capitals",
    "aligned",
    "spaced",
    "checked",
    "gap",
    "scroll_bar",
    "caret",
    "clock",
    "overflow",
    "broken",
    "language",
)

_IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


@dataclass(frozen=True)
class RowRun:
    """Rows that both images have: `length` rows from `before` are those from `after` on."""

    before: int
    after: int
    length: int


@dataclass(frozen=True)
class Alignment:
    """How the two images lie on each other.

    Attributes:
        kind: ``aligned`` (pixel on pixel), ``shifted`` (moved, by fractions of a pixel too), ``rows`` (rows were
            inserted or removed), ``scaled`` (also resized, or turned a little), ``none`` (nothing common was found).
        matrix: 2 x 3, takes pixel coordinates of before to those of after; the identity for ``rows`` and ``none``.
        rows: For ``rows``, the runs of rows that belong together, from top to bottom; else empty.
        agreement: Share (0..1) of the structure both images show that agrees under this alignment.
    """

    kind: AlignmentKind
    matrix: tuple[tuple[float, float, float], tuple[float, float, float]] = _IDENTITY
    rows: tuple[RowRun, ...] = ()
    agreement: float = 1.0

    @property
    def scale(self) -> float:
        """Pixels of after for one pixel of before."""
        (a, b, _), (c, d, _) = self.matrix
        return float(abs(a * d - b * c) ** 0.5)

    @property
    def shift(self) -> tuple[float, float]:
        """(dx, dy) by which the origin of before moved."""
        return self.matrix[0][2], self.matrix[1][2]


@dataclass(frozen=True)
class Fact:
    """One measured statement about a change.

    Attributes:
        kind: One of `FACT_KINDS`.
        values: ``moved``: ``dx``, ``dy`` in pixels; ``resized``: ``factor``; ``recoloured``: ``from``, ``from_hex``,
            ``to``, ``to_hex``; ``covered``: ``by``, ``by_hex``; ``brighter``, ``darker``: ``levels`` (of 255);
            ``outlined``: ``by``, ``by_hex``; ``theme``: ``to`` (``dark``, ``light``); ``panel``: ``as`` (``dialog``,
            ``banner``, ``panel``); ``spaced``: ``mode`` (``letters``, ``lines``); ``aligned``: ``to`` (``left``,
            ``centre``, ``right``); ``underlined``: ``as`` (or ``crossed out``); ``faded``: ``percent`` that is left;
            ``gap``: ``pixels``; ``language``: ``from``, ``to``.
            What one image has and the other has not (``outlined``, ``rounded``, ``shadowed``,
            ``unstyled``, ``panel``, ``faded``, ``greyed``, ``bold``, ``italic``, ``underlined``, ``capitals``,
            ``spaced``, ``checked``, ``scroll_bar``, ``caret``, ``overflow``, ``broken``) names it as ``in``: ``before``
            or ``after``. Else empty.
    """

    kind: str
    values: Mapping[str, int | float | str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """``{"kind": ..., **values}``, plain JSON values."""
        return {"kind": self.kind, **self.values}


@dataclass(frozen=True)
class MeasuredChange:
    """One place in which the two images differ, as measured, before any model speaks.

    Attributes:
        before_box: The place in the image before; None where the thing is not there (rows that were inserted).
        after_box: The place in the image after; None where there is no such place (rows that were removed).
        facts: What is sure of it, most telling first; empty where nothing is.
        sentence: A plain sentence made of the facts.
        strength: How far the difference stands out of the pair's noise; 1 is the threshold.
        pixels: Pixels that differ in it.
        difference: Mean difference over these pixels, 0..255, of the channel that differs most.
        thing: What it happened to, as far as its pixels tell: ``blue button``, ``text``; empty where they do not.
        before_text: What was written here before, the words that changed; None where nothing was read (extra `[ocr]`).
        after_text: Likewise after.
        name: What is written on the thing before and after alike, such as the word of a button; None likewise.
    """

    before_box: Box | None
    after_box: Box | None
    facts: tuple[Fact, ...] = ()
    sentence: str = "something changed"
    strength: float = 1.0
    pixels: int = 0
    difference: float = 0.0
    thing: str = ""
    before_text: str | None = None
    after_text: str | None = None
    name: str | None = None

    @property
    def is_read(self) -> bool:
        """Whether other words were read before and after."""
        return self.before_text != self.after_text

    def fact(self, kind: str) -> Fact | None:
        """The fact of a kind, None where it is not stated."""
        return next((fact for fact in self.facts if fact.kind == kind), None)


@dataclass(frozen=True)
class Noise:
    """The noise of a pair, estimated from the pair itself.

    Attributes:
        level: Typical difference of places that did not change, 0..255; 0 where they are equal to the pixel.
        edges: Typical difference beside edges and in texture.
        gain: Factor between the brightness of before and after (1 where the light is the same).
        offset: What is added to it, in levels of 255.
        sources: What it looks like: of ``light``, ``re-encoding``, ``rendering`` (letters drawn anew, fractions of a
            pixel apart), ``resampling``.
    """

    level: float = 0.0
    edges: float = 0.0
    gain: float = 1.0
    offset: float = 0.0
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """How two images differ.

    Attributes:
        before_size: (width, height).
        after_size: (width, height).
        alignment: How they lie on each other.
        judgement: ``identical``; ``compact``: there are places that changed, listed in `changes`; ``diffuse``: values
            differ, but nowhere more than the noise of the pair; ``unaligned``: no common geometry, so no places.
        changes: The places, the most telling first; empty unless the judgement is ``compact``.
        share: Share (0..1) of the pixels that the two have in common, and of rows only one has, that differ at all.
        compact_share: Share that belongs to the changes.
        noise: What was found of noise.
    """

    before_size: tuple[int, int]
    after_size: tuple[int, int]
    alignment: Alignment
    judgement: Judgement
    changes: tuple[MeasuredChange, ...] = ()
    share: float = 0.0
    compact_share: float = 0.0
    noise: Noise = Noise()

    @property
    def changed(self) -> bool:
        """Whether something changed beyond noise; True where the two could not be laid on each other."""
        return self.judgement in ("compact", "unaligned")

    @property
    def size_sentence(self) -> str | None:
        """``7 pixels taller``, ``12 pixels narrower and 3 pixels shorter``; None where the sizes are equal."""
        wider = self.after_size[0] - self.before_size[0]
        taller = self.after_size[1] - self.before_size[1]
        parts = [
            f"{abs(count)} pixel{'s' * (abs(count) != 1)} {more if count > 0 else less}"
            for count, more, less in ((wider, "wider", "narrower"), (taller, "taller", "shorter"))
            if count
        ]
        return " and ".join(parts) or None
