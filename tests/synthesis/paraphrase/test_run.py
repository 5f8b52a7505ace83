"""Reworded references: what passes, what does not and why, resumed exactly, and read by the rest of the program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import datasets
import pytest
from PIL import Image

from blip2idc.cli.main import run
from blip2idc.data.records import PairRecord, read_records, write_records
from blip2idc.errors import ConfigError, InputError
from blip2idc.runs.folder import LOCK, STATE
from blip2idc.runs.lock import only_run
from blip2idc.synthesis.language_models.language_model import Answer, LanguageModelSettings, Prompt
from blip2idc.synthesis.paraphrase.run import ParaphraseConfig, paraphrase

ROOT = Path(__file__).parents[3]
CONFIG = ParaphraseConfig(LanguageModelSettings("scripted"), variations=2, rounds=2)

ANSWERS = {
    "the red car on the left is gone": (
        '"The red car on the left has vanished."',  # quotes go
        "The red car on the right is gone.",  # direction
        "Sure! Here is another way to say it: the red car on the left is gone",  # chatter
        "the red car on the left is gone",  # the same
        "1. The red car on the left has vanished",  # comes again
        "The red car that was on the left is no longer there.",
    ),
    "there is no change": ("nothing changed", "I'm sorry, but I cannot help with that.", "there is a change"),
    "add two dogs": ("put in two dogs", "insert a pair of dogs", "add three dogs"),
}


@dataclass
class Scripted:
    """A language model that says in turn what the script has for a caption; a call is kept by its captions.

    Attributes:
        script: Answers by caption.
        failing: Captions it does not answer.
        asked: Captions of all prompts.
        pause: Seconds a prompt.
    """

    script: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(ANSWERS))
    failing: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    pause: float = 0.0

    def describe(self) -> dict[str, Any]:
        return {"kind": "scripted"}

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        return [self._one(prompt) for prompt in prompts]

    def _one(self, prompt: Prompt) -> Answer:
        time.sleep(self.pause)
        caption = prompt.user.split("\n")[0]
        number = self.asked.count(caption)
        self.asked.append(caption)
        if caption in self.failing:
            return Answer(None, "the server answered 500 five times")
        said = self.script.get(caption, (caption + " indeed", caption + " as can be seen"))
        return Answer(said[number % len(said)])


def put_data(folder: Path, captions: Sequence[Sequence[str]], extra: dict[str, Any] | None = None) -> Path:
    (folder / "images").mkdir(parents=True)
    records = []
    for number, own in enumerate(captions):
        for side in ("before", "after"):
            Image.new("RGB", (24, 16), (number * 20, 90, 30)).save(folder / f"images/{number}_{side}.png")
        names = (f"images/{number}_before.png", f"images/{number}_after.png")
        kind = "none" if own and "no change" in own[0] else "edit"
        records.append(PairRecord(str(number), *names, tuple(own), {"kind": kind}, extra=extra or {}))
    write_records(folder, records)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    captions = list(ANSWERS)
    return put_data(tmp_path / "data", [captions[:1], captions[1:2], [captions[2], captions[0]]])


def test_good_variations_pass_and_others_are_told_with_their_reason(data: Path, tmp_path: Path) -> None:
    folder, report = paraphrase(data, tmp_path / "out", CONFIG, model=Scripted())
    first, second, third = read_records(folder)
    vanished = "The red car on the left has vanished."
    assert first.captions[:2] == ("the red car on the left is gone", vanished)
    assert first.extra["original_captions"] == ["the red car on the left is gone"]
    assert first.extra["paraphrased_captions"] == list(first.captions[1:])
    assert second.captions == ("there is no change", "nothing changed")
    assert third.extra["original_captions"] == ["add two dogs", "the red car on the left is gone"]
    assert third.captions[2:4] == ("put in two dogs", "insert a pair of dogs")
    assert (report.pairs, report.captions, report.distinct) == (3, 4, 3)
    assert report.refused["direction"] == 1
    assert report.refused["chatter"] == 1
    assert report.refused["refusal"] == 1
    assert report.unvaried == 0
    assert report.added == sum(len(record.captions) for record in (first, second, third)) - 4
    written = json.loads((folder / STATE / "paraphrase-report.json").read_text())["report"]
    assert written == report.to_dict()


def test_images_and_everything_else_of_a_record_stay(data: Path, tmp_path: Path) -> None:
    before = read_records(data)
    folder, _ = paraphrase(data, tmp_path / "out", CONFIG, model=Scripted())
    for one, other in zip(before, read_records(folder), strict=True):
        assert (one.id, one.change, one.source, one.before_box) == (
            other.id,
            other.change,
            other.source,
            other.before_box,
        )
        assert [path.read_bytes() for path in before.paths(one)] == [
            path.read_bytes() for path in read_records(folder).paths(other)
        ]
    loaded = datasets.load_dataset("imagefolder", data_dir=str(folder), cache_dir=str(tmp_path / "cache"))[
        "train"
    ]
    assert len(loaded) == 3


def test_equal_captions_are_asked_about_once(tmp_path: Path) -> None:
    data = put_data(tmp_path / "data", [["add two dogs"], ["add two dogs"]])
    model = Scripted()
    paraphrase(data, tmp_path / "out", CONFIG, model=model)
    assert model.asked == ["add two dogs"] * 2


def test_variations_of_variations_are_not_made(data: Path, tmp_path: Path) -> None:
    first, _ = paraphrase(data, tmp_path / "one", CONFIG, model=Scripted())
    again = Scripted()
    second, report = paraphrase(first, tmp_path / "two", replace(CONFIG, seed=1), model=again)
    assert set(again.asked) == set(ANSWERS)
    assert report.captions == 4
    for one, other in zip(read_records(first), read_records(second), strict=True):
        assert other.extra["original_captions"] == one.extra["original_captions"]
        assert set(one.captions) <= set(other.captions)


def test_splits_are_all_reworded_or_the_one_that_is_named(tmp_path: Path) -> None:
    for split in ("train", "test"):
        put_data(tmp_path / "data" / split, [["add two dogs"]])
    folder, report = paraphrase(tmp_path / "data", tmp_path / "all", CONFIG, model=Scripted())
    assert report.pairs == 2
    assert all(len(read_records(folder, split)[0].captions) == 3 for split in ("train", "test"))
    only, report = paraphrase(tmp_path / "data", tmp_path / "one", CONFIG, split="test", model=Scripted())
    assert report.pairs == 1
    assert not (only / "train").exists()


def test_what_was_not_answered_is_told_and_asked_again(data: Path, tmp_path: Path) -> None:
    model = Scripted(failing={"add two dogs"})
    folder, report = paraphrase(data, tmp_path / "out", CONFIG, model=model)
    assert report.failed == {"add two dogs": "the server answered 500 five times"}
    assert read_records(folder)[2].captions[:2] == ("add two dogs", "the red car on the left is gone")
    model.failing.clear()
    model.asked.clear()
    _, report = paraphrase(data, tmp_path / "out", CONFIG, model=model)
    assert set(model.asked) == {"add two dogs"}
    assert report.failed == {}
    undisturbed, _ = paraphrase(data, tmp_path / "other", CONFIG, model=Scripted())
    assert len(read_records(folder)[2].captions) == len(read_records(undisturbed)[2].captions)


def test_a_caption_that_was_answered_in_part_is_asked_again(tmp_path: Path) -> None:
    """The server falls silent after one good variation: that one is kept, and another run fills up."""

    class Falling(Scripted):
        def _one(self, prompt: Prompt) -> Answer:
            answer = super()._one(prompt)
            return answer if len(self.asked) == 1 else Answer(None, "no server answered")

    data = put_data(tmp_path / "data", [["add two dogs"]])
    folder, report = paraphrase(data, tmp_path / "out", CONFIG, model=Falling())
    assert report.failed == {"add two dogs": "no server answered"}
    assert read_records(folder)[0].captions == ("add two dogs", "put in two dogs")
    _, report = paraphrase(data, tmp_path / "out", CONFIG, model=Scripted())
    assert (report.failed, report.asked, report.passed) == ({}, 2, 2)
    assert len(read_records(folder)[0].captions) == 3


def test_empty_references_stay(tmp_path: Path) -> None:
    data = put_data(tmp_path / "data", [["add two dogs"]], {"empty_references": 2, "camera": "left"})
    folder, _ = paraphrase(data, tmp_path / "out", CONFIG, model=Scripted())
    record = read_records(folder)[0]
    assert record.extra["camera"] == "left"
    assert record.references == (*record.captions, "", "")


def test_a_folder_with_something_else_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        paraphrase(data, tmp_path / "out", CONFIG, model=Scripted())
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"


def test_two_runs_do_not_write_at_once(data: Path, tmp_path: Path) -> None:
    with (
        only_run(tmp_path / "out" / STATE / LOCK, tmp_path / "out"),
        pytest.raises(InputError, match="another run is writing"),
    ):
        paraphrase(data, tmp_path / "out", CONFIG, model=Scripted())
    paraphrase(data, tmp_path / "out", CONFIG, model=Scripted())


def test_a_line_half_written_is_asked_anew(data: Path, tmp_path: Path) -> None:
    folder, _ = paraphrase(data, tmp_path / "out", CONFIG, model=Scripted())
    whole = (folder / "metadata.jsonl").read_bytes()
    journal = folder / STATE / "paraphrases.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    model = Scripted()
    paraphrase(data, folder, CONFIG, model=model)
    assert set(model.asked) == {"add two dogs"}
    assert (folder / "metadata.jsonl").read_bytes() == whole


def test_a_finished_run_asks_nothing(data: Path, tmp_path: Path) -> None:
    paraphrase(data, tmp_path / "out", CONFIG, model=Scripted())
    model = Scripted()
    paraphrase(data, tmp_path / "out", CONFIG, model=model)
    assert model.asked == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [({"variations": 3}, "was begun with paraphrase"), ({"seed": 9}, "was begun with paraphrase")],
)
def test_other_settings_are_refused(data: Path, tmp_path: Path, change: dict[str, Any], fault: str) -> None:
    paraphrase(data, tmp_path / "out", CONFIG, model=Scripted())
    with pytest.raises(ConfigError, match=fault):
        paraphrase(data, tmp_path / "out", replace(CONFIG, **change), model=Scripted())


def test_wrong_use_is_one_sentence(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is the data set itself"):
        paraphrase(data, data, CONFIG, model=Scripted())
    with pytest.raises(InputError, match="no record has a caption"):
        paraphrase(put_data(tmp_path / "bare", [[]]), tmp_path / "out", CONFIG, model=Scripted())
    with pytest.raises(ConfigError, match="variations is 0"):
        replace(CONFIG, variations=0)


PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
from blip2idc.synthesis.paraphrase.run import paraphrase
from tests.synthesis.paraphrase.test_run import CONFIG, Scripted
paraphrase(Path(sys.argv[1]), Path(sys.argv[2]), CONFIG, model=Scripted(pause=0.01))
"""


