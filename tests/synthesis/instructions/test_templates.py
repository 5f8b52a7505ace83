"""Templates: grammatical edits of what a caption names, and of whole images."""

from __future__ import annotations

import random
import re

import pytest

from blip2idc.synthesis.instructions.template_words import SINGULARS, SWAPS, THINGS, WHOLE, plural_of
from blip2idc.synthesis.instructions.templates import UNKNOWN, Proposal, propose, with_article
from blip2idc.synthesis.language_models.sentences import fault_of, imperative_fault

CAPTIONS = (
    "A black dog sitting on a bench next to a man.",
    "two horses in a field with an old red barn",
    "An umbrella near the pool",
    "a man riding a wave on a surfboard",
    "A red car parked on the street and a bicycle",
    "several elephants walking in a line",
    "The cat is sleeping on a pillow",
    "a child with a teddy bear",
    "a plate of donuts",
)


def all_of(caption: str | None, seeds: int = 10) -> list[Proposal]:
    return [one for seed in range(seeds) for one in propose(caption, random.Random(seed))]


def said(caption: str) -> dict[str, Proposal]:
    return {one.text: one for one in all_of(caption, 100)}


def test_edits_of_things_are_grammatical() -> None:
    dog = said("A black dog sitting on a bench next to a man.")
    assert dog["Turn the dog into an elephant"].after == "A black elephant sitting on a bench next to a man"
    assert dog["Turn the dog into an elephant"].caption == "the dog has become an elephant"
    assert dog["Make the bench orange"].after == "A black dog sitting on an orange bench next to a man"
    assert dog["Make the bench orange"].caption == "the bench is now orange"
    assert dog["Remove the man"].after == "A black dog sitting on a bench"
    assert dog["Remove the man"].before == "A black dog sitting on a bench next to a man"
    assert (
        dog["Put a crown on the dog"].after == "A black dog wearing a crown sitting on a bench next to a man"
    )
    assert (
        dog["Make the bench out of gold"].after == "A black dog sitting on a bench made of gold next to a man"
    )
    assert "Remove the dog" not in dog
    assert said("An umbrella near the pool")["Make the umbrella red"].after == "A red umbrella near the pool"
    assert said("a red car")["Make the car orange"].after == "an orange car"
    horses = said("two horses in a field")
    assert horses["Turn the horses into wolves"].after == "two wolves in a field"
    assert horses["Turn the horses into wolves"].caption == "the horses have become wolves"
    assert horses["Make the horses out of ice"].caption == "the horses are now made of ice"


@pytest.mark.parametrize(
    ("caption", "unsaid"),
    [
        ("a hot dog on a plate", "dog"),
        ("a car door", "car"),
        ("a car door", "door"),
        ("a dog house", "dog"),
        ("a herd of horses", "horses"),
        ("a dog and another dog", "dog"),
        ("people train there", "train"),
        ("a teddy bear", "the bear"),
    ],
)
def test_words_that_do_not_name_one_thing_plainly_are_left_alone(caption: str, unsaid: str) -> None:
    for text in said(caption):
        assert not re.search(rf"(?<!hot ){unsaid}\b", text), text


def test_a_colour_that_is_there_is_not_proposed_again() -> None:
    assert not [text for text in said("a red car") if text == "Make the car red"]
    assert not [
        text for text in said("the car is red") if text.startswith("Make the car") and "out of" not in text
    ]
    assert not [text for text in said("a picnic table in a park") if "Make the table r" in text]


def test_every_sentence_passes_the_checks() -> None:
    for caption in (*CAPTIONS, None):
        found = all_of(caption)
        assert found
        for one in found:
            assert fault_of(one.text) is None, one
            assert imperative_fault(one.text) is None, one
            assert fault_of(one.caption) is None, one
            assert fault_of(one.after) is None, one
            assert one.before != one.after, one
            assert not one.caption.endswith("."), one
            for text in (one.text, one.caption, one.after):
                assert not re.search(r"\ba [aeio]|\ban [^aeiouh]|  | ,", text.lower()), one


def test_images_without_a_caption_get_edits_of_the_whole() -> None:
    found = list(propose(None, random.Random(0)))
    assert len(found) == len(WHOLE) == len({one.text for one in found})
    assert {one.before for one in found} == {UNKNOWN}
    assert list(propose("  ", random.Random(0))) == found


def test_weather_does_not_fall_in_a_kitchen_and_night_not_at_night() -> None:
    assert "Make it snow" in said("a dog in a field")
    assert "Make it snow" not in said("a dog in a kitchen")
    assert "Make it night" not in said("a street at night")
    assert "Make it rain" not in said("a dog in the rain")


def test_chance_decides_the_order_and_nothing_else() -> None:
    caption = CAPTIONS[0]
    one = list(propose(caption, random.Random("x")))
    assert list(propose(caption, random.Random("x"))) == one
    assert list(propose(caption, random.Random("y"))) != one
    # things and the whole by turns
    whole = {entry[0] for entry in WHOLE}
    assert [proposal.text in whole for proposal in one[:6]] == [False, True] * 3


def test_words() -> None:
    assert len(THINGS) > 120
    assert with_article("orange car") == "an orange car"
    assert with_article("hour glass") == "an hour glass"
    assert plural_of("sandwich") == "sandwiches"
    assert plural_of("box") == "boxes"
    assert plural_of("toy") == "toys"
    assert plural_of("tomato") == "tomatoes"
    assert SINGULARS["men"] == "man"
    assert all(THINGS[noun] == kind for kind, nouns in SWAPS.items() for noun in nouns)
