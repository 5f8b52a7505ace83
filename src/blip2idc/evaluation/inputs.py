"""Predictions and references from files, checked completely before anything is scored.

In: predictions as COCO results (a JSON list of `{"image_id", "caption"}`, or the same objects as JSON lines);
references as a manifest, a COCO caption annotation file, or `{id: [captions]}`. Out: `Predictions`,
`ReferenceSet`, and, matched by id, `Matched`.

Ids are compared as text, so a number matches the same number written as text; within one file they must be
of one type. Empty captions and empty references are legal: benchmarks hold them, and the community scores
them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blip2idc.data.json_files import (
    describe,
    has_lone_surrogate,
    is_json_lines,
    parse,
    parse_lines,
    quoted,
    read_text,
)
from blip2idc.data.records import PairRecord, find_splits, read_records
from blip2idc.errors import PredictionError

# How many faulty entries or ids an error names before it only counts.
_SHOWN = 5
# One of them tells a manifest's record from a mapping of captions.
_RECORD_KEYS = frozenset({"before_file_name", "messages"})


@dataclass(frozen=True)
class Prediction:
    """What a system said of one item.

    Attributes:
        id: of the item.
        caption: may be empty.
        change_probability: 0 to 1, where the system gives one.
        changes: sentences of the single changes, where the system lists them; exact metrics do not read them.
    """

    id: str
    caption: str
    change_probability: float | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReferenceItem:
    """What is known of one item.

    Attributes:
        id: of the item.
        captions: its references; single ones may be empty.
        kind: kind of the change, `none` where nothing changed, None where unknown.
        change: all that the manifest knows of the change.
        groups: captions kept apart by their origin, such as `original` and `paraphrased`.
    """

    id: str
    captions: tuple[str, ...]
    kind: str | None = None
    change: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ReferenceSet:
    """The references of a test set.

    Attributes:
        source: file or folder that they come from.
        items: in the order of the file.
    """

    source: str
    items: tuple[ReferenceItem, ...]


@dataclass(frozen=True)
class Predictions:
    """The predictions of one system, in the order of the file; ids may still repeat."""

    source: str
    entries: tuple[Prediction, ...]


@dataclass(frozen=True)
class Matched:
    """Items that have both references and a prediction, in the order of the references.

    Attributes:
        items: the reference side.
        predictions: the prediction of each item.
        missing: ids without a prediction, left out because that was allowed.
        unknown: predicted ids without references, left out likewise.
    """

    items: tuple[ReferenceItem, ...]
    predictions: tuple[Prediction, ...]
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def read_predictions(path: str | Path) -> Predictions:
    """Read COCO results, as a JSON list or as JSON lines.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "predictions.jsonl")
    ...     size = path.write_text('{"image_id": "1", "caption": "the car is gone"}')
    ...     read_predictions(path).entries[0].caption
    'the car is gone'

    Raises:
        PredictionError: the file or an entry cannot be used; the sentence names the entries.
    """
    text = read_text(Path(path))
    if is_json_lines(text):
        rows = [(f"line {number}", value) for number, value in parse_lines(text, str(path))]
    else:
        value = parse(text, str(path))
        if not isinstance(value, list):
            raise PredictionError(
                f'{path} holds {describe(value)}; expected a list of {{"image_id": ..., "caption": ...}} objects'
            )
        rows = [(f"entry {number}", entry) for number, entry in enumerate(value, start=1)]
    if not rows:
        raise PredictionError(f"{path} holds no predictions")
    faults = _Faults(str(path))
    entries = [faults.collect(where, _prediction, row) for where, row in rows]
    faults.raise_if_any()
    _check_types(str(path), [(where, row["image_id"]) for where, row in rows])
    return Predictions(str(path), tuple(entry for entry in entries if entry is not None))


def read_references(path: str | Path, split: str | None = None) -> ReferenceSet:
    """Read a manifest, a COCO caption annotation file, or `{id: [captions]}`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "references.json")
    ...     size = path.write_text('{"1": ["the car is gone", "a car has left"]}')
    ...     read_references(path).items[0].captions
    ('the car is gone', 'a car has left')

    Args:
        path: a folder or JSON lines file (manifest), or a JSON file.
        split: which split of a manifest; default `test` where it has several.

    Raises:
        PredictionError: the file or an item cannot be used.
        ManifestError: a manifest's own faults.
    """
    path = Path(path)
    if path.is_dir():
        return _from_manifest(path, split)
    text = read_text(path)
    several = "\n" in text.strip()
    if several and is_json_lines(text):
        return _from_manifest(path, split)
    value = parse(text, str(path))
    if (
        not several and isinstance(value, dict) and not _RECORD_KEYS.isdisjoint(value)
    ):  # a manifest of one record
        return _from_manifest(path, split)
    if not isinstance(value, dict):
        raise PredictionError(
            f"{path} holds {describe(value)}; expected a manifest, a COCO annotation file or {{id: [captions]}} "
            "(for a benchmark's own files use `blip2idc import`)"
        )
    if isinstance(value.get("annotations"), list):
        return _from_coco(str(path), value)
    return _from_mapping(str(path), value)


def match(references: ReferenceSet, predictions: Predictions, allow_missing: bool = False) -> Matched:
    """Bring predictions to the references' items by id.

    Args:
        references: every item needs a reference.
        predictions: one an item.
        allow_missing: leave out what has no counterpart instead of refusing it.

    Raises:
        PredictionError: ids are missing, unknown or repeated, or items have no reference; all are listed.
    """
    by_id = {entry.id: entry for entry in predictions.entries}
    twice = [name for name, count in Counter(entry.id for entry in predictions.entries).items() if count > 1]
    bare = [item.id for item in references.items if not item.captions]
    known = {item.id for item in references.items}
    missing = [item.id for item in references.items if item.id not in by_id]
    unknown = [name for name in by_id if name not in known]
    faults = [_listed("duplicate", twice)]
    if not allow_missing:
        faults += [_listed("missing", missing), _listed("unknown", unknown), _listed("reference-less", bare)]
    if any(faults):
        raise PredictionError(
            f"{predictions.source} does not fit {references.source}: {'; '.join(filter(None, faults))}; "
            "every reference id needs one prediction and at least one reference; --allow-missing scores what is there"
        )
    items = tuple(item for item in references.items if item.id in by_id and item.captions)
    if not items:
        raise PredictionError(f"{predictions.source} and {references.source} have no id in common")
    return Matched(items, tuple(by_id[item.id] for item in items), (*missing, *bare), tuple(unknown))


class _Faults:
    """Collects what is wrong with the entries of a file, to say it all at once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._found: list[str] = []

    def collect(self, where: str, build: Any, value: Any) -> Any:
        """`build(value)`, or None after noting its fault."""
        try:
            return build(value)
        except _FaultError as fault:
            self._found.append(f"{where}: {fault}")
            return None

    def raise_if_any(self) -> None:
        if self._found:
            shown = "; ".join(self._found[:_SHOWN])
            more = f"; and {len(self._found) - _SHOWN} more" if len(self._found) > _SHOWN else ""
            raise PredictionError(f"{self._source}, {shown}{more}")


