"""Which sentence is told: facts beat the captioner where it contradicts them, and stand in where it sees nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blip2idc.difference import Difference
from blip2idc.images.changes.result import FACT_KINDS, Fact, MeasuredChange
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.model.look.claims import _MAY_CLAIM, agrees, claims, contradicts
from blip2idc.model.look.close_look import CloseLook
from blip2idc.model.look.places import change_of_heatmap, place_of
from blip2idc.model.look.telling import tell
from blip2idc.worlds.edits.captions import TEMPLATES

SIZES = ((1280, 800), (1280, 800))
BLUE_TO_GREEN = Fact(
    "recoloured", {"from": "blue", "from_hex": "#0000ff", "to": "light green", "to_hex": "#00ff00"}
)
SURE, UNSURE = Difference("a cube was added at the bottom", 0.99, True), Difference("the same", 0.1, False)


def measured(*facts: Fact, sentence: str = "something changed") -> MeasuredChange:
    return MeasuredChange((900, 20, 50, 40), (900, 20, 50, 40), facts, sentence)


def look(*places: MeasuredChange, **settings: object) -> CloseLook:
    crops = (None,) * len(places)
    return CloseLook(SIZES, "aligned", places, crops, len(places), certain=True, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("caption", "facts", "wrong"),
    [
        ("the cube was removed", [Fact("appeared")], True),
        ("the cube was added", [Fact("appeared")], False),
        ("a white block was added", [Fact("disappeared")], True),
        ("the picture was cropped and enlarged", [Fact("appeared")], True),
        ("the button turned green", [BLUE_TO_GREEN], False),
        ("the button turned red", [BLUE_TO_GREEN], True),
        ("the area is blurry now", [Fact("sharpened")], True),
        ("nothing has changed", [Fact("moved", {"dx": 3, "dy": 0})], True),
        ("something was duplicated in the middle", [Fact("moved", {"dx": 3, "dy": 0})], True),
        ("something was duplicated in the middle", [Fact("appeared")], False),
        ("the man put on a hat", [Fact("appeared")], False),
        ("the cube was removed", [], False),
    ],
)
def test_a_sentence_contradicts_a_sure_fact(caption: str, facts: list[Fact], wrong: bool) -> None:
    assert contradicts(caption, facts) is wrong


def test_a_sentence_about_another_thing_does_not_fit() -> None:
    button = MeasuredChange(None, (0, 0, 9, 9), (BLUE_TO_GREEN,), thing="blue button")
    assert not agrees("the blue rubber cube is green now", button)
    assert agrees("the button is green now", button)
    assert not agrees("the area turned green", button), "it calls the thing less than what it is"
    assert not agrees("the picture was cropped and enlarged", MeasuredChange(None, (0, 0, 9, 9)))
    assert agrees("the blue rubber cube is green now", MeasuredChange(None, (0, 0, 9, 9), (BLUE_TO_GREEN,)))


def test_every_fact_has_claims_that_fit() -> None:
    assert set(_MAY_CLAIM) == set(FACT_KINDS)


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        ("region_blur", "blurred"),
        ("region_cover", "covered"),
        ("region_remove", "disappeared"),
        ("text", "appeared"),
        ("brighten", "brighter"),
        ("darken", "darker"),
    ],
)
def test_what_the_model_was_taught_to_say_agrees_with_its_fact(kind: str, fact: str) -> None:
    for template in TEMPLATES[kind]:
        sentence = template.format(color="red", place="in the middle", side="left")
        assert not contradicts(sentence, [Fact(fact)]), (sentence, claims(sentence))


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ((0, 0, 10, 10), "in the top left"),
        ((1270, 790, 10, 10), "in the bottom right"),
        ((600, 380, 80, 40), "in the middle"),
        ((0, 62, 1280, 58), "at the top"),
        ((1200, 380, 80, 40), "on the right"),
    ],
)
def test_places_in_words(box: tuple[int, int, int, int], place: str) -> None:
    assert place_of(box, (1280, 800)) == place


def test_the_captioner_is_believed_where_nothing_contradicts_it() -> None:
    found = tell(UNSURE, look(measured(Fact("appeared"))), [SURE], seen=False)
    assert found.caption == "a cube was added in the top right"  # its own place is that in the crop
    assert found.changed
    assert found.change_probability == 1.0
    assert [(change.kind, change.place) for change in found.changes] == [("add", "in the top right")]


def test_the_plain_sentence_stands_in() -> None:
    place = measured(Fact("disappeared"), sentence="something disappeared")
    for said in (SURE, UNSURE):  # it contradicts, it sees nothing
        found = tell(UNSURE, look(place), [said], seen=True)
        assert found.caption == found.changes[0].caption == "something in the top right disappeared"


def test_words_that_were_read_are_told() -> None:
    place = MeasuredChange(
        (900, 20, 50, 40), (900, 20, 50, 40), before_text="49.00 €", after_text="99.00 €", thing="text"
    )
    found = tell(SURE, look(place), [SURE], seen=True)
    assert found.caption == "the text '49.00 €' in the top right changed to '99.00 €'"
    (change,) = found.changes
    assert (change.kind, change.before_text, change.after_text) == ("text", "49.00 €", "99.00 €")


def test_the_whole_is_told_where_it_was_seen() -> None:
    whole = Difference("the cube was added", 0.9, True, tokens=(1, 2))
    place = measured(Fact("appeared"), sentence="something appeared")
    assert tell(whole, look(place), [UNSURE], seen=True).caption == whole.caption
    assert tell(whole, look(place), [UNSURE], seen=False).caption == "something appeared in the top right"
    assert tell(whole, look(place), [UNSURE], seen=True).tokens == (1, 2)


def test_several_changes_in_one_sentence() -> None:
    place = measured(sentence="something moved")
    two = tell(UNSURE, look(place, place), [UNSURE, UNSURE], seen=False)
    assert two.caption == "something moved in the top right and something moved in the top right"
    four = tell(UNSURE, look(*[place] * 4), [UNSURE] * 4, seen=False)
    assert four.caption == "something moved in the top right, and 3 more changes"
    assert len(four.changes) == 4


def test_equal_images_did_not_change_whatever_the_captioner_says() -> None:
    found = tell(SURE, CloseLook(SIZES, "aligned", identical=True), [], seen=True)
    assert (found.caption, found.changed, found.change_probability) == ("there is no change", False, 0.0) or (
        not found.changed and "add" not in found.caption
    )
    assert tell(UNSURE, CloseLook(SIZES, "aligned", identical=True), [], seen=True).caption == UNSURE.caption


def test_what_is_not_certain_in_a_small_picture_is_the_captioners_judgement() -> None:
    small = CloseLook(SIZES, "aligned", (measured(),), (None,), 1, small=True)
    assert not tell(UNSURE, small, [UNSURE], seen=True).changed
    assert tell(UNSURE, small, [UNSURE], seen=True).changes == ()
    large = CloseLook(SIZES, "aligned", (measured(),), (None,), 1)
    assert tell(UNSURE, large, [UNSURE], seen=True).changed
    assert 0.5 < tell(UNSURE, large, [UNSURE], seen=True).change_probability < 1


def test_places_from_a_heatmap() -> None:
    import numpy as np

    cells = np.zeros((4, 8), np.float32)
    hot = cells.copy()
    hot[0, 7] = 1
    change = change_of_heatmap(SURE, PairHeatmap(cells, hot), SIZES)
    assert change.before_box is None
    assert change.after_box is not None
    assert change.place == "in the top right"
    assert change.caption == SURE.caption
    assert change_of_heatmap(SURE, None, SIZES).before_box == (0, 0, 1280, 800)


def test_sentences_of_web_pages_claim_what_they_tell() -> None:
    colored = Fact("recoloured", {"from": "black", "to": "blue"})
    for sentence in (
        'the text of the "Add to cart" button turned from black to blue',
        'the "New" heading is written in blue instead of black',
    ):
        assert not contradicts(sentence, [colored]), (sentence, claims(sentence))
    assert claims('the "Add to cart" button turned from light red to dark blue') == {"color"}
    assert claims('the "Search" field is no longer focused') == {"frame"}
    assert claims("the car is no longer there") == {"disappear"}


def test_an_adapter_of_ones_own_keeps_its_words() -> None:
    """Where it sees a change in the whole; where it sees none, what was measured is told."""
    measured = MeasuredChange((10, 10, 30, 30), (10, 10, 30, 30), (Fact("appeared"),), "something appeared")
    look = CloseLook(((640, 480),) * 2, "aligned", (measured,), (None,), 1, certain=True)
    whole = Difference("a building appears in the bare land", 0.9, True)
    told = tell(whole, look, [whole], seen=False, own_words=True)
    assert told.caption == whole.caption
    assert len(told.changes) == 1
    blind = Difference("the scene is the same as before", 0.1, False)
    assert tell(blind, look, [blind], seen=False, own_words=True).caption.startswith("something appeared")


def test_a_thing_is_called_by_the_words_on_it() -> None:
    place = MeasuredChange(
        (900, 20, 50, 40),
        (900, 20, 50, 40),
        (BLUE_TO_GREEN,),
        "the blue button turned light green",
        thing="blue button",
    )
    named = replace(place, name="Continue")
    said = Difference("the button turned from blue to light green", 0.9, True)
    told = tell(said, look(named), [said], seen=False).changes[0]
    assert told.caption == "the button 'Continue' turned from blue to light green"
    assert (told.before_text, told.after_text) == (None, None), "these are the words that changed"
    plain = tell(UNSURE, look(named), [UNSURE], seen=False).caption
    assert "button 'Continue'" in plain
    assert "Continue" not in tell(said, look(place), [said], seen=False).caption
