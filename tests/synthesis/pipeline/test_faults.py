"""What fails costs itself and nothing else: editors, photographs, servers, models; and all of it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.chat_server import HANG_UP, ChatServer, Say, chat_server
from tests.fixtures.synthesis_run import (
    CANDIDATES_EACH,
    CONFIG,
    IMAGES,
    INSTRUCTIONS,
    LoggedEditor,
    config,
    contents,
    put_photographs,
)

from blip2idc.data.records import read_records
from blip2idc.errors import InputError, ModelError
from blip2idc.runs.folder import STATE
from blip2idc.synthesis.editors.editor import EditRequest, EditResult
from blip2idc.synthesis.instructions.instruction import (
    Instructed,
    Instruction,
    LanguageModelInstructions,
    SourceImage,
)
from blip2idc.synthesis.language_models.language_model import LanguageModelSettings, ServerLanguageModel
from blip2idc.synthesis.pipeline.run import Parts, synthesize
from blip2idc.synthesis.pipeline.sources import Sources, read_sources
from blip2idc.synthesis.pipeline.work import MOST_GIVEN_UP


@dataclass(frozen=True)
class FailingEditor(LoggedEditor):
    """Raises for batches, and for single requests of one instruction as often as told.

    Attributes:
        failing: Instruction that fails.
        times: Calls with it that raise; the log counts them.
    """

    failing: str = INSTRUCTIONS[1]
    times: int = 1000

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        if any(request.instruction == self.failing for request in requests):
            counter = Path(self.log + ".failed")
            failed = len(counter.read_text()) if counter.exists() else 0
            if failed < self.times:
                counter.write_text("x" * (failed + 1))
                raise RuntimeError("CUDA error: device-side assert")
        return super().edit(requests)


def test_an_editor_that_raises_costs_only_what_it_raises_for(
    undisturbed: Path, photographs: Path, instructions: Path, tmp_path: Path, no_pauses: list[float]
) -> None:
    settings = config(instructions)
    editor = FailingEditor(str(tmp_path / "log"))
    made = synthesize(
        read_sources(images=photographs), tmp_path / "out", settings, parts=Parts(editor=editor)
    )
    assert made.report.candidates["editor-failed"] == IMAGES * CANDIDATES_EACH
    assert len(made.report.failed) == made.report.faults == made.report.candidates["editor-failed"]
    assert "RuntimeError: CUDA error" in made.report.warnings()[0]
    assert 0 < min(no_pauses) < max(no_pauses)  # tried again, after growing pauses
    kept = {record.id for record in read_records(tmp_path / "out")}
    assert kept == {r.id for r in read_records(undisturbed) if r.captions[0] != INSTRUCTIONS[1]}
    whole = replace(editor, times=0)
    synthesize(read_sources(images=photographs), tmp_path / "out", settings, parts=Parts(editor=whole))
    manifests = [(folder / "metadata.jsonl").read_bytes() for folder in (tmp_path / "out", undisturbed)]
    assert manifests[0] == manifests[1]


def test_an_editor_that_recovers_costs_nothing(
    undisturbed: Path, photographs: Path, instructions: Path, tmp_path: Path, no_pauses: list[float]
) -> None:
    editor = FailingEditor(str(tmp_path / "log"), times=2)
    made = synthesize(
        read_sources(images=photographs), tmp_path / "out", config(instructions), parts=Parts(editor=editor)
    )
    assert made.report.faults == 0
    assert (tmp_path / "log.failed").read_text() == "xx"
    assert contents(tmp_path / "out") == contents(undisturbed)


def test_a_broken_editor_does_not_hold_up_the_run(
    photographs: Path, instructions: Path, tmp_path: Path, no_pauses: list[float]
) -> None:
    class Broken(FailingEditor):
        def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
            raise RuntimeError("no GPU left")

    parts = Parts(editor=Broken(str(tmp_path / "log")))
    with pytest.raises(InputError, match=r"not one of 36 candidates is accepted \(editor-failed 36\)"):
        synthesize(read_sources(images=photographs), tmp_path / "out", config(instructions), parts=parts)
    assert len(no_pauses) == MOST_GIVEN_UP * (CONFIG.attempts - 1)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are told instead of made."""
    from blip2idc.synthesis.pipeline import run as pipeline
    from blip2idc.synthesis.pipeline import work

    paused: list[float] = []

    def edit_work(settings: Any, attempts: int, **limits: int) -> work.EditWork:
        return work.EditWork(settings, attempts, sleep=paused.append, **limits)

    monkeypatch.setattr(pipeline, "EditWork", edit_work)
    return paused


