"""What the web page and its API do, without any web: two image files in, an `Answer` out.

In: paths of two uploaded files. Out: caption, probability, boxes and heatmaps. A refused image is one sentence that
names neither path nor file name, because it may go to somebody else than the owner of the server. Requests are opened
and measured side by side; those that wait for the model go through it together (`batching`), which changes what they
get by no more than rounding.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

from blip2idc.app.batching import Batcher
from blip2idc.app.measuring import Measurer
from blip2idc.app.settings import QUEUE
from blip2idc.difference import Difference, Explanation
from blip2idc.errors import ImageError, ModelError
from blip2idc.images.deadline import Opener
from blip2idc.images.pair import MAX_PIXELS, ImagePair
from blip2idc.images.pixels import Region
from blip2idc.model.explain.choice import BATCH_SIZE as EXPLAIN_BATCH_SIZE
from blip2idc.model.pair_captioner import OpenedPair, PairCaptioner
from blip2idc.report.html.page import fit
from blip2idc.report.pictures.overlay import painted

#: Pairs that go through the model together; more hardly go faster and let the first of them wait longer.
BATCH_SIZE = 16

_SHOWN = 1024  # longest side of the pictures that go back
_CAPTION, _EXPLAIN = "caption", "explain"
_MOST_OPENED = 4  # pairs that are opened and measured side by side: each may take a large image's memory


@dataclass(frozen=True, eq=False)
class Answer:
    """What there is to say of one pair.

    Attributes:
        shown: Both images, small enough to send back.
        sizes: (width, height) of the images as they were uploaded; boxes are in their pixels.
        difference: Caption, probability, verdict, changes.
        words: Of the sentence about the whole.
        method: How heatmaps are made.
        captioner: `model`, `adapter` and `layout`.
        explanation: With the maps, where they were asked for.
    """

    shown: ImagePair
    sizes: tuple[tuple[int, int], tuple[int, int]]
    difference: Difference
    words: tuple[str, ...]
    method: str
    captioner: dict[str, Any]
    explanation: Explanation | None = None

    @cached_property
    def regions(self) -> tuple[list[Region], list[Region]]:
        """Boxes of the changes, in pixels of the uploaded images."""
        changes = self.difference.changes
        return (
            [change.before_box for change in changes if change.before_box],
            [change.after_box for change in changes if change.after_box],
        )

    def to_dict(self) -> dict[str, Any]:
        """The answer as the API gives it."""
        return {
            **self.difference.to_dict(),
            "words": list(self.words),
            "method": self.method,
            "before_boxes": [list(region) for region in self.regions[0]],
            "after_boxes": [list(region) for region in self.regions[1]],
            **self.captioner,
        }

    def pictures(self, word: int | None = None) -> tuple[Image.Image, Image.Image]:
        """Both images with the heat of a word, or of the sentence with its boxes, painted in.

        Args:
            word: Index into the words; None for the sentence.

        Raises:
            ModelError: No maps were asked for.
        """
        if self.explanation is None:
            raise ModelError("pictures: this answer was asked for without heatmaps; ask for them")
        if word is not None:
            return painted(self.shown, self.explanation.by_word[word])
        shown = (self.shown.before, self.shown.after)
        before, after = (
            [_scaled(box, picture.width / size[0]) for box in boxes]
            for boxes, picture, size in zip(self.regions, shown, self.sizes, strict=True)
        )
        return painted(self.shown, self.explanation.sentence, (before, after))


def _scaled(box: Region, factor: float) -> Region:
    """A box in a picture that is shown smaller, at least one pixel large."""
    x, y, width, height = (round(factor * value) for value in box)
    return x, y, max(1, width), max(1, height)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A pair that waits for the model.

    Attributes:
        opened: For the captioner.
        shown: Both images, small enough to send back.
        sizes: (width, height) of the images as they were uploaded.
    """

    opened: OpenedPair
    shown: ImagePair
    sizes: tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, eq=False)
class _Desk:
    """Where one pair at a time is opened and measured, each in a process of its own."""

    opener: Opener
    measurer: Measurer


