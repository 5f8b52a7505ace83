"""The pipeline: source images in, a data set of edited pairs out; stopped at any moment, it goes on where it was.

Everything that is done is told to a journal in the data set's hidden folder `.synthesis`: what a look into each image
told, its instructions, each edit with the numbers of all its candidates. Work is recognised by a hash of all that
decides it, images appear whole or not at all, and the manifest comes last, so that a run that was killed again and
again ends with the same data set as one that was not, and so does a run on Ray.

    .synthesis/settings.json    what the data set was begun with
    .synthesis/journal.jsonl    what is done
    .synthesis/plan.jsonl       all edits, in order
    .synthesis/candidates/      the image of every candidate, and each image before
    .synthesis/report.json      the account of the last run
    .synthesis/report.html      the same with pictures, for choosing thresholds
    images/, metadata.jsonl     the data set: the accepted pairs (hard links to candidates)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from blip2idc.data.records import MANIFEST_NAME, NO_CHANGE_CAPTIONS
from blip2idc.errors import ConfigError, InputError
from blip2idc.runs.cluster import Stage, work_with_ray
from blip2idc.runs.files import atomic_write
from blip2idc.runs.folder import JOURNAL, STATE, read_settings
from blip2idc.runs.journal import Entry, Journal
from blip2idc.runs.record import run_record
from blip2idc.runs.resume import resume_folder
from blip2idc.synthesis.filters.filters import Thresholds
from blip2idc.synthesis.instructions.instruction import (
    Instructed,
    Instruction,
    InstructionSource,
    SourceImage,
    make_source,
)
from blip2idc.synthesis.pipeline.page import write_page
from blip2idc.synthesis.pipeline.plan import (
    CandidatePlan,
    EditorChoice,
    WorkItem,
    content_key,
    is_drawn,
    make_batches,
    read_plan,
    seed_of,
    spread,
    write_plan,
)
from blip2idc.synthesis.pipeline.recipe import SynthesisConfig
from blip2idc.synthesis.pipeline.report import SynthesisReport, count_reasons
from blip2idc.synthesis.pipeline.selection import (
    CANDIDATES,
    EDITED,
    Selection,
    code_of,
    entry_of,
    has_failed,
    remove_others,
    select,
    write_selection,
)
from blip2idc.synthesis.pipeline.sources import Inspection, Sources, inspect_all
from blip2idc.synthesis.pipeline.work import FAILURES, EditWork, MeasureWork, Outcome, work_here

PLAN, REPORT, PAGE = "plan.jsonl", "report.json", "report.html"
INSPECTED, INSTRUCTED, LOADED = "inspected", "instructed", "loaded"

#: Share of a GPU that an editor and an embedder take on a cluster: both fit on one.
EDITOR_GPU, EMBEDDER_GPU = 0.75, 0.25

#: Source images whose instructions are asked for, and lost when the run is killed, together.
ASKED_TOGETHER = 16

#: Told of what is done: the stage, how much of it, of how much.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Synthesis:
    """Outcome of a run.

    Attributes:
        manifest: Path of the data set's manifest.
        report: The account.
        page: Path of the HTML page that shows what came out.
    """

    manifest: Path
    report: SynthesisReport
    page: Path


@dataclass
class Parts:
    """What a run is made of; each is made from the settings where it is not given.

    Attributes:
        instructions: Says what to edit.
        editor: Names the editor.
        embedder: Names what measures similarity.
    """

    instructions: InstructionSource | None = None
    editor: EditorChoice | None = None
    embedder: Any = None


def synthesize(
    sources: Sources,
    output: Path,
    config: SynthesisConfig,
    *,
    parts: Parts | None = None,
    ray: str | None = None,
    workers: int | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> Synthesis:
    """Make a data set of edited pairs, or go on with one.

    Args:
        sources: Images to be edited (see `sources.read_sources`). Images may be added between runs.
        output: Folder of the data set.
        config: The settings.
        parts: Other parts than the settings name, such as an editor of one's own.
        ray: `local`, or the address of a Ray cluster; None for this process.
        workers: Editors at work at a time; more than one are on Ray.
        progress: Told of what is done.

    Returns:
        The manifest and the account of the run. What failed is in the account, and is tried again by another run.

    Raises:
        Blip2idcError: A setting or a model cannot be used, or not a single pair is accepted; what was made is kept.
    """
    given = parts or Parts()
    settings = config.instructions
    run = _Run(
        sources=sources,
        folder=output,
        config=config,
        editor=given.editor or config.editor,
        embedder=given.embedder or config.clip,
        instructions=given.instructions
        or make_source(settings.source, file=settings.file, language_model=settings.language_model),
        progress=progress,
    )
    below = (f"{STATE}/{CANDIDATES}", "images")
    with resume_folder(output, run.settings(), below, changeable=lambda: _is_unedited(output)) as journal:
        items, account = run.plan(journal)
        run.edit(items, journal, ray=ray, workers=workers)
        return _finish(output, items, journal, config.filters, account)


def refilter(output: Path, thresholds: Thresholds) -> Synthesis:
    """Choose anew among the candidates of a data set, without generating any.

    Args:
        output: Folder of a data set that `synthesize` made or began; edits that are not made yet are left out.
        thresholds: What is accepted.

    Raises:
        InputError: The folder holds no such data set, or not a single pair is accepted.
    """
    plan, report = output / STATE / PLAN, output / STATE / REPORT
    if not plan.is_file() or not (output / STATE / JOURNAL).is_file():
        raise InputError(f"{output}: holds no edited pairs to filter; expected the folder of an earlier run")
    with resume_folder(output, None) as journal:
        items = read_plan(plan)
        earlier = json.loads(report.read_text(encoding="utf-8"))["report"] if report.is_file() else {}
        images = len({item.digest for item in items})
        known = {key: earlier[key] for key in _ACCOUNT if key in earlier}
        account = SynthesisReport(**{"images": images, "instructions": len(items), **known})
        return _finish(output, items, journal, thresholds, account)


def _is_unedited(folder: Path) -> bool:
    """Whether nothing was edited yet, so that the settings may still be changed."""
    state = folder / STATE
    return (state / JOURNAL).is_file() and not any((state / CANDIDATES).glob("*.png"))


_ACCOUNT = ("images", "skipped", "repeated", "instructions", "refused", "uninstructed")


def _finish(
    folder: Path,
    items: Sequence[WorkItem],
    journal: Journal,
    thresholds: Thresholds,
    account: SynthesisReport,
) -> Synthesis:
    """Select, write data set and report."""
    editor = (read_settings(folder) or {}).get("editor", {})
    selection = select(items, journal, thresholds, source=str(editor.get("name", "editor")))
    report = replace(
        account,
        edits=selection.edits,
        candidates=selection.counts,
        failed=_failed(items, journal),
        pairs=len(selection.records),
    )
    run = run_record()
    with atomic_write(folder / STATE / REPORT) as handle:
        commit = (journal.get(LOADED, "editor") or {}).get("commit")
        content = {
            "report": report.to_dict(),
            "filters": asdict(thresholds),
            "editor_commit": commit,
            "run_record": run,
        }
        handle.write(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    with atomic_write(folder / STATE / PAGE) as handle:
        store, title = folder / STATE / CANDIDATES, folder.resolve().name
        handle.write(write_page(store, items, journal, selection, report, asdict(thresholds), run, title))
    if not selection.records:
        _refuse_empty(folder, selection)
    return Synthesis(write_selection(folder, selection), report, folder / STATE / PAGE)


def _failed(items: Sequence[WorkItem], journal: Journal) -> dict[str, str]:
    entries = ((item, journal.get(EDITED, item.key)) for item in items)
    return {
        f"{item.name}, {item.instruction.text!r}, candidate {index}": candidate["fault"]
        for item, entry in entries
        if entry is not None
        for index, candidate in enumerate(entry["candidates"])
        if code_of(candidate["fault"]) in FAILURES
    }


def _refuse_empty(folder: Path, selection: Selection) -> None:
    reasons = ", ".join(f"{verdict} {count:,}" for verdict, count in selection.counts.items() if count)
    (folder / MANIFEST_NAME).unlink(missing_ok=True)
    remove_others(folder / "images", ())
    raise InputError(
        f"{folder}: not one of {len(selection.verdicts):,} candidates is accepted ({reasons or 'none was made'}); "
        "they are kept: set other thresholds with --refilter, or look at .synthesis/report.json"
    )


@dataclass
class _Run:
    """One run: the parts, and the stages that fill the journal."""

    sources: Sources
    folder: Path
    config: SynthesisConfig
    editor: EditorChoice
    embedder: Any
    instructions: InstructionSource
    progress: Progress

    def settings(self) -> dict[str, Any]:
        """What decides the data set but the images and the thresholds."""
        return {
            "editor": self.editor.describe(),
            "instructions": self.instructions.describe(),
            "per_image": self.config.instructions.per_image,
            "candidates": asdict(self.config.candidates),
            "clip": None if self.embedder is None else self.embedder.describe(),
            "no_change_share": self.config.no_change_share,
            "seed": self.config.seed,
        }

    def plan(self, journal: Journal) -> tuple[list[WorkItem], SynthesisReport]:
        """Look at the images, have instructions for them, and lay out the edits."""
        looks = self._inspect(journal)
        skipped = dict(self.sources.skipped)
        skipped.update(
            {image.name: str(look.fault) for image, look in looks.items() if look.fault is not None}
        )
        good = [image for image, look in looks.items() if look.fault is None]
        entries = self._instruct(good, journal)
        told = {image: self._told(image, entries[image]) for image in good}
        items = [self._item(image, looks[image], one) for image in good for one in told[image]]
        planned = spread(items, self.config.count)
        write_plan(self.folder / STATE / PLAN, planned)
        account = SynthesisReport(
            images=len(good),
            skipped=skipped,
            repeated=self.sources.repeated,
            instructions=sum(not item.keeps for item in items),
            refused=count_reasons(list(entries.values())),
            uninstructed={image.name: entry["fault"] for image, entry in entries.items() if entry["fault"]},
        )
        return planned, account

    def _inspect(self, journal: Journal) -> dict[SourceImage, Inspection]:
        """What each image is like; each that can be used is opened once in the life of a data set."""
        images = self.sources.images
        known = {image: journal.get(INSPECTED, image.digest) for image in images}
        unknown = [image for image, look in known.items() if look is None or look["fault"] is not None]
        done = len(images) - len(unknown)

        def report(batch: list[tuple[SourceImage, Inspection]]) -> None:
            nonlocal done
            journal.add({"kind": INSPECTED, "key": image.digest, **asdict(look)} for image, look in batch)
            done += len(batch)
            self.progress("images", done, len(images))

        inspect_all(unknown, report, max_pixels=self.config.max_pixels)
        return {image: _inspection(journal.get(INSPECTED, image.digest)) for image in images}

    def _instruct(self, images: Sequence[SourceImage], journal: Journal) -> dict[SourceImage, Entry]:
        """The instructions of each image, asked for in small groups; where asking failed, it is done again."""
        keys = {image: self._question(image) for image in images}
        known = {image: journal.get(INSTRUCTED, key) for image, key in keys.items()}
        missing = [image for image, entry in known.items() if entry is None or entry["fault"] is not None]
        for start in range(0, len(missing), ASKED_TOGETHER):
            group = missing[start : start + ASKED_TOGETHER]
            answers = self.instructions.instruct(group, self.config.instructions.per_image, self.config.seed)
            found = {
                image: _answer(keys[image], answer) for image, answer in zip(group, answers, strict=True)
            }
            journal.add(found.values())
            known.update(found)
            self.progress("instructions", len(images) - len(missing) + start + len(group), len(images))
        return {image: entry for image, entry in known.items() if entry is not None}

    def _told(self, image: SourceImage, entry: Entry) -> list[Instruction]:
        """The instructions of an image, and for a share of the images none at all."""
        told = [Instruction(**instruction) for instruction in entry["instructions"]]
        share = self.config.no_change_share
        wanted = share / (1 - share) * len(told)  # for each image, so that they are the share of all edits
        if is_drawn(f"{image.digest}/{self.config.seed}", wanted):
            caption = image.captions[0] if image.captions else None
            told.append(Instruction("", NO_CHANGE_CAPTIONS[0], caption, caption, "no-change"))
        return told

    def _question(self, image: SourceImage) -> str:
        return content_key(
            [
                image.digest,
                image.name,
                image.captions,
                image.instructions,
                self.instructions.describe(),
                self.config.instructions.per_image,
                self.config.seed,
            ]
        )

    def _item(self, image: SourceImage, look: Inspection, instruction: Instruction) -> WorkItem:
        width, height = self.editor.target_size(look.width, look.height)
        guided = self.config.candidates.combinations(self.editor.image_guided)
        guided = guided if instruction.text else guided[:1]  # there is nothing to try again
        key = content_key(
            [
                image.digest,
                asdict(instruction),
                self.editor.describe(),
                [width, height],
                guided,
                self.config.seed,
            ]
        )
        candidates = tuple(CandidatePlan(seed_of(key, index), *pair) for index, pair in enumerate(guided))
        return WorkItem(
            key, str(image.path), image.name, image.digest, width, height, instruction, candidates
        )

    def edit(
        self, items: Sequence[WorkItem], journal: Journal, *, ray: str | None, workers: int | None
    ) -> None:
        """Make all edits that the journal does not tell of."""
        pending = {item.key for item in items if _is_pending(journal.get(EDITED, item.key))}
        batches = make_batches(items, self.config.batch_size)
        batches = [left for batch in batches if (left := [item for item in batch if item.key in pending])]
        done = len(items) - len(pending)
        self.progress("edits", done, len(items))
        if not batches:
            return
        editing = EditWork(self.editor, self.config.attempts, max_pixels=self.config.max_pixels)
        measuring = MeasureWork(self.embedder)
        commit = getattr(editing.load(), "commit", None) if _is_here(ray, workers) else None
        if commit is not None:
            journal.add([{"kind": LOADED, "key": "editor", "commit": commit}])
        for outcomes in _outcomes(batches, editing, measuring, ray, workers):
            for outcome in outcomes:
                self._keep(outcome)
            journal.add(entry_of(outcome) for outcome in outcomes)
            done += len(outcomes)
            self.progress("edits", done, len(items))

    def _keep(self, outcome: Outcome) -> None:
        """Write the images of an edit; the journal tells of them afterwards."""
        store = self.folder / STATE / CANDIDATES
        named = {outcome.item.candidate_name(index): image for index, image in enumerate(outcome.images)}
        before = store / f"{outcome.item.before_name}.png"
        if outcome.before is not None and not before.is_file():
            named[outcome.item.before_name] = outcome.before
        for name, image in named.items():
            if image is not None:
                with atomic_write(store / f"{name}.png", "wb") as handle:
                    handle.write(image)


def _outcomes(
    batches: Sequence[Sequence[WorkItem]],
    editing: EditWork,
    measuring: MeasureWork,
    ray: str | None,
    workers: int | None,
) -> Iterator[list[Outcome]]:
    if not _is_here(ray, workers):
        stages = (Stage(editing, EDITOR_GPU), Stage(measuring, EMBEDDER_GPU, beside=True))
        return work_with_ray(
            [list(batch) for batch in batches], stages, address=ray or "local", workers=workers
        )
    editing.load()  # before anything is begun: what cannot be loaded is told at once
    measuring.load()
    return work_here(batches, editing, measuring)


def _is_here(ray: str | None, workers: int | None) -> bool:
    """Whether this process does the work; several editors at a time are on Ray."""
    if workers is not None and workers < 1:
        raise ConfigError(f"workers is {workers}; expected at least 1")
    return ray is None and (workers is None or workers == 1)


def _is_pending(entry: Entry | None) -> bool:
    return entry is None or has_failed(entry)


def _inspection(entry: Entry | None) -> Inspection:
    assert entry is not None
    return Inspection(entry["width"], entry["height"], entry["fault"])


def _answer(key: str, answer: Instructed) -> Mapping[str, Any]:
    return {"kind": INSTRUCTED, "key": key, **asdict(answer)}