def test_killed_and_resumed_is_undisturbed(tmp_path: Path) -> None:
    data = put_data(tmp_path / "data", [[f"the sign number {number} is gone"] for number in range(60)])
    undisturbed, _ = paraphrase(data, tmp_path / "undisturbed", CONFIG, model=Scripted())
    output = tmp_path / "out"
    journal = output / STATE / "paraphrases.jsonl"
    command: list[str] = [sys.executable, "-c", PROGRAM, str(data), str(output)]

    def told() -> int:
        return journal.read_bytes().count(b"\n") if journal.exists() else 0

    killed = 0
    for goal in (0, 16, 32):
        process = subprocess.Popen(command, cwd=ROOT)
        wait_for(lambda process=process, goal=goal: process.poll() is not None or told() > goal)  # type: ignore[misc]
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    assert killed >= 2
    assert not (output / "metadata.jsonl").exists()
    subprocess.run(command, cwd=ROOT, check=True)
    assert (output / "metadata.jsonl").read_bytes() == (undisturbed / "metadata.jsonl").read_bytes()
    assert told() == 60


def wait_for(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.005)


def test_the_protocols_for_paraphrased_references_read_it(data: Path, tmp_path: Path) -> None:
    folder, _ = paraphrase(data, tmp_path / "out", CONFIG, model=Scripted())
    predictions = tmp_path / "predictions.json"
    said = [{"image_id": record.id, "caption": record.captions[-1]} for record in read_records(folder)]
    predictions.write_text(json.dumps(said))
    words = ["evaluate", str(predictions), "--references", str(folder), "--protocol", "emu"]
    assert run([*words, "--json", str(tmp_path / "scores.json")]) == 0
    assert "paraphrased" in (tmp_path / "scores.json").read_text()


def test_a_variation_that_repeats_another_caption_of_its_pair_is_left_out_and_counted(tmp_path: Path) -> None:
    """Two captions of one pair get the same variation: the record has it once, and the report says so."""
    same = ("the sign is gone", "the sign has vanished")
    script = {same[0]: ("the sign has disappeared",), same[1]: ("the sign has disappeared",)}
    folder, report = paraphrase(
        put_data(tmp_path / "data", [list(same)]),
        tmp_path / "out",
        replace(CONFIG, variations=1),
        model=Scripted(script=script),
    )
    assert read_records(folder)[0].captions == (*same, "the sign has disappeared")
    assert (report.passed, report.added, report.repeated) == (2, 1, 1)
