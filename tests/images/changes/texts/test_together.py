"""Parts of one thing, which are told as one change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes.pictures import open_pictures
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.texts.together import in_order, moved_words, pieces_of_lines, together

ROW = {"June, 25": (40, 100, 80, 14), "$120 PDF": (460, 108, 76, 14), "#QW-103578": (40, 120, 90, 12)}


def page(more: str = "") -> Image.Image:
    """A page with a row of words, and with others in its midst."""
    image = Image.new("RGB", (600, 240), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.truetype("DejaVuSans.ttf", 12)
    for words, box in ROW.items():
        draw.text(box[:2], words, "#222222", font)
    draw.text((260, 108), more, "#222222", font)
    return image


def appeared(words: str | None, box: Box, thing: str = "text") -> MeasuredChange:
    return MeasuredChange(
        box, box, (Fact("appeared"),), after_text=words, thing=thing, pixels=10, difference=90
    )


def faded(name: str | None, box: Box, percent: int = 30, side: str = "after") -> MeasuredChange:
    return MeasuredChange(
        box, box, (Fact("faded", {"in": side, "percent": percent}),), name=name, thing="text"
    )


def test_a_row_that_appeared_is_one_change() -> None:
    pair = open_pictures(Image.new("RGB", (600, 240), "white"), page())
    (change,) = together(*pair, [appeared(words, box) for words, box in ROW.items()])
    assert change.sentence == "the text 'June, 25 #QW-103578 $120 PDF' appeared"
    assert change.after_box == (40, 100, 496, 32)
    assert (change.before_text, change.pixels) == (None, 30)


def test_parts_with_other_words_between_them_are_told_one_by_one() -> None:
    pair = open_pictures(page("stays here"), page("stays here"))
    told = together(*pair, [appeared(words, box) for words, box in ROW.items()])
    assert [change.after_text for change in told] == ["June, 25\n#QW-103578", "$120 PDF"]


def test_what_stands_far_apart_is_told_one_by_one() -> None:
    pair = open_pictures(page(), page())
    far = appeared("far below", (40, 200, 80, 14))
    assert together(*pair, [appeared("June, 25", ROW["June, 25"]), far])[1] == far


def test_a_drawing_that_appeared_beside_words_belongs_to_them() -> None:
    pair = open_pictures(Image.new("RGB", (600, 240), "white"), page())
    words, drawing = appeared("June, 25", ROW["June, 25"]), appeared(None, (20, 100, 14, 14), "grey shape")
    (change,) = together(*pair, [drawing, words])
    assert (change.after_text, change.after_box) == ("June, 25", (20, 100, 100, 14))
    picture = replace(drawing, thing="picture")
    assert together(*pair, [picture, words]) == [picture, words]
    assert together(*pair, [drawing, replace(drawing, after_box=(20, 130, 14, 14))])[0] == drawing, "no words"


@pytest.mark.parametrize("other", [{"percent": 60}, {"side": "before"}])
def test_what_faded_alike_is_one_change(other: dict[str, object]) -> None:
    pair = open_pictures(page(), page())
    parts = [faded(words, box) for words, box in ROW.items()]
    (change,) = together(*pair, parts)
    assert change.name == "June, 25 #QW-103578 $120 PDF"
    assert change.sentence == "the text faded, it became fainter"
    unlike = [faded(words, box, **other) for words, box in list(ROW.items())[:1]]  # type: ignore[arg-type]
    assert together(*pair, [*unlike, *parts[1:]])[0] == unlike[0]


def test_parts_are_read_from_left_to_right_and_from_top_to_bottom() -> None:
    grid = {"a": (0, 0, 20, 10), "b": (60, 0, 20, 10), "c": (0, 30, 20, 10), "d": (60, 30, 20, 10)}
    for boxes, order in ((grid, "abcd"), ({**grid, "b": (60, 15, 20, 20)}, "acbd")):
        parts = [appeared(words, box) for words, box in reversed(boxes.items())]
        assert "".join(str(part.after_text) for part in in_order(parts)) == order


def test_the_pieces_of_a_line_below_words_are_one() -> None:
    fact = Fact("underlined", {"in": "after", "as": "underlined"})
    one, other, lower = (
        MeasuredChange(box, box, (fact,)) for box in ((40, 90, 30, 2), (76, 90, 50, 2), (40, 130, 30, 2))
    )
    assert [change.after_box for change in pieces_of_lines([one, lower, other])] == [
        (40, 90, 86, 2),
        (40, 130, 30, 2),
    ]
    assert len(pieces_of_lines([one, replace(other, facts=(Fact("appeared"),))])) == 2


def test_words_that_are_gone_here_and_new_there_moved() -> None:
    gone = MeasuredChange((40, 90, 60, 12), (40, 90, 60, 12), (Fact("disappeared"),), before_text="Our team")
    (change,) = moved_words([gone, appeared("Our team", (90, 120, 60, 12))])
    assert (change.name, change.facts[0].values) == ("Our team", {"dx": 50, "dy": 30})
