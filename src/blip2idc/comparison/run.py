"""Comparing two folders: names, then decoded values, then, for what is left, the captioner.

In: two folders, settings, and a function that captions pairs. Out: a `Comparison`. No torch: the function is handed in,
and is called only where values differ, so that two equal folders are compared without any model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from blip2idc.comparison.folders import FolderPairs, NameRules, pair_folders
from blip2idc.comparison.ignoring import check_rules, rules_for
from blip2idc.comparison.measure import Tolerances, measure, shown_pair
from blip2idc.comparison.outcome import CompareSettings, Comparison, Entry
from blip2idc.comparison.words import measured_in_words
from blip2idc.difference import Difference
from blip2idc.errors import Blip2idcError
from blip2idc.images.changes.measured_pair import MeasuredPair
from blip2idc.images.decoding.frames import read_size
from blip2idc.images.pair import ImagePair

#: Captions opened pairs, in their order, reading them as it goes.
Describe = Callable[[Iterable[ImagePair]], Iterator[Difference]]

_OPENERS = 4  # threads that decode; decoding releases Python's lock
_LARGE_BYTES = 4_000_000  # of a file: larger ones are decoded one pair at a time, which bounds the memory
_LARGE_PIXELS = 16_000_000  # likewise
_LARGE = threading.Lock()


def compare(
    before: Path,
    after: Path,
    settings: CompareSettings,
    describe: Describe,
    run: Mapping[str, Any] | None = None,
    names: NameRules | None = None,
) -> Comparison:
    """Compare two folders, or two files.

    Example::

        captioner = DifferenceCaptioner.from_pretrained()
        comparison = compare(Path("expected"), Path("actual"), CompareSettings(), captioner.stream)
        comparison.exit_status, comparison.summary()

    Args:
        before: The earlier folder.
        after: The later folder.
        settings: Who decides, and what does not count.
        describe: Called at most once, and not at all where no pair needs it.
        run: The run record to keep.
        names: Which names count, and how they meet.

    Raises:
        InputError: One of the two is not a folder, or neither holds an image.
        ConfigError: An ignored region lies outside of every picture.
    """
    folders = pair_folders(before, after, names)
    measured = list(_measure_all(folders, settings))
    notes = check_rules(
        settings.all_rules,
        [
            (entry.name, entry.pixels.before_size, entry.pixels.after_size)
            for entry in measured
            if entry.pixels
        ],
    )
    settled = [_settle(entry, settings) for entry in measured]
    waiting = [entry for entry in settled if entry.status == "changed" and settings.judge != "pixels"]
    entries = [entry for entry in settled if entry not in waiting]
    entries += [Entry(name, "added", "only in the second folder") for name in folders.added]
    entries += [Entry(name, "removed", "only in the first folder") for name in folders.removed]
    if waiting:
        entries += _ask_model(waiting, folders, settings, describe)
    placed = [replace(entry, files=folders.files[entry.name]) for entry in entries]
    placed.sort(key=lambda entry: entry.name)
    return Comparison(
        before, after, tuple(placed), settings, run or {}, folders.left_out, (*folders.notes, *notes)
    )


def open_entry(entry: Entry, settings: CompareSettings) -> ImagePair:
    """The pair of an entry as the model sees it and pages show it.

    Raises:
        ImageError: One of its files cannot be used any more.
    """
    before, after = entry.files
    assert before is not None
    assert after is not None
    frame = entry.measured.frame if entry.measured else 0
    pair = shown_pair(before, after, frame, rules_for(settings.all_rules, entry.name), settings.max_pixels)
    found = entry.measured.comparison if entry.measured else None
    if found is None or (found.before_size, found.after_size) != (pair.before.size, pair.after.size):
        return pair
    return MeasuredPair(pair.before, pair.after, found)


def _measure_all(folders: FolderPairs, settings: CompareSettings) -> Iterator[Entry]:
    with ThreadPoolExecutor(_OPENERS) as pool:
        yield from pool.map(partial(_measure_one, folders, settings), folders.common)


def _measure_one(folders: FolderPairs, settings: CompareSettings, name: str) -> Entry:
    paths = folders.paths(name)
    tolerances = Tolerances(settings.pixel_tolerance, settings.max_pixels)
    large = any(_is_large(path, settings.max_pixels) for path in paths)
    if large:
        _LARGE.acquire()
    try:
        measured = measure(*paths, rules_for(settings.all_rules, name), tolerances)
    except Blip2idcError as error:
        return Entry(name, "error", str(error), files=paths)
    finally:
        if large:
            _LARGE.release()
    return Entry(name, "changed" if measured.differs else "same", "", measured, files=paths)


def _is_large(path: Path, max_pixels: int) -> bool:
    """Whether decoding a file may take so much memory that no other is to be decoded meanwhile."""
    try:
        if path.stat().st_size > _LARGE_BYTES:
            return True
        width, height = read_size(path, max_pixels=max_pixels)
    except (OSError, Blip2idcError):
        return False  # opening it will say why
    return width * height > _LARGE_PIXELS


def _settle(entry: Entry, settings: CompareSettings) -> Entry:
    """The verdict that the values alone lead to; `changed` for those that the model may still call the same."""
    measured = entry.measured
    if measured is None:
        return entry
    if not measured.differs:
        reason = ", ".join(("identical pixels", *measured.notes))
        return replace(entry, status="same", reason=reason)
    pixels = measured.pixels
    if pixels.same_size and not measured.structural and pixels.share <= settings.pixel_threshold:
        return replace(entry, status="same", reason="differing pixels within --pixel-threshold")
    return replace(entry, status="changed", reason=measured_in_words(measured))


def _ask_model(
    waiting: Sequence[Entry], folders: FolderPairs, settings: CompareSettings, describe: Describe
) -> Iterator[Entry]:
    """The entries that differ, with what the captioner says of them and what follows from it."""
    pairs = (open_entry(entry, settings) for entry in waiting)
    for entry, difference in zip(waiting, describe(pairs), strict=True):
        yield _judged(entry, difference, settings)


def _judged(entry: Entry, difference: Difference, settings: CompareSettings) -> Entry:
    """The verdict on a pair that differs: of the values where they decide, of the captioner where they do not."""
    threshold = settings.threshold
    found = difference.changed if threshold is None else difference.change_probability >= threshold
    said = replace(entry, difference=difference, model_changed=found)
    why = _values_decide(said, settings)
    if why is not None:
        return replace(said, reason=f"{entry.reason}{why}")
    verdict = "the model finds a change" if found else "the model finds no change"
    return replace(said, status="changed" if found else "same", reason=f"{entry.reason}; {verdict}")


def _values_decide(entry: Entry, settings: CompareSettings) -> str | None:
    """What to add to the reason where the values alone make a pair changed; None where the model decides."""
    measured = entry.measured
    assert measured is not None
    if measured.structural:
        return ""
    if not measured.pixels.same_size:
        return None if settings.any_size else "; --any-size leaves other sizes to the model"
    if settings.strict:
        return "; --strict counts every difference" if measured.judgement == "diffuse" else ""
    if settings.judge == "model" or measured.judgement == "diffuse":
        return None
    return ""
