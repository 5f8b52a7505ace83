"""The named ways to score a benchmark: which items together, against which references.

In: matched items and the protocol's name. Out: `Section`s, each to be scored as a corpus of its own, the first
being the main one; and notes on what could not be formed. Facts and flaws of every protocol: docs/metrics.md.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from blip2idc.data.json_files import parse, read_text
from blip2idc.data.readers.files.source import without_zeros
from blip2idc.data.records import NO_CHANGE
from blip2idc.errors import ConfigError, PredictionError
from blip2idc.evaluation.inputs import Matched, Predictions, ReferenceItem, ReferenceSet
from blip2idc.evaluation.metrics.ngrams import Ints
from blip2idc.evaluation.no_change import RELEASED_WORDINGS

_CLEVR_NAME = re.compile(
    r"(?:CLEVR_(?P<side>default|semantic|nonsemantic)_)?(?P<number>[0-9]+)(?:\.png)?(?P<mark>_n)?"
)
_SPOT_NAME = re.compile(r"(?P<number>[0-9]+)(?:\.png)?")
# CARD's reference file joins the sentences of a pair and cuts after this many words.
_CARD_WORDS = 60
# Items (and references) of the official test sets: Jhamtani and Berg-Kirkpatrick 2018; Tan et al., ACL 2019.
_CLEVR_ITEMS = 7970  # a change and a distractor of each of 3,985 scenes
_SPOT_ITEMS, _SPOT_REFERENCES, _REQUEST_ITEMS, _REQUEST_REFERENCES = 1270, 2107, 495, 3


@dataclass(frozen=True, eq=False)
class Section:
    """Items that are scored together.

    Attributes:
        name: key in the report, such as `semantic`.
        title: the same in words.
        items: `[N]` places of its items among the matched ones.
        references: other references than the items' own, where the protocol has some.
        predictions: other captions than the predicted ones, where the protocol swaps some.
    """

    name: str
    title: str
    items: Ints
    references: tuple[tuple[str, ...], ...] | None = None
    predictions: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ProtocolOptions:
    """What some protocols need beside predictions and references.

    Attributes:
        type_mapping: CLEVR-Change's `type_mapping.json`, where the references hold no kinds.
        iou: CLEVR-Change's `change_captions_by_IOU.json`, where the references hold none.
        seed: of the swaps of `blip2idc-released`.
    """

    type_mapping: Path | None = None
    iou: Path | None = None
    seed: int = 0


@dataclass
class Plan:
    """Sections to score, the main one first, and notes for the reader."""

    sections: list[Section] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def plan(protocol: str | None, matched: Matched, options: ProtocolOptions | None = None) -> Plan:
    """The sections of a protocol; without one, all items as they are.

    Raises:
        ConfigError: an unknown protocol.
        PredictionError: the references do not hold what the protocol needs.
    """
    if protocol is None:
        return Plan([_everything(matched)])
    return _entry(protocol).build(matched, options or ProtocolOptions())


def normalize_ids(
    protocol: str | None, references: ReferenceSet, predictions: Predictions
) -> tuple[ReferenceSet, Predictions]:
    """Both sides with the ids of the protocol, in whichever of its spellings they were written."""
    spelling = _entry(protocol).spelling if protocol is not None else None
    if spelling is None:
        return references, predictions
    items = tuple(
        ReferenceItem(spelling(item.id), item.captions, item.kind, item.change, item.groups)
        for item in references.items
    )
    if len({item.id for item in items}) != len(items):
        raise PredictionError(
            f"{references.source}: two spellings of one id occur, which protocol {protocol} takes as the same"
        )
    entries = tuple(replace(e, id=spelling(e.id)) for e in predictions.entries)
    return ReferenceSet(references.source, items), Predictions(predictions.source, entries)


def by_kind(matched: Matched) -> list[Section]:
    """One section a kind of change.

    Raises:
        PredictionError: the references hold no kinds.
    """
    kinds = [item.kind for item in matched.items]
    if not any(kinds):
        raise PredictionError(
            "The references hold no kinds of change; --by kind needs a manifest with change.kind"
        )
    names = sorted({kind or "unknown" for kind in kinds})
    return [
        Section(name, f"kind: {name}", _where([(kind or "unknown") == name for kind in kinds]))
        for name in names
    ]


def clevr_id(name: str) -> str:
    """CLEVR-Change's id: `000000.png`, and `000000.png_n` for the distractor.

    >>> clevr_id("CLEVR_nonsemantic_000012.png"), clevr_id("12"), clevr_id("000012.png_n")
    ('000012.png_n', '000012.png', '000012.png_n')
    """
    found = _CLEVR_NAME.fullmatch(name)
    if found is None:
        return name
    distractor = found["mark"] or found["side"] == "nonsemantic"
    return f"{without_zeros(found['number']).zfill(6)}.png{'_n' if distractor else ''}"


def spot_id(name: str) -> str:
    """Spot-the-Diff's id: the number, without leading zeros and `.png`.

    >>> spot_id("000256.png"), spot_id("256")
    ('256', '256')
    """
    found = _SPOT_NAME.fullmatch(name)
    return without_zeros(found["number"]) if found else name


def _everything(matched: Matched, title: str = "all items") -> Section:
    return Section("total", title, np.arange(len(matched.items)))


def _where(chosen: Sequence[bool]) -> Ints:
    return np.flatnonzero(np.array(chosen, dtype=np.bool_)).astype(np.int64)


def _clevr_change(matched: Matched, options: ProtocolOptions) -> Plan:
    """Total, semantic (something changed), non-semantic (distractors), every type, hardest quarter by IoU."""
    plan = Plan([_everything(matched)])
    types = _types(options.type_mapping)
    kinds = [_clevr_kind(item, types) for item in matched.items]
    unchanged = [kind == NO_CHANGE for kind in kinds]
    plan.sections.append(
        Section("semantic", "semantic: something changed", _where([not flag for flag in unchanged]))
    )
    plan.sections.append(Section("non_semantic", "non-semantic: only camera and light", _where(unchanged)))
    known = sorted({kind for kind in kinds if kind not in (None, NO_CHANGE)} - {"unknown"}, key=str)
    plan.sections += [
        Section(f"type_{kind}", f"type: {kind}", _where([k == kind for k in kinds])) for kind in known
    ]
    if not known:
        plan.notes.append(
            "No scores by type: the references hold no kinds; give --type-mapping type_mapping.json."
        )
    hardest = _hardest_quarter(matched, unchanged, options.iou)
    if hardest is None:
        plan.notes.append(
            "No hardest quarter: the references hold no IoU; give --iou change_captions_by_IOU.json."
        )
    else:
        plan.sections.append(Section("hardest_quarter", "hardest quarter of the changes, by IoU", hardest))
    plan.notes += _size_note("CLEVR-Change's test set", len(matched.items), _CLEVR_ITEMS)
    empty = [section.title for section in plan.sections if not len(section.items)]
    plan.notes += [f"No items in '{title}'." for title in empty]
    plan.sections = [section for section in plan.sections if len(section.items)]
    return plan


def _clevr_kind(item: ReferenceItem, types: Mapping[str, str]) -> str | None:
    if item.kind is not None and item.kind != "unknown":
        return item.kind
    return NO_CHANGE if item.id.endswith("_n") else types.get(clevr_id(item.id))


def _types(path: Path | None) -> dict[str, str]:
    """Id -> type, from `{"color": ["000000.png", ...], ...}`."""
    types: dict[str, str] = {}
    for kind, names in (_read_mapping(path) if path is not None else {}).items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise PredictionError(f"{path}, key {kind!r}: expected a list of file names")
        types |= {clevr_id(name): kind for name in names}
    return types


def _hardest_quarter(matched: Matched, unchanged: Sequence[bool], path: Path | None) -> Ints | None:
    """The quarter of the changed items whose objects overlap least between the two images."""
    table = _read_mapping(path) if path is not None else {}
    places, overlaps = [], []
    for place, item in enumerate(matched.items):
        overlap = item.change.get("iou", table.get(_number(item.id)))
        if isinstance(overlap, int | float) and 0 <= overlap <= 1 and not unchanged[place]:
            places.append(place)
            overlaps.append(float(overlap))
    if not places:
        return None
    order = np.argsort(np.array(overlaps), kind="stable")
    return np.sort(np.array(places, dtype=np.int64)[order[: max(len(places) // 4, 1)]])


def _number(name: str) -> str:
    """`000012.png` -> `12`, as the IoU file keys it."""
    found = _CLEVR_NAME.fullmatch(name)
    return without_zeros(found["number"]) if found else name


def _read_mapping(path: Path) -> dict[str, Any]:
    value = parse(read_text(path), str(path))
    if not isinstance(value, dict):
        raise PredictionError(f"{path}: expected a JSON object")
    return value


def _spot_single(matched: Matched, options: ProtocolOptions) -> Plan:
    """Every sentence is a reference."""
    references = sum(len(item.captions) for item in matched.items)
    found = Plan([_everything(matched, "every sentence a reference")])
    found.notes += _size_note("Spot-the-Diff's test set", len(matched.items), _SPOT_ITEMS)
    if len(matched.items) == _SPOT_ITEMS and references != _SPOT_REFERENCES:
        found.notes.append(f"{references} references; the unfiltered single protocol has {_SPOT_REFERENCES}.")
    return found


def _spot_multi(matched: Matched, options: ProtocolOptions) -> Plan:
    """The sentences of a pair joined into one reference, cut as in CARD's file."""
    joined = tuple((_joined(item.captions),) for item in matched.items)
    section = Section(
        "total",
        f"sentences joined into one reference, at most {_CARD_WORDS} words",
        np.arange(len(matched.items)),
        joined,
    )
    return Plan([section], _size_note("Spot-the-Diff's test set", len(matched.items), _SPOT_ITEMS))