def test_corrupt_photographs_are_told_and_skipped(instructions: Path, tmp_path: Path) -> None:
    photographs = put_photographs(tmp_path / "photos", 2)
    whole = next(photographs.iterdir()).read_bytes()
    (photographs / "cut.png").write_bytes(whole[: len(whole) // 2])
    (photographs / "empty.jpg").touch()
    (photographs / "text.png").write_text("not an image")
    made = synthesize(read_sources(images=photographs), tmp_path / "out", config(instructions))
    assert sorted(made.report.skipped) == ["cut.png", "empty.jpg", "text.png"]
    assert made.report.images == 2
    assert made.report.faults == 3
    assert {record.extra["picture"] for record in read_records(tmp_path / "out")} == {
        path.name for path in photographs.iterdir() if path.name not in made.report.skipped
    }


@dataclass
class SometimesInstructs:
    """A source of instructions that fails for some images at first.

    Attributes:
        failing: Names of the images it fails for.
        asked: Names it was asked for.
    """

    failing: set[str]
    asked: list[str]

    def describe(self) -> dict[str, Any]:
        return {"kind": "test"}

    def instruct(self, sources: Sequence[SourceImage], per_image: int, seed: int) -> list[Instructed]:
        self.asked += [source.name for source in sources]
        good = Instructed((Instruction(INSTRUCTIONS[0], INSTRUCTIONS[0]),))
        return [
            Instructed(fault="the server answered 500") if one.name in self.failing else good
            for one in sources
        ]


def test_images_without_instructions_are_told_and_asked_for_again(
    photographs: Path, instructions: Path, tmp_path: Path
) -> None:
    names = [path.name for path in sorted(photographs.iterdir())]
    source = SometimesInstructs(set(names[:2]), [])
    settings, parts = config(instructions), Parts(instructions=source)
    first = synthesize(read_sources(images=photographs), tmp_path / "out", settings, parts=parts)
    assert list(first.report.uninstructed) == names[:2]
    assert first.report.instructions == IMAGES - 2
    source.failing.clear()
    source.asked.clear()
    second = synthesize(read_sources(images=photographs), tmp_path / "out", settings, parts=parts)
    assert source.asked == names[:2]
    assert (second.report.faults, second.report.instructions) == (0, IMAGES)


GOOD = "Instruction: make the photograph brighter\nEdited caption: a bright photograph"
REPAIRED: dict[str, Say | str] = {
    "429": Say(status=429, headers={"Retry-After": "1"}),
    "500": Say(status=500),
    "garbage": Say(body=b"<html>gateway</html>"),
    "nothing": Say(content=None),
    "hang up": HANG_UP,
}


@pytest.mark.parametrize("trouble", REPAIRED)
def test_a_server_in_trouble_is_asked_again(
    photographs: Path, instructions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-secret-word")
    monkeypatch.setattr("openai._base_client.time.sleep", lambda seconds: None)
    with chat_server(REPAIRED[trouble], REPAIRED[trouble], Say(GOOD)) as server:
        made = synthesize(
            captioned(photographs), tmp_path / "out", config(instructions), parts=served(server)
        )
        assert len(server.asked) >= IMAGES + 2
    assert made.report.faults == 0
    assert {record.extra["synthesis"]["origin"] for record in read_records(tmp_path / "out")} == {
        "language-model"
    }
    kept = (
        b"".join(contents(tmp_path / "out").values())
        + (tmp_path / "out" / STATE / "report.json").read_bytes()
    )
    assert b"a-secret-word" not in kept


def test_a_server_that_stays_in_trouble_costs_its_images_only(
    photographs: Path, instructions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-secret-word")
    monkeypatch.setattr("openai._base_client.time.sleep", lambda seconds: None)
    down, settings = [Say(status=500)] * 3, config(instructions)
    settings = replace(settings, instructions=replace(settings.instructions, per_image=1))
    # the first image uses up its three attempts, the others are answered, and it is asked about twice more in vain
    with chat_server(*down, *[Say(GOOD)] * (IMAGES - 1), *down, *down, Say(GOOD)) as server:
        parts = served(server, attempts=3)
        first = synthesize(captioned(photographs), tmp_path / "out", settings, parts=parts)
        assert len(first.report.uninstructed) == first.report.faults == 1
        assert "500" in first.report.warnings()[0]
        server.script[:] = [Say(GOOD)]
        second = synthesize(captioned(photographs), tmp_path / "out", settings, parts=parts)
    assert (second.report.faults, second.report.instructions) == (0, IMAGES)


def captioned(photographs: Path) -> Sources:
    sources = read_sources(images=photographs)
    return replace(sources, images=[replace(image, captions=("a photograph",)) for image in sources.images])


def served(server: ChatServer, attempts: int = 5) -> Parts:
    """One prompt at a time, so that the script's troubles meet the same prompt."""
    settings = LanguageModelSettings(
        "m", server=True, base_url=server.url, attempts=attempts, parallel=1, temperature=0.5
    )
    return Parts(instructions=LanguageModelInstructions(ServerLanguageModel(settings)))


def test_a_model_that_is_missing_stops_before_anything_is_made(
    photographs: Path, instructions: Path, tmp_path: Path
) -> None:
    missing = replace(CONFIG.editor, name="instruct-pix2pix", model=str(tmp_path / "nowhere"))
    with pytest.raises(ModelError, match="nowhere"):
        synthesize(read_sources(images=photographs), tmp_path / "out", config(instructions, editor=missing))
    # the folder can still be begun with other settings
    assert synthesize(read_sources(images=photographs), tmp_path / "out", config(instructions)).report.pairs
