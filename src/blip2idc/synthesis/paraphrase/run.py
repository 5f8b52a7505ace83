"""More references: a language model says each caption in other words, and what changes its meaning is thrown out.

In: a data set, a language model. Out: the same data set whose records have more captions, originals and variations kept
apart (`original_captions`, `paraphrased_captions`, as `blip2idc import syned` writes them), and an account of what
passed and why the rest did not. Equal captions are asked once. What was answered stands in a journal, so that a run
that was killed goes on; what a server failed to answer is asked again by another run.

Papers: Evennou et al., WACV 2025, arXiv 2412.15939 (several references a pair); arXiv 2604.08213 (usual errors).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from blip2idc.config import Range, Seed, check_ranges
from blip2idc.data.placing import place_file
from blip2idc.data.records import (
    MANIFEST_NAME,
    Manifest,
    PairRecord,
    find_splits,
    read_records,
    write_records,
)
from blip2idc.errors import InputError
from blip2idc.runs.files import atomic_write
from blip2idc.runs.folder import STATE
from blip2idc.runs.journal import Entry, Journal
from blip2idc.runs.record import run_record
from blip2idc.runs.resume import resume_folder
from blip2idc.synthesis.language_models.language_model import LanguageModel, LanguageModelSettings, Prompt
from blip2idc.synthesis.language_models.sentences import clean, fault_of, same_words
from blip2idc.synthesis.paraphrase.guard import EntailmentGuard, EntailmentSettings, Guard, WordGuard
from blip2idc.synthesis.pipeline.plan import content_key, seed_of

REWORDED = "reworded"
ORIGINALS, VARIATIONS = "original_captions", "paraphrased_captions"
JOURNAL, REPORT = "paraphrases.jsonl", "paraphrase-report.json"

#: Captions that are asked about, and lost when the run is killed, together.
ASKED_TOGETHER = 16

#: Words that a variation may have beyond `longest_ratio` times those of its original, so that short ones have room.
SPARE_WORDS = 4

SYSTEM = (
    "You reword descriptions of what changed between two pictures. Say the same in other words: keep every object, "
    "number, color, side and place, keep whether something appeared or disappeared, and keep an order an order. Add "
    "nothing and leave nothing out. Answer with one short sentence and nothing else."
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ParaphraseConfig:
    """What a run is told.

    Attributes:
        language_model: Who rewords.
        variations: Of each caption, at most.
        rounds: How often a caption is asked about whose variations do not pass.
        longest_ratio: Words of a variation for each word of its original, at most (and a few more).
        longest_words: Of a variation.
        seed: Of the sampling.
        entailment: Which model of inference judges what was said; None to compare words by tables.
    """

    language_model: LanguageModelSettings
    variations: Annotated[int, Range(1, 1000)] = 4
    rounds: Annotated[int, Range(1, 1000)] = 3
    longest_ratio: Annotated[float, Range(1, 1000)] = 2.0
    longest_words: Annotated[int, Range(1, 10_000)] = 40
    seed: Seed = 0
    entailment: EntailmentSettings | None = None

    def __post_init__(self) -> None:
        check_ranges(self)

    def guard(self) -> Guard:
        """What decides whether a variation says the same.

        Raises:
            Blip2idcError: The model of inference cannot be loaded.
        """
        return WordGuard() if self.entailment is None else EntailmentGuard(self.entailment)

    def bounds(self) -> dict[str, Any]:
        """What decides the variations, but for the language model."""
        values = asdict(replace(self, language_model=LanguageModelSettings("-")))
        del values["language_model"]
        if self.entailment is None:  # as runs were described before there was one
            del values["entailment"]
        else:
            del values["entailment"]["device"]
        return values


@dataclass(frozen=True)
class ParaphraseReport:
    """The account of a run.

    Attributes:
        pairs: Records.
        captions: Original captions, in all records.
        distinct: Different ones among them: what was asked about.
        asked: Variations that the language model was asked for.
        passed: Variations that passed, of distinct captions.
        refused: Those that did not, by reason.
        unvaried: Distinct captions of which none passed.
        failed: Captions that the language model did not answer: caption -> why.
        repeated: Variations left out of a record because they equal another of its captions, which only shows when all
            of them are put together.
        added: Captions that records gained.
    """

    pairs: int
    captions: int
    distinct: int
    asked: int
    passed: int
    refused: Mapping[str, int]
    unvaried: int
    failed: Mapping[str, str]
    repeated: int
    added: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def rows(self) -> list[tuple[str, int]]:
        """(what, how many), for a table; what belongs to the line above begins with spaces."""
        rows = [("pairs", self.pairs), ("captions", self.captions), ("different captions", self.distinct)]
        rows += [("variations asked for", self.asked)]
        rows += [("variations that passed", self.passed), ("variations refused", sum(self.refused.values()))]
        rows += [(f"  {reason}", count) for reason, count in self.refused.items()]
        rows += [("captions without a variation", self.unvaried)]
        rows += [("captions not answered", len(self.failed))] if self.failed else []
        rows += [("left out, as they repeat a caption of their pair", self.repeated)] if self.repeated else []
        return [*rows, ("captions added", self.added)]


@dataclass
class _Wording:
    """A caption while it is asked about."""

    caption: str
    key: str
    passed: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    fault: str | None = None

    def entry(self) -> Entry:
        """What the journal keeps."""
        return {
            "kind": REWORDED,
            "key": self.key,
            "caption": self.caption,
            "variations": self.passed,
            "refused": dict(self.refused),
            "asked": self.asked,
            "fault": self.fault,
        }


def paraphrase(
    data: Path,
    output: Path,
    config: ParaphraseConfig,
    *,
    split: str | None = None,
    model: LanguageModel | None = None,
    progress: Progress = lambda done, total: None,
) -> tuple[Path, ParaphraseReport]:
    """Write a data set with more captions.

    Args:
        data: The data set; all its splits unless `split` names one.
        output: Folder of the new one; its images are hard links where the file system allows them.
        config: The settings.
        split: `train`, `val` or `test`.
        model: Another language model than the settings name.
        progress: Told of (captions done, of how many).

    Returns:
        The folder and the account.

    Raises:
        Blip2idcError: A setting, the data set or the language model cannot be used.
    """
    if output.resolve() == data.resolve():
        raise InputError(f"{output}: is the data set itself; expected another folder for the output")
    manifests = _manifests(data, split)
    described = model.describe() if model is not None else config.language_model.describe()
    bounds = config.bounds()
    settings = {
        "paraphrase": bounds,
        "language_model": described,
        "data": data.resolve().name,
        "split": split,
    }
    parts = tuple(manifest.split or "." for manifest in manifests)
    with resume_folder(output, settings, parts, journal_name=JOURNAL) as journal:
        captions = _originals(manifests)
        keys = {caption: content_key([caption, described, bounds]) for caption in captions}
        _ask(keys, journal, config, model, progress)
        entries = {caption: journal.get(REWORDED, key) or {} for caption, key in keys.items()}
        records = [[_varied(record, entries) for record in manifest] for manifest in manifests]
        report = _account(manifests, records, entries)
        with atomic_write(output / STATE / REPORT) as handle:
            content = {"report": report.to_dict(), "settings": settings, "run_record": run_record()}
            handle.write(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        for manifest, varied in zip(manifests, records, strict=True):
            _write(manifest, varied, output if manifest.split is None else output / manifest.split)
    return output, report


def _manifests(data: Path, split: str | None) -> list[Manifest]:
    splits = find_splits(data)
    if split is None and splits and not (data / MANIFEST_NAME).is_file():
        return [read_records(data, name) for name in splits]
    manifest = read_records(data, split)
    return [replace(manifest, split=split if split in splits else None)]


def originals_of(record: PairRecord) -> tuple[str, ...]:
    """The captions of a record that are no variations of others."""
    kept = record.extra.get(ORIGINALS)
    return tuple(kept) if isinstance(kept, list) and kept else record.captions


def _originals(manifests: Sequence[Manifest]) -> list[str]:
    """The different ones, in the order in which they are met."""
    captions = [caption for manifest in manifests for record in manifest for caption in originals_of(record)]
    if not captions:
        raise InputError(f"{manifests[0].root}: no record has a caption; there is nothing to reword")
    return list(dict.fromkeys(captions))


def _ask(
    keys: Mapping[str, str],
    journal: Journal,
    config: ParaphraseConfig,
    model: LanguageModel | None,
    progress: Progress,
) -> None:
    """Ask about the captions that the journal does not tell of."""
    missing = [caption for caption, key in keys.items() if not _is_done(journal.get(REWORDED, key))]
    if not missing:
        progress(len(keys), len(keys))
        return
    asked, guard = model if model is not None else config.language_model.load(), config.guard()
    progress(len(keys) - len(missing), len(keys))
    for start in range(0, len(missing), ASKED_TOGETHER):
        group = [_Wording(caption, keys[caption]) for caption in missing[start : start + ASKED_TOGETHER]]
        reword(group, asked, config, guard)
        journal.add(wording.entry() for wording in group)
        progress(len(keys) - len(missing) + start + len(group), len(keys))


def _is_done(entry: Entry | None) -> bool:
    return entry is not None and entry["fault"] is None


def reword(group: Sequence[_Wording], model: LanguageModel, config: ParaphraseConfig, guard: Guard) -> None:
    """Ask in rounds, each time for what still lacks; fills the wordings."""
    for _ in range(config.rounds):
        for wording in group:
            if len(wording.passed) < config.variations:
                wording.fault = None  # what the last round says counts
        wanted = [wording for wording in group for _ in range(config.variations - len(wording.passed))]
        if not wanted:
            return
        prompts = [_prompt(wording, config.seed) for wording in wanted]
        for wording, answer in zip(wanted, model.answer(prompts), strict=True):
            if answer.text is None:
                wording.fault = answer.fault or "no answer"
                continue
            reason = take(wording, answer.text, config, guard)
            if reason is not None:
                wording.refused[reason] += 1


def _prompt(wording: _Wording, seed: int) -> Prompt:
    wording.asked += 1
    user = wording.caption
    if wording.passed:
        user += "\n\nIn other words than: " + " / ".join(wording.passed)
    return Prompt(SYSTEM, user, seed_of(f"{wording.key}/{seed}", wording.asked))


def take(wording: _Wording, text: str, config: ParaphraseConfig, guard: Guard) -> str | None:
    """Keep an answer where it is a good variation; else say why not."""
    variation = clean(text)
    reason = reason_against(wording.caption, variation, config, guard)
    if reason is None and same_words(variation) in {same_words(other) for other in wording.passed}:
        reason = "duplicate"
    if reason is None:
        wording.passed.append(variation)
    return reason


def reason_against(original: str, variation: str, config: ParaphraseConfig, guard: Guard) -> str | None:
    """Why a variation is none of its original; None where it is one.

    Returns:
        A code of `sentences.fault_of`, `duplicate`, or a code of the guard.
    """
    length = len(original.split())
    longest = min(config.longest_words, round(config.longest_ratio * length) + SPARE_WORDS)
    fault = fault_of(variation, longest_words=max(longest, 1), shortest_words=min(2, max(1, length)))
    if fault is not None:
        return fault
    if same_words(variation) == same_words(original):
        return "duplicate"
    return guard.reason_against(original, variation)


def _varied(record: PairRecord, entries: Mapping[str, Entry]) -> PairRecord:
    """The record with its variations; one that equals another reference of the record is left out."""
    originals = originals_of(record)
    seen = {same_words(caption) for caption in originals}
    earlier = [caption for caption in record.captions if caption not in originals]
    variations = []
    for caption in [*earlier, *(one for text in originals for one in entries[text].get("variations", ()))]:
        if same_words(caption) not in seen:
            seen.add(same_words(caption))
            variations.append(caption)
    extra = {**record.extra, ORIGINALS: list(originals), VARIATIONS: variations}
    return replace(record, captions=(*originals, *variations), extra=extra)


def _account(
    manifests: Sequence[Manifest], records: Sequence[Sequence[PairRecord]], entries: Mapping[str, Entry]
) -> ParaphraseReport:
    refused: Counter[str] = Counter()
    for entry in entries.values():
        refused.update(entry.get("refused", {}))
    before = sum(len(record.captions) for manifest in manifests for record in manifest)
    added = sum(len(record.captions) for part in records for record in part) - before
    offered = sum(
        len(entries[caption].get("variations", ()))
        for part in records
        for record in part
        for caption in originals_of(record)
    )
    return ParaphraseReport(
        pairs=sum(map(len, manifests)),
        captions=sum(len(originals_of(record)) for manifest in manifests for record in manifest),
        distinct=len(entries),
        asked=sum(entry.get("asked", 0) for entry in entries.values()),
        passed=sum(len(entry.get("variations", ())) for entry in entries.values()),
        refused=dict(refused.most_common()),
        unvaried=sum(not entry.get("variations") for entry in entries.values()),
        failed={caption: entry["fault"] for caption, entry in entries.items() if entry.get("fault")},
        repeated=max(0, offered - added),
        added=added,
    )


def _write(manifest: Manifest, records: Sequence[PairRecord], folder: Path) -> None:
    for record in records:
        for name in _files(record):
            source = manifest.image_path(name)
            if source.is_file():
                place_file(source, folder / name)
    write_records(folder, records)


def _files(record: PairRecord) -> Iterator[str]:
    """The images of a record, and whatever else it names as a file of its own."""
    yield record.before_file_name
    yield record.after_file_name
    for key, value in record.extra.items():
        if key.endswith("_file_name") and isinstance(value, str):
            yield value