class DifferenceService:
    """Answers requests with one captioner.

    Args:
        captioner: Loaded once, used by all requests.
        method: How heatmaps are made; None for what suits the captioner best.
        max_pixels: Limit of width times height for each image.
        decode_seconds: How long the decoding of one image may take.
        batch_size: Most pairs that go through the model together.
        room: Requests that may be inside; more are refused.
    """

    def __init__(
        self,
        captioner: PairCaptioner,
        method: str | None = None,
        max_pixels: int = MAX_PIXELS,
        decode_seconds: float = 10.0,
        batch_size: int = BATCH_SIZE,
        room: int = QUEUE,
    ) -> None:
        self.captioner = captioner
        self.method = method or captioner.default_method
        self._desks: queue.SimpleQueue[_Desk] = queue.SimpleQueue()
        self._all_desks = [
            _Desk(Opener(decode_seconds, max_pixels), Measurer(captioner.layout))
            for _ in range(min(_MOST_OPENED, os.cpu_count() or 1))
        ]
        for desk in self._all_desks:
            self._desks.put(desk)
        sizes = {_CAPTION: batch_size, _EXPLAIN: min(batch_size, EXPLAIN_BATCH_SIZE)}
        self.batcher: Batcher[OpenedPair, Difference | Explanation] = Batcher(
            self._ask_model, sizes.__getitem__, room
        )

    def answer(self, before: str | Path | None, after: str | Path | None, *, heatmaps: bool = True) -> Answer:
        """Caption one pair and show where the captioner looked.

        Args:
            before: Path of an uploaded file; None where none was given.
            after: Likewise.
            heatmaps: Whether to show where it looked; the sentence alone is several times faster.

        Raises:
            ImageError: One of the two is missing or cannot be used.
            BusyError: Too many requests are inside.
        """
        with self.batcher.admitted() as ticket:
            prepared = self.prepare(before, after)
            return self.finish(prepared, ticket.submit(prepared.opened, kind_of(heatmaps)).result())

    def prepare(self, before: str | Path | None, after: str | Path | None) -> Prepared:
        """Open and measure a pair: what needs no model; see `answer`."""
        desk = self._desks.get()
        try:
            pair = ImagePair(_open(desk.opener, before, "before"), _open(desk.opener, after, "after"))
            shown = ImagePair(fit(pair.before, _SHOWN), fit(pair.after, _SHOWN))
            return Prepared(desk.measurer.measure(pair), shown, (pair.before.size, pair.after.size))
        finally:
            self._desks.put(desk)

    def finish(self, prepared: Prepared, found: Difference | Explanation) -> Answer:
        """The answer from what the model said of a pair."""
        difference = found if isinstance(found, Difference) else found.difference
        return Answer(
            prepared.shown,
            prepared.sizes,
            difference,
            self.captioner.words(difference) if isinstance(found, Difference) else found.words,
            self.method,
            self.captioner.describe(),
            None if isinstance(found, Difference) else found,
        )

    def close(self) -> None:
        """End the thread that captions and the processes that decode."""
        self.batcher.close()
        for desk in self._all_desks:
            desk.opener.close()
            desk.measurer.close()

    def _ask_model(self, kind: str, pairs: Sequence[OpenedPair]) -> Sequence[Difference | Explanation]:
        sparing = self.captioner.beside_others() if len(pairs) > 1 else nullcontext()
        with sparing:  # others are being opened and measured then
            if kind == _EXPLAIN:
                return list(self.captioner.explain_stream(pairs, self.method, len(pairs)))
            return list(self.captioner.stream(pairs, len(pairs)))


def kind_of(heatmaps: bool) -> str:
    """Which requests go through the model together."""
    return _EXPLAIN if heatmaps else _CAPTION


def _open(opener: Opener, source: str | Path | None, role: str) -> Image.Image:
    if source is None:
        raise ImageError(f"the image {role} is missing; choose two images")
    return opener.open(Path(source), f"the image {role}")