def _joined(sentences: Sequence[str]) -> str:
    """One reference of several sentences.

    >>> _joined(["a car left.", "", "the van stayed"])
    'a car left. the van stayed'
    """
    text = ". ".join(sentence.strip().rstrip(".") for sentence in sentences if sentence.strip())
    return " ".join(text.split()[:_CARD_WORDS])


def _editing_request(matched: Matched, options: ProtocolOptions) -> Plan:
    """Three references an item."""
    notes = _size_note("Image-Editing-Request's test set", len(matched.items), _REQUEST_ITEMS)
    other = sum(len(item.captions) != _REQUEST_REFERENCES for item in matched.items)
    if other:
        notes.append(
            f"{other} items do not have {_REQUEST_REFERENCES} references, as the official test set does."
        )
    return Plan([_everything(matched)], notes)


def _size_note(what: str, items: int, expected: int) -> list[str]:
    return (
        []
        if items == expected
        else [f"{what} has {expected} items, here are {items}: do not compare with published scores."]
    )


def _paraphrased(matched: Matched, options: ProtocolOptions) -> Plan:
    """The human instruction, its paraphrases by a language model, and both together, kept apart."""
    groups = [_groups(item) for item in matched.items]
    notes = []
    sections = []
    for name, title in (
        ("all", "original and paraphrases"),
        ("original", "the original only"),
        ("paraphrased", "paraphrases only"),
    ):
        chosen = [sum(group.values(), ()) if name == "all" else group[name] for group in groups]
        items = _where([bool(captions) for captions in chosen])
        if not len(items):
            notes.append(f"No scores against '{title}': the references hold none.")
            continue
        if len(items) < len(groups):
            notes.append(
                f"{len(groups) - len(items)} items have nothing in '{title}' and are not scored there."
            )
        kept = tuple(captions for captions in chosen if captions)
        sections.append(Section("total" if name == "all" else name, title, items, kept))
    return Plan(sections, notes)