class _FaultError(ValueError):
    """What is wrong with one entry."""


def _prediction(row: Any) -> Prediction:
    if not isinstance(row, dict):
        raise _FaultError(f"is {describe(row)}, expected an object with image_id and caption")
    for key in ("image_id", "caption"):
        if key not in row:
            raise _FaultError(f"has no {key!r}")
    probability = row.get("change_probability")
    if probability is not None:
        if (
            isinstance(probability, bool)
            or not isinstance(probability, int | float)
            or not 0 <= probability <= 1
        ):
            raise _FaultError(f"change_probability is {describe(probability)}, expected a number from 0 to 1")
        probability = float(probability)
    return Prediction(
        _identifier(row["image_id"]), _caption(row["caption"]), probability, _changes(row.get("changes"))
    )


def _changes(value: Any) -> tuple[str, ...]:
    """Captions of listed changes; further keys of a predictions file are anybody's, so other forms are passed over."""
    if not isinstance(value, list):
        return ()
    captions = [entry.get("caption") for entry in value if isinstance(entry, dict)]
    return tuple(caption for caption in captions if isinstance(caption, str) and caption.strip())


def _identifier(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise _FaultError(f"the id is {describe(value)}, expected text or a whole number")
    if isinstance(value, str) and has_lone_surrogate(value):
        raise _FaultError(f"the id {value!a} holds a lone surrogate")
    return str(value)


def _caption(value: Any) -> str:
    if not isinstance(value, str):
        raise _FaultError(f"the caption is {describe(value)}, expected text")
    if has_lone_surrogate(value):
        raise _FaultError(f"the caption {quoted(value)} holds a lone surrogate, half of a character")
    return value


def _captions(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _FaultError(f"is {describe(value)}, expected a list of captions")
    if all(type(caption) is str and caption.isascii() for caption in value):  # nothing to look for
        return tuple(value)
    return tuple(_caption(caption) for caption in value)


def _from_manifest(path: Path, split: str | None) -> ReferenceSet:
    if split is None and len(find_splits(path)) > 1 and "test" in find_splits(path):
        split = "test"
    manifest = read_records(path, split)
    source = f"{path} ({split})" if split else str(path)
    faults = _Faults(source)
    items = [faults.collect(f"id {record.id!a}", _from_record, record) for record in manifest.records]
    faults.raise_if_any()
    return ReferenceSet(source, tuple(items))


def _from_record(record: PairRecord) -> ReferenceItem:
    groups = {}
    for group in ("original", "paraphrased"):
        captions = record.extra.get(f"{group}_captions")
        if captions is not None:
            groups[group] = _captions(captions)
    captions = tuple(_caption(caption) for caption in record.references)
    return ReferenceItem(_identifier(record.id), captions, record.kind, dict(record.change or {}), groups)


def _from_coco(source: str, value: Mapping[str, Any]) -> ReferenceSet:
    """Items in the order of `images`, or of their first annotation where that list is absent.

    An image listed twice is one item, as COCO's own reader has it: CLIP4IDC's file for Spot-the-Diff does that.
    """
    images, annotations = value.get("images", []), value["annotations"]
    if not isinstance(images, list):
        raise PredictionError(f"{source}: 'images' is {describe(images)}, expected a list")
    faults = _Faults(source)
    listed = [faults.collect(f"image {n}", _image_id, image) for n, image in enumerate(images, start=1)]
    noted = [
        faults.collect(f"annotation {n}", _annotation, entry) for n, entry in enumerate(annotations, start=1)
    ]
    faults.raise_if_any()
    _check_types(source, [(f"image {n}", image["id"]) for n, image in enumerate(images, start=1)])
    _check_types(
        source, [(f"annotation {n}", note["image_id"]) for n, note in enumerate(annotations, start=1)]
    )
    captions: dict[str, list[str]] = {name: [] for name in listed}
    stray = [name for name, _ in noted if images and name not in captions]
    if stray:
        raise PredictionError(f"{source}: annotations of {_listed('unlisted', list(dict.fromkeys(stray)))}")
    for name, caption in noted:
        captions.setdefault(name, []).append(caption)
    return _reference_set(source, captions.items())


def _image_id(image: Any) -> str:
    if not isinstance(image, dict) or "id" not in image:
        raise _FaultError(f"is {describe(image)}, expected an object with an id")
    return _identifier(image["id"])


def _annotation(entry: Any) -> tuple[str, str]:
    if not isinstance(entry, dict) or "image_id" not in entry or "caption" not in entry:
        raise _FaultError(f"is {describe(entry)}, expected an object with image_id and caption")
    return _identifier(entry["image_id"]), _caption(entry["caption"])


def _from_mapping(source: str, value: Mapping[str, Any]) -> ReferenceSet:
    faults = _Faults(source)
    pairs = []
    for key, captions in value.items():
        name = faults.collect("a key", _identifier, key)
        pairs.append((name, faults.collect(f"id {key!a}", _captions, captions)))
    faults.raise_if_any()
    return _reference_set(source, pairs)


def _reference_set(source: str, pairs: Iterable[tuple[str, Sequence[str]]]) -> ReferenceSet:
    items = tuple(ReferenceItem(name, tuple(captions)) for name, captions in pairs)
    if not items:
        raise PredictionError(f"{source} holds no references")
    return ReferenceSet(source, items)


def _check_types(source: str, ids: Sequence[tuple[str, Any]]) -> None:
    """Within one file ids are all numbers or all text: 1 beside "1" could be one item or two."""
    first: dict[type, tuple[str, Any]] = {}
    for where, value in ids:
        first.setdefault(type(value), (where, value))
    if len(first) > 1:
        (where, value), (other, another) = list(first.values())[:2]
        raise PredictionError(
            f"{source}: ids are of different types, {value!a} in {where} and {another!a} in {other}; "
            "write all of them as text or all as numbers"
        )


def _listed(what: str, names: Sequence[str]) -> str:
    """`2 missing ids ('3', '7')`, or nothing for none."""
    if not names:
        return ""
    shown = ", ".join(quoted(name) for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)} {what} id{'s' if len(names) > 1 else ''} ({shown}{more})"
