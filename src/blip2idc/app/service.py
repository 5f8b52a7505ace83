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
from blip2idc.images.decoding.deadline import Opener
from blip2idc.images.pair import MAX_PIXELS, ImagePair
from blip2idc.images.pixels import Region
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.explain.methods import DEFAULT_METHOD
from blip2idc.report.html.page import fit
from blip2idc.report.pictures.overlay import painted
from blip2idc.report.pictures.regions import heatmap_regions

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
        """Boxes around what the sentence points at, in pixels of the uploaded images."""
        return heatmap_regions(self.explanation.sentence, *self.sizes)

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
        boxes = heatmap_regions(self.explanation.sentence, self.shown.before.size, self.shown.after.size)
        return painted(self.shown, self.explanation.sentence, boxes)


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
