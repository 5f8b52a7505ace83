"""Sentences: what is cleaned off, what is refused, and how that fares with what people really wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blip2idc.synthesis.language_models.sentences import FAULTS, clean, fault_of, imperative_fault, same_words

ANNOTATIONS = Path(__file__).parents[4] / "shared" / "annotations"


@pytest.mark.parametrize(
    ("said", "cleaned"),
    [
        ("  Add   a hat\tto the dog. ", "Add a hat to the dog."),
        ("1. Add a hat", "Add a hat"),
        ("(2) Add a hat", "Add a hat"),
        ("- Add a hat", "Add a hat"),
        ("* Add a hat", "Add a hat"),
        ("• Add a hat", "Add a hat"),
        ('"Add a hat."', "Add a hat."),
        ('"Add a hat".', "Add a hat."),
        ("“Add a hat”", "Add a hat"),
        ("‘Add a hat’", "Add a hat"),
        ("'Put the dog's hat on'", "Put the dog's hat on"),
        ("`Add a hat`", "Add a hat"),
        ("```\nAdd a hat\n```", "Add a hat"),
        ("```text\nAdd a hat\n```", "Add a hat"),
        ("Instruction: Add a hat", "Add a hat"),
        ("Variation 2: Add a hat", "Add a hat"),
        ("**Edited caption:** a dog", "a dog"),
        ("**Add a hat**", "Add a hat"),
        ('1. Answer: "Add a hat"', "Add a hat"),
        ("<think>A hat?\nYes.</think>\nAdd a hat", "Add a hat"),
        ("Add a hat\x00\x07\u200b", "Add a hat"),
        ("Cafe\u0301 signs", "Café signs"),
        ("Add a hat\nto the dog", "Add a hat to the dog"),
        ("Add a hat\nRemove the dog", "Add a hat. Remove the dog"),
        # what must stay
        ('Add the word "STROLLIC" to the wall', 'Add the word "STROLLIC" to the wall'),
        ('"STOP" becomes "GO"', '"STOP" becomes "GO"'),
        ('"Add the word "STOP" to it"', 'Add the word "STOP" to it'),
        ("'Tis night'", "Tis night"),
        ("3 cats appear", "3 cats appear"),
        ("A dog - brown - appears", "A dog - brown - appears"),
        ("", ""),
        ('"', '"'),
    ],
)
def test_clean(said: str, cleaned: str) -> None:
    assert clean(said) == cleaned


@given(
    st.text(alphabet=st.sampled_from("aA1.-*\"'“”`:# \n>_<)»«Instruction"), max_size=30)
    | st.text(max_size=40)
)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "\n" not in once
    assert once == once.strip()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("12 34 :-) 56", "not-text"),
        ("??? !!!", "not-text"),
        ("Add a \N{REPLACEMENT CHARACTER} hat to the dog", "not-text"),
        ("I'm sorry, but I can't help with that.", "refusal"),
        ("I’m sorry, I will not do that", "refusal"),
        ("I cannot edit images", "refusal"),
        ("As an AI, I have no eyes", "refusal"),
        ("As a large language model I see nothing", "refusal"),
        ("Unfortunately, I am unable to see the image", "refusal"),
        ("Sure, here is an instruction: add a hat", "chatter"),
        ("Here are three variations", "chatter"),
        ("Certainly! Add a hat", "chatter"),
        ("Of course, add a hat", "chatter"),
        ("Add a hat, and note that it is red", "chatter"),
        ("Rewrite the caption with other words", "chatter"),
        ("Keep to the original instruction", "chatter"),
        ("What colour shall the hat be?", "chatter"),
        ("Would you like another edit", "chatter"),
        ('{"instruction": "Add a hat"}', "chatter"),
        ("Add a **red** hat", "chatter"),
        ("<think> The user wants a hat", "chatter"),
        ("See https://example.com for hats", "chatter"),
        ("Add a hat. Remove the dog.", "several-sentences"),
        ("Add a hat. remove the dog.", "several-sentences"),
        ("Add a hat! Remove the dog!", "several-sentences"),
        ("Brighten", "too-short"),
        ("Add " + "a very " * 20 + "big hat", "too-long"),
    ],
)
def test_faults(text: str, fault: str) -> None:
    assert fault_of(text) == fault
    assert fault in FAULTS


@pytest.mark.parametrize(
    "text",
    [
        "Add a hat to the dog.",
        "the red car is gone",
        'Add the words "I\'m sorry. I cannot come?" to the sign',
        'Change "36-6" to "24-7"',
        'Write "www.example.com" on the wall',
        "Park the car in front of St. Mark's church.",
        "Make it 5 ft. tall at 10 a.m. in the U.S. style.",
        "Add the caption below the bear",
        "Write Cowabunga! in green across the pizza.",
        "Füge dem Hund einen Hut hinzu",
        "给狗戴上一顶 红帽子",
    ],
)
def test_good_sentences(text: str) -> None:
    assert fault_of(text) is None


def test_limits_of_length_are_those_asked_for() -> None:
    text = "one two three four"
    assert fault_of(text, longest_words=4, shortest_words=4) is None
    assert fault_of(text, longest_words=3) == "too-long"
    assert fault_of(text, shortest_words=5) == "too-short"


@pytest.mark.parametrize(
    "text",
    [
        "Add a hat",
        "please make the sky blue",
        "Please, now brighten it",
        "Slightly increase the contrast",
        "Apply a filter",
        "Let's see a beach",
        "Bring the chair here",
        "Shred the paper",
        "On the table put a vase",
        "Chang the cat",  # people misspell
        "Photoshop a hat in",
        "You should add a hat",
        "There should only be one mouse on the desk",
        "There shouldn't be any pepperoni on the pizza",
        "I want this to look like a painting",
        "Can you show me this as a sketch.",
    ],
)
def test_imperatives(text: str) -> None:
    assert imperative_fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "The dog wears a hat",
        "A dog",
        "There is a hat",
        "It snows",
        "I would add a hat",
        "This is red now",
        "Adding a hat",
        "Removed the dog",
        "Adds a hat",
        "Made it blue",
        "Bigger nose",
        "Red hat on the dog",
        "Hat is gone",
        "On the table there is a vase",
        "please",
        "...",
    ],
)
def test_other_forms(text: str) -> None:
    assert imperative_fault(text) == "not-imperative"


def test_the_same_words_have_the_same_key() -> None:
    assert same_words("Add a Hat.") == same_words("add a hat!") == ("add", "a", "hat")
    assert same_words("add a hat") != same_words("add a cap")


def _accepted(texts: list[str]) -> tuple[float, set[str]]:
    """How many pass the whole check, and the others."""
    refused = {text for text in texts if fault_of(clean(text)) or imperative_fault(clean(text))}
    return 1 - sum(text in refused for text in texts) / len(texts), refused


@pytest.mark.shared
@pytest.mark.skipif(
    not ANNOTATIONS.is_dir(), reason=f"the official annotation files are not at {ANNOTATIONS}"
)
def test_instructions_that_people_wrote_are_accepted() -> None:
    files = sorted((ANNOTATIONS / "syned").glob("instructions_with_idx_*_split.txt"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    emu = [line.partition("<INSTRUCT>")[2] for line in lines]
    share, refused = _accepted(emu)
    assert len(emu) == 5611
    assert share > 0.995
    assert not [text for text in refused if "should" in text.lower() or text.strip().startswith("I want")]

    requests = [
        sentence
        for split in ("train", "valid", "test")
        for item in json.loads((ANNOTATIONS / "image_editing_request" / f"{split}.json").read_text())
        for sentence in item["sents"]
    ]
    share, _ = _accepted(requests)
    assert len(requests) == 5695
    assert share > 0.97
