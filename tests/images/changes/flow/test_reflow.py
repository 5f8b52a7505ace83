"""What explains pieces of a page that are elsewhere, and which pieces nothing explains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes.flow.explained import with_reflow
from blip2idc.images.changes.result import Fact, MeasuredChange

Words = tuple[int, int, str]


def page(*drawn: Words, boxes: Sequence[tuple[int, int, int, int]] = ()) -> np.ndarray:
    image = Image.new("RGB", (480, 400), "#f5f7fb")
    draw = ImageDraw.Draw(image)
    draw.text((20, 12), "Reports of the river station", "#222222", ImageFont.truetype("DejaVuSans.ttf", 20))
    for box in boxes:
        draw.rectangle((box[0], box[1], box[0] + box[2] - 1, box[1] + box[3] - 1), "#2f6fb0")
    for x, y, words in drawn:
        draw.text((x, y), words, "#222222", ImageFont.truetype("DejaVuSans.ttf", 15))
    return np.asarray(image)


def told(before: np.ndarray, after: np.ndarray, *changes: MeasuredChange) -> list[MeasuredChange]:
    return with_reflow(before, after, (before != after).any(axis=2), changes, 4)


def at(*box: int, facts: tuple[Fact, ...] = (), other: tuple[int, ...] | None = None) -> MeasuredChange:
    return MeasuredChange(box, other or box, facts)  # type: ignore[arg-type]


WORDS = (60, 120, "Opening hours")
PLACE = (56, 116, 120, 26)


def test_words_alone_on_a_page_that_are_gone_or_new() -> None:
    """Nothing was measured of the place."""
    for before, after, kind in ((page(WORDS), page(), "disappeared"), (page(), page(WORDS), "appeared")):
        (change,) = told(before, after, at(*PLACE))
        assert [fact.kind for fact in change.facts] == [kind]
        assert (change.before_box, change.after_box) == (
            (PLACE, None) if kind == "disappeared" else (None, PLACE)
        )


def test_words_alone_beside_others_are_told_without_these() -> None:
    beside = (190, 120, "Call")
    for before, after in (
        (page(WORDS, beside), page(beside)),
        (page(beside), page(WORDS, beside)),
    ):
        (change,) = told(before, after, at(56, 118, 176, 20))
        box = change.before_box or change.after_box
        assert box is not None
        assert 58 <= box[0] < box[0] + box[2] < 180


def test_words_that_are_little_of_what_changed_are_not_told_for_all_of_it() -> None:
    change = at(20, 60, 400, 300)
    assert told(page(WORDS), page(), change) == [change]


def test_what_was_measured_of_words_that_came_alone_stays() -> None:
    change = at(*PLACE, facts=(Fact("moved", {"dx": 3, "dy": 0}),))
    assert told(page(), page(WORDS), change) == [change]


def test_what_lies_elsewhere_is_not_explained() -> None:
    change = at(300, 300, 40, 30)
    assert told(page(WORDS), page(), change) == [change]


def test_words_that_the_edge_cuts_off_neither_came_nor_went() -> None:
    words = (-3, 120, "Opening hours")
    change = at(0, 116, 120, 26)
    assert told(page(words), page(), change) == [change]


OLD, NEW = (60, 220, "Subscribe"), (75, 126, "Subscribe")


def test_words_that_went_askew_with_what_differs_beside_them() -> None:
    icon = (52, 128, 9, 9)
    changes = at(56, 216, 90, 26), at(48, 122, 120, 26)
    (change,) = told(page(OLD), page(NEW, boxes=[icon]), *changes)
    assert change.facts == (Fact("moved", {"dx": 15, "dy": -94}),)
    assert change.before_box is not None
    assert change.before_box[:2] == pytest.approx((60, 223), abs=3)


def test_what_came_far_from_words_that_went_askew_is_not_told_for_them() -> None:
    changes = [at(56, 216, 90, 26), at(71, 122, 97, 26), at(300, 200, 30, 20)]
    assert told(page(OLD), page(NEW, boxes=[(300, 200, 30, 20)]), *changes) == changes