def _groups(item: ReferenceItem) -> dict[str, tuple[str, ...]]:
    """Paraphrases and original of an item, in the order of the released code."""
    if item.groups:
        return {
            "paraphrased": item.groups.get("paraphrased", ()),
            "original": item.groups.get("original", ()),
        }
    if len(item.captions) > 1:
        raise PredictionError(
            f"Item {item.id!r} has {len(item.captions)} references and nothing says which is the original; "
            "give a manifest with original_captions and paraphrased_captions, as `blip2idc import syned` writes it"
        )
    return {"paraphrased": (), "original": item.captions}


def _released(matched: Matched, options: ProtocolOptions) -> Plan:
    """As the released code scores: a correct no-change caption is replaced by a random one of its own references."""
    generator = random.Random(options.seed)
    captions, swapped = [], 0
    for item, prediction in zip(matched.items, matched.predictions, strict=True):
        caption = prediction.caption
        if caption in RELEASED_WORDINGS and not set(RELEASED_WORDINGS).isdisjoint(item.captions):
            caption = generator.choice(item.captions)
            swapped += 1
        captions.append(caption)
    everything = np.arange(len(matched.items))
    title = "blip2idc-released: correct no-change captions swapped for a reference"
    note = (
        f"{swapped} of {len(captions)} captions were replaced by one of their own references before scoring, as the "
        "released code does: these scores are only for comparison with numbers that it printed; "
        "'as written' has the honest ones."
    )
    swapped_section = Section("total", title, everything, predictions=tuple(captions))
    return Plan([swapped_section, Section("as_written", "as written, nothing swapped", everything)], [note])


@dataclass(frozen=True)
class _Protocol:
    """How a protocol forms its sections, and how it spells ids."""

    build: Callable[[Matched, ProtocolOptions], Plan]
    spelling: Callable[[str], str] | None = None


PROTOCOLS: Mapping[str, _Protocol] = {
    "clevr-change": _Protocol(_clevr_change, clevr_id),
    "spot-the-diff-single": _Protocol(_spot_single, spot_id),
    "spot-the-diff-multi": _Protocol(_spot_multi, spot_id),
    "image-editing-request": _Protocol(_editing_request),
    "emu": _Protocol(_paraphrased),
    "syned": _Protocol(_paraphrased),
    "blip2idc-released": _Protocol(_released),
}


def _entry(protocol: str) -> _Protocol:
    if protocol not in PROTOCOLS:
        raise ConfigError(f"There is no protocol {protocol!r}; choose from {', '.join(PROTOCOLS)}")
    return PROTOCOLS[protocol]
