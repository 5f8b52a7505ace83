"""Sources of instructions: what an image gets, what is refused and why, and that neighbours do not matter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.chat_model import make_chat_model

from blip2idc.errors import ConfigError, InputError
from blip2idc.synthesis.instructions.instruction import (
    FileInstructions,
    Instructed,
    Instruction,
    InstructionSource,
    LanguageModelInstructions,
    RecordInstructions,
    Refusal,
    SourceImage,
    TemplateInstructions,
    checked,
    make_source,
)
from blip2idc.synthesis.instructions.prompts import EXAMPLES, SYSTEM, question, read_answer
from blip2idc.synthesis.language_models.language_model import Answer, LanguageModelSettings, Prompt
from blip2idc.synthesis.language_models.sentences import fault_of, imperative_fault


def image(name: str, *captions: str, instructions: Sequence[str] = ()) -> SourceImage:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return SourceImage(Path("/photos") / name, name, digest, captions, tuple(instructions))


def texts(result: Instructed) -> list[str]:
    return [one.text for one in result.instructions]


class Model:
    """A language model that says what a function tells it."""

    def __init__(self, says: Callable[[Prompt], Answer]) -> None:
        self.says = says
        self.asked: list[Prompt] = []

    def describe(self) -> dict[str, Any]:
        return {"kind": "told"}

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        self.asked += prompts
        return [self.says(prompt) for prompt in prompts]


def good(prompt: Prompt) -> Answer:
    caption = prompt.user.rpartition("Caption: ")[2]
    word = "".join(chr(ord("a") + int(digit)) for digit in str(prompt.seed))
    return Answer(f"Instruction: Paint it {word}.\nEdited caption: {caption} that is {word}")


# checking


def test_instructions_are_cleaned_checked_and_counted() -> None:
    said = [
        '1. "Add a hat."',
        "add a HAT",
        "I'm sorry, I can't help with that.",
        "The dog has a hat",
        "Add a hat. Add a coat.",
        "",
        "Make it " + "very " * 40 + "red",
        "Make it red",
        "Make it blue",
    ]
    result = checked([Instruction(text, "") for text in said], 2)
    assert result.instructions == (
        Instruction("Add a hat.", "Add a hat."),
        Instruction("Make it red", "Make it red"),
    )
    assert [refusal.reason for refusal in result.refused] == [
        "duplicate",
        "refusal",
        "not-imperative",
        "several-sentences",
        "empty",
        "too-long",
    ]
    assert max(len(refusal.text) for refusal in result.refused) <= 120


def test_captions_are_checked_too() -> None:
    result = checked(
        [
            Instruction("Add a hat", "Sure, here is a caption"),
            Instruction("Add a hat", "the dog wears a hat. It is red.", "a dog", "A dog."),
            Instruction("Add a hat", " the dog wears a hat. It is red. ", " a dog\n", ""),
        ],
        9,
    )
    assert [refusal.reason for refusal in result.refused] == ["caption-chatter", "caption-unchanged"]
    assert result.instructions == (
        Instruction("Add a hat", "the dog wears a hat. It is red.", "a dog", None),
    )


# files


def test_a_text_file_names_images_or_not(tmp_path: Path) -> None:
    file = tmp_path / "edits.txt"
    file.write_text(
        "\ufeffa.png\tAdd a hat\n\nMake it red\nb/c.png\tAdd a coat\nMake it blue\r\n", encoding="utf-8"
    )
    source = FileInstructions(file)
    a, c, other = source.instruct(
        [image("x/a.png"), image("b/c.png", "a cat"), image("other/c.png")], 9, seed=0
    )
    assert texts(a)[0] == "Add a hat"
    assert sorted(texts(a)[1:]) == ["Make it blue", "Make it red"]
    assert c.instructions[0] == Instruction("Add a coat", "Add a coat", "a cat", origin="file")
    assert "Add a coat" not in texts(other)
    assert source.describe() == {"kind": "file", "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv"])
def test_files_with_keys(tmp_path: Path, suffix: str) -> None:
    rows = [
        {
            "instruction": "Add a hat",
            "caption": "there is a hat, a red one",
            "file_name": "a.png",
            "before_caption": "a dog",
            "after_caption": "a dog with a hat",
        },
        {"instruction": "Make it red"},
    ]
    file = tmp_path / f"edits{suffix}"
    if suffix == ".csv":
        file.write_text(
            "instruction,caption,name,before_caption,after_caption\n"
            'Add a hat,"there is a hat, a red one",a.png,a dog,a dog with a hat\nMake it red,,,,\n'
        )
    elif suffix == ".json":
        file.write_text(json.dumps(rows))
    else:
        file.write_text("\n".join(json.dumps(row) for row in rows))
    a, b = FileInstructions(file).instruct([image("a.png"), image("b.png")], 9, seed=0)
    hat = Instruction("Add a hat", "there is a hat, a red one", "a dog", "a dog with a hat")
    assert a.instructions == (hat, Instruction("Make it red", "Make it red"))
    assert texts(b) == ["Make it red"]


def test_rows_for_every_image_are_drawn_by_seed_and_image(tmp_path: Path) -> None:
    file = tmp_path / "edits.txt"
    file.write_text("\n".join(f"Add {number} hats" for number in range(500)))
    source = FileInstructions(file)
    images = [image(f"{number}.png") for number in range(20)]
    drawn = source.instruct(images, 3, seed=1)
    assert all(len(result.instructions) == 3 for result in drawn)
    assert len({text for result in drawn for text in texts(result)}) > 40
    assert source.instruct(images[::-1], 3, seed=1) == drawn[::-1]
    assert source.instruct(images, 3, seed=2) != drawn


def test_an_image_without_a_row_has_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "edits.txt"
    file.write_text("a.png\tAdd a hat")
    (result,) = FileInstructions(file).instruct([image("b.png")], 3, seed=0)
    assert result == Instructed(fault="the file has no instruction for this image")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("e.txt", b"", "holds no instruction"),
        ("e.txt", b"\xff\xfe\x00", "not UTF-8"),
        ("e.txt", b"Add a hat\na.png\tb\tc", "line 2: has several tabs"),
        ("e.jsonl", b'{"instruction": "Add a hat"}\n{bad', "line 2, column 2: not valid JSON"),
        ("e.jsonl", b'["Add a hat"]', "line 1: is no object"),
        ("e.jsonl", b'\n{"caption": "a hat"}', "line 2: has no instruction"),
        ("e.jsonl", b'{"instruction": 3}', "line 1: instruction is 3; expected text"),
        ("e.jsonl", b'{"instruction": "Add a hat", "image": "a.png"}', "line 1: has the key 'image'"),
        ("e.json", b'[{"instruction": "Add a hat"},\n}]', "line 2 column 1: not valid JSON"),
        ("e.json", b'{"instruction": "Add a hat"}', "holds no list"),
        ("e.json", b'[{"instruction": "Add a hat"}, {}]', "entry 2: has no instruction"),
        ("e.json", b"[" * 100_000, "nested too deeply"),
        ("e.csv", b"text\nAdd a hat", "line 1: names no column 'instruction'"),
        ("e.csv", b"instruction,caption\nAdd a hat,a,b", "line 2: has not as many cells"),
        ("e.csv", b"instruction,caption\nAdd a hat", "line 2: has not as many cells"),
        ("e.csv", b'instruction\n"Add a hat', "is not CSV"),
        ("e.csv", b"instruction,caption\n,a hat", "line 2: has no instruction"),
        ("e.xml", b"<a/>", "expected a file of instructions named"),
    ],
)
def test_bad_files_are_refused_with_file_and_line(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InputError, match=told) as error:
        FileInstructions(file)
    assert str(error.value).startswith(str(file))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.txt: cannot be read"):
        FileInstructions(tmp_path / "nowhere.txt")


# records


def test_records_give_what_came_with_the_image() -> None:
    source = image(
        "a.png", "a dog", instructions=["Add a hat", "the dog is gone", "Make it red", "Make it blue"]
    )
    result, none = RecordInstructions().instruct([source, image("b.png")], 2, seed=0)
    assert [one.text for one in result.instructions] == ["Add a hat", "Make it red"]
    assert result.instructions[0] == Instruction("Add a hat", "Add a hat", "a dog", origin="records")
    assert result.refused == (Refusal("the dog is gone", "not-imperative"),)
    assert none == Instructed(fault="no instruction came with this image")


# templates


def test_templates_depend_on_the_image_and_the_seed_alone() -> None:
    images = [image("a.png", "a dog on a bench"), image("b.png"), image("c.png", "a dog on a bench")]
    source = TemplateInstructions()
    results = source.instruct(images, 5, seed=0)
    assert all(len(result.instructions) == 5 and not result.refused for result in results)
    assert results[0] != results[2]
    assert source.instruct(images[::-1], 5, seed=0) == results[::-1]
    assert source.instruct(images, 5, seed=1) != results
    assert {one.origin for result in results for one in result.instructions} == {"templates"}


# language models


def test_a_language_model_writes_instructions_from_captions() -> None:
    model = Model(good)
    images = [image("a.png", "a dog", "a brown dog"), image("b.png"), image("c.png", "a cat")]
    results = LanguageModelInstructions(model).instruct(images, 3, seed=0)
    assert [len(result.instructions) for result in results] == [3, 0, 3]
    assert results[1].fault == "no caption of this image is known"
    one = results[0].instructions[0]
    assert one.text.startswith("Paint it ")
    assert (one.caption, one.before_caption, one.origin) == (one.text, "a dog", "language-model")
    assert (one.after_caption or "").startswith("a dog ")
    assert results[0].instructions[1].before_caption == "a brown dog"
    assert len({prompt.seed for prompt in model.asked}) == 6 == len(model.asked)
    again = LanguageModelInstructions(Model(good)).instruct(images[::-1], 3, seed=0)
    assert again == results[::-1]


def test_what_an_image_lacks_is_asked_for_again() -> None:
    answers = iter(["nothing that can be read: at all", "Instruction: A dog\nEdited caption: a dog in snow"])

    def says(prompt: Prompt) -> Answer:
        text = next(answers, None)
        return Answer(text) if text else good(prompt)

    model = Model(says)
    (result,) = LanguageModelInstructions(model).instruct([image("a.png", "a dog")], 1, seed=0)
    assert len(result.instructions) == 1
    assert [refusal.reason for refusal in result.refused] == ["unreadable", "not-imperative"]
    assert len({(prompt.user, prompt.seed) for prompt in model.asked}) == 3

    model = Model(lambda _: Answer("I'm sorry, but I cannot do that."))
    (result,) = LanguageModelInstructions(model).instruct([image("a.png", "a dog")], 1, seed=0)
    assert len(model.asked) == 3
    assert [refusal.reason for refusal in result.refused] == ["refusal"] * 3
    assert result.fault is None


def test_an_unanswered_image_has_the_fault_and_others_have_theirs() -> None:
    def says(prompt: Prompt) -> Answer:
        return (
            Answer(None, "the server answered 500 five times") if "cat" in prompt.user[-5:] else good(prompt)
        )

    model = Model(says)
    images = [image("a.png", "a dog"), image("b.png", "a cat")]
    dog, cat = LanguageModelInstructions(model).instruct(images, 2, seed=0)
    assert len(dog.instructions) == 2
    assert cat == Instructed(fault="the server answered 500 five times")
    assert len(model.asked) == 4


def test_an_edit_that_leaves_the_caption_as_it_was_is_refused() -> None:
    model = Model(lambda _: Answer("Instruction: Add a hat\nEdited caption: A dog."))
    (result,) = LanguageModelInstructions(model).instruct([image("a.png", "a dog")], 1, seed=0)
    assert {refusal.reason for refusal in result.refused} == {"caption-unchanged"}


@pytest.mark.parametrize(
    "answer",
    [
        "Instruction: Add a hat\nEdited caption: a dog in a hat",
        "Sure!\n\n**Instruction:** Add a hat\n**Edited caption:** a dog in a hat\n\nAnything else?",
        "1. Instruction: Add a hat\n2. Edited Caption: a dog in a hat",
        'Here you go:\n```json\n{"instruction": "Add a hat", "edited_caption": "a dog in a hat"}\n```',
        '{"Edit": "Add a hat", "Output caption": "a dog in a hat"}',
        "Add a hat\na dog in a hat\n",
        "<think>Instruction: what?\nEdited caption: hm</think>Edit instruction: Add a hat\nNew caption: a dog in a hat",
    ],
)
def test_answers_of_several_forms_are_read(answer: str) -> None:
    read = read_answer(answer)
    assert read is not None
    result = checked([Instruction(read[0], "", "a dog", read[1])], 1)
    assert result.instructions == (Instruction("Add a hat", "Add a hat", "a dog", "a dog in a hat"),)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Add a hat",
        "Instruction: Add a hat",
        '{"instruction": 3, "edited_caption": "x"}',
        "{",
        "{[}",
        "a\nb\nc",
        "{}",
    ],
)
def test_other_answers_are_not_read(answer: str) -> None:
    assert read_answer(answer) is None


def test_the_examples_are_as_answers_shall_be() -> None:
    import random

    for before, instruction, after in EXAMPLES:
        assert fault_of(instruction) is None
        assert imperative_fault(instruction) is None
        assert fault_of(before) is None
        assert fault_of(after) is None
    system, user = question("a\n dog", random.Random(0))
    assert system == SYSTEM
    assert user.endswith("\n\nCaption: a dog")
    assert user.count("Instruction: ") == 4
    assert question("a dog", random.Random(1)) != (system, user)


def test_a_real_language_model_is_loaded_when_it_is_needed(tmp_path: Path) -> None:
    folder = make_chat_model(tmp_path / "chat")
    settings = LanguageModelSettings(str(folder), device="cpu", max_tokens=6)
    source = make_source("language-model", language_model=settings)
    assert source.describe()["model"] == settings.describe()
    (result,) = source.instruct([image("a.png", "a dog")], 1, seed=0)
    # its weights are random, so that it says nothing of use; that is told, and stops nothing
    assert not result.instructions
    assert len(result.refused) == 3
    assert LanguageModelInstructions(LanguageModelSettings("nowhere/at-all")).instruct(
        [image("b.png")], 1, seed=0
    )


# the choice of a source


def test_sources_are_made_by_name(tmp_path: Path) -> None:
    file = tmp_path / "edits.txt"
    file.write_text("Add a hat")
    kinds: dict[str, InstructionSource] = {
        "file": make_source("file", file=file),
        "records": make_source("records"),
        "templates": make_source("templates"),
        "language-model": make_source("language-model", language_model=LanguageModelSettings("a/b")),
    }
    for kind, source in kinds.items():
        assert source.describe()["kind"] == kind
        assert json.loads(json.dumps(source.describe())) == source.describe()


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("oracle", {}, "expected file, records, language-model, templates"),
        ("file", {}, "no file is given"),
        ("language-model", {}, "language_model is not given"),
        ("templates", {"file": Path("edits.txt")}, "file is given"),
        ("records", {"language_model": LanguageModelSettings("a/b")}, "language_model is given"),
        (
            "file",
            {"file": Path("e.txt"), "language_model": LanguageModelSettings("a/b")},
            "language_model is given",
        ),
    ],
)
def test_contradictions_are_refused(kind: str, given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        make_source(kind, **given)
