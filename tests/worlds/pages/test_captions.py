# ruff: noqa: E501
import pytest

from blip2idc.worlds.pages.captions import (
    REVERSED_KINDS,
    TEMPLATES,
    captions_of,
    color_of,
    joined,
    kinds_of_caption,
    place_of,
)

VALUES = {
    "text": ("Send", "Submit"), "number": ("49", "1,999.50"), "text_color": ("rgb(0, 0, 0)", "rgb(35, 90, 220)"),
    "background": ("rgb(35, 90, 220)", "rgb(214, 40, 40)"), "border": ("", "rgb(214, 40, 40)"), "font_size": ("smaller", "larger"),
    "resized": ("larger", "smaller"), "font_weight": ("regular", "bold"), "gap": ("smaller", "larger"), "text_style": ("", "underlined"), "moved": ("left", "right"),
    "rounded": ("square", "round"), "spacing": ("closer together", "further apart"), "alignment": ("left-aligned", "centered"),
    "theme": ("light", "dark"), "language": ("another language", "German"),
}  # fmt: skip
MODES = {"spacing": "letters", "cookie_banner": "top"}


def told_of(kind: str, name: str = "Continue", where: str = "in the second card") -> dict[str, object]:
    old, new = VALUES.get(kind, ("", ""))
    page = kind in ("theme", "language", "style_missing", "dialog", "cookie_banner")
    return {"role": "page" if page else "button", "name": name, "where": where, "old": old, "new": new, "other": "Cancel",
            "noun": "price", "mode": MODES.get(kind, ""), "before": [0, 0, 90, 30], "after": None}  # fmt: skip


@pytest.mark.parametrize("kind", TEMPLATES)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("name", ["Continue", "", "Is missing and was removed"])
def test_every_sentence_tells_its_kind_and_no_other(kind: str, backwards: bool, name: str) -> None:
    expected = REVERSED_KINDS.get(kind, kind) if backwards else kind
    for caption in captions_of(kind, told_of(kind, name), (500, 400), backwards):
        assert kinds_of_caption(caption) == {expected}, caption
        assert "{" not in caption


@pytest.mark.parametrize(
    ("caption", "kind"),
    [("the wording of the heading changed", "text"), ("the price changed", "number"), ("the date went", None),
     ("the text of the heading turned", None)],
)  # fmt: skip
def test_what_could_not_be_read_is_left_out(caption: str, kind: str | None) -> None:
    assert kinds_of_caption(caption) == ({kind} if kind else set())


def test_several_changes_are_told_together() -> None:
    parts = [captions_of(kind, told_of(kind), (500, 400)) for kind in ("number", "background")]
    for caption in joined(parts):
        assert kinds_of_caption(caption) == {"several"}, caption
    parts = (
        'the picture in the card "Plans" is shown again',
        'the "Ravi" text is no longer faded',
        "the badge turned from red to blue",
    )
    assert kinds_of_caption(" and ".join(parts)) == {"several"}
    assert kinds_of_caption("a cat sat on the mat") == frozenset()


def test_words_for_places_and_colors() -> None:
    assert place_of((0, 0, 10, 10), (300, 300)) == "at the top left"
    assert place_of((145, 145, 10, 10), (300, 300)) == "in the middle"
    assert color_of("rgba(210, 45, 38, 0.5)") == (210, 45, 38)
    assert color_of("color(srgb 1 0 0.5)") == (255, 0, 128)
