"""What the web page and its API do, without any web: two image files in, an `Answer` out.

In: paths of two uploaded files. Out: caption, probability, boxes and heatmaps. A refused image is one sentence that
names neither path nor file name, because it may go to somebody else than the owner of the server. One request uses the
model at a time, so that concurrent requests get what single ones get.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

from blip2idc.difference import Explanation
from blip2idc.errors import ImageError
from blip2idc.images.deadline import Opener
from blip2idc.images.pair import MAX_PIXELS, ImagePair
from blip2idc.images.pixels import Region
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.explain.choice import DEFAULT_METHOD
from blip2idc.report.html.page import fit
from blip2idc.report.pictures.overlay import painted

_SHOWN = 1024  # longest side of the pictures that go back


@dataclass(frozen=True, eq=False)
class Answer:
    """What there is to say of one pair.

    Attributes:
        shown: Both images, small enough to send back.
        sizes: (width, height) of the images as they were uploaded; boxes are in their pixels.
        explanation: Caption, probability, words, maps.
        captioner: `model`, `adapter` and `layout`.
    """

    shown: ImagePair
    sizes: tuple[tuple[int, int], tuple[int, int]]
    explanation: Explanation
    captioner: dict[str, Any]

    @cached_property
    def regions(self) -> tuple[list[Region], list[Region]]:
        """Boxes of the changes, in pixels of the uploaded images."""
        changes = self.explanation.difference.changes
        return (
            [change.before_box for change in changes if change.before_box],
            [change.after_box for change in changes if change.after_box],
        )

    def to_json(self) -> dict[str, Any]:
        """The answer as the API gives it."""
        return {
            **self.explanation.to_dict(),
            "before_boxes": [list(region) for region in self.regions[0]],
            "after_boxes": [list(region) for region in self.regions[1]],
            **self.captioner,
        }

    def pictures(self, word: int | None = None) -> tuple[Image.Image, Image.Image]:
        """Both images with the heat of a word, or of the sentence with its boxes, painted in.

        Args:
            word: Index into the words; None for the sentence.
        """
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


class DifferenceService:
    """Answers requests with one captioner.

    Args:
        captioner: Loaded once, used by all requests.
        method: How heatmaps are made.
        max_pixels: Limit of width times height for each image.
        opener: Opens the images, with a limit of its own; made with `max_pixels` otherwise.
    """

    def __init__(
        self,
        captioner: DifferenceCaptioner,
        method: str = DEFAULT_METHOD,
        max_pixels: int = MAX_PIXELS,
        opener: Opener | None = None,
    ) -> None:
        self.captioner = captioner
        self.method = method
        self.opener = opener or Opener(max_pixels=max_pixels)
        self._one_at_a_time = threading.Lock()

    def answer(self, before: str | Path | None, after: str | Path | None) -> Answer:
        """Caption one pair and show where the captioner looked.

        Args:
            before: Path of an uploaded file; None where none was given.
            after: Likewise.

        Raises:
            ImageError: One of the two is missing or cannot be used.
        """
        pair = ImagePair(self._open(before, "before"), self._open(after, "after"))
        with self._one_at_a_time:
            explanation = next(self.captioner.explain_stream([pair], self.method))
        shown = ImagePair(fit(pair.before, _SHOWN), fit(pair.after, _SHOWN))
        return Answer(shown, (pair.before.size, pair.after.size), explanation, self.captioner.describe())

    def _open(self, source: str | Path | None, role: str) -> Image.Image:
        if source is None:
            raise ImageError(f"the image {role} is missing; choose two images")
        return self.opener.open(Path(source), f"the image {role}")

    def close(self) -> None:
        """End the process that decodes."""
        self.opener.close()
