"""Batches for the tiny model: joint images, captions, and the truth about every cell and every pair.

In: the shards of `tiny.shards` and `tiny.views`. Out: `TinyBatch`es. Scenes are told forwards or backwards, mirrored or
not, with or without their change, so that one rendered scene serves two dozen pairs.

Shapes: B pairs, P cells of the patch grid of the joint image (before first, row by row).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from blip2idc.tiny.shards import ATTRIBUTES, HEIGHT, MAX_OBJECTS, WIDTH
from blip2idc.worlds.edits import captions as edit_captions
from blip2idc.worlds.edits import world as edits
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS, NO_CHANGE_KIND
from blip2idc.worlds.scenes import world as scenes
from blip2idc.worlds.scenes.captions import place
from blip2idc.worlds.scenes.renderer import COLORS, MATERIALS, SceneObject

Labels = dict[str, npt.NDArray[np.int64]]

#: What is asked of every cell, and the number of answers; -1 is "not asked".
CELL_QUESTIONS = {"color": 9, "shape": 3, "size": 2, "material": 2, "status": 7, "other": 10}
BACKGROUND = 8  # the answer to "color" where no object is
STATUS = {"same": 0, "color": 1, "material": 2, "add": 3, "drop": 4, "move": 5, "edit": 6}

NEW_VALUES = (*COLORS, *MATERIALS)
PLACES = edit_captions.PLACES
EDIT_COLORS = tuple(edit_captions.COLORS)

#: What is asked of a pair besides the kind of its change, and the number of answers.
PAIR_QUESTIONS = {
    "size": 2,
    "color": 8,
    "material": 2,
    "shape": 3,
    "new": len(NEW_VALUES),
    "place": len(PLACES),
    "edit_color": len(EDIT_COLORS),
}

_PLAIN_NAME_SHARE = (
    0.8  # of the captions drawn for a scene name the object by its attributes only, where that is enough
)


@dataclass
class TinyBatch:
    """Joint images uint8 (B, 128, 128, 3), captions, all right captions, cell labels (B, P), pair labels (B,)."""

    joints: npt.NDArray[np.uint8]
    captions: list[str]
    references: list[tuple[str, ...]]
    cells: Labels
    pairs: Labels
    kinds: list[str] = field(default_factory=list)


@dataclass
class _Pair:
    joint: npt.NDArray[np.uint8]
    caption: str
    references: tuple[str, ...]
    kind: str
    cells: dict[str, npt.NDArray[np.int64]]
    pair: dict[str, int]


class SceneShards:
    """Scenes in memory, and the pairs that can be made of them."""

    def __init__(self, files: Iterable[Path]) -> None:
        loaded = [_arrays(path) for path in sorted(files)]
        self._data = {name: np.concatenate([part[name] for part in loaded]) for name in loaded[0]}

    def __len__(self) -> int:
        return len(self._data["facts"])

    def pair(self, rng: np.random.Generator, no_change_share: float) -> _Pair:
        """Any pair of any scene."""
        while True:
            index, changed = int(rng.integers(len(self))), bool(rng.random() >= no_change_share)
            made = self._pair(index, changed, rng)
            if made is not None:
                return made

    def _pair(self, index: int, changed: bool, rng: np.random.Generator) -> _Pair | None:
        mirrored, first = bool(rng.random() < 0.5), int(rng.random() < 0.5)
        states = (first, 1 - first) if changed else (first, first)
        view = int(rng.random() < 0.5)
        views = (view, int(rng.random() < 0.5)) if changed else (view, 1 - view)
        change = self._change(index, states, mirrored)
        if changed and not change.names():
            return None
        slots = [2 * state + shot for state, shot in zip(states, views, strict=True)]
        pictures = self._data["images"][index, slots]  # (2, H, W, 3)
        cells = self._data["cells"][index, slots]
        if mirrored:
            pictures, cells = pictures[:, :, ::-1], cells[..., ::-1]
        references = change.captions(rng)
        return _Pair(
            joint=pictures.reshape(2 * HEIGHT, WIDTH, 3),
            caption=_draw_scene_caption(change, references, rng),
            references=references,
            kind=change.kind,
            cells=self._cell_labels(index, states, cells.astype(np.int64), change),
            pair=_scene_labels(change),
        )

    def _change(self, index: int, states: tuple[int, int], mirrored: bool) -> scenes.SceneChange:
        before, after = (self._objects(index, state, mirrored) for state in states)
        if states[0] == states[1]:
            return scenes.SceneChange(NO_CHANGE_KIND, before, after)
        kind = scenes.KINDS[self._data["facts"][index, 0]]
        if states[0] == 1:
            kind = {"add": "drop", "drop": "add"}.get(kind, kind)
        old, new = (int(self._data["facts"][index, 1 + state]) for state in states)
        return scenes.SceneChange(kind, before, after, None if old < 0 else old, None if new < 0 else new)

    def _objects(self, index: int, state: int, mirrored: bool) -> tuple[SceneObject, ...]:
        found = []
        codes, places = self._data["objects"][index, state], self._data["places"][index, state]
        for slot in range(MAX_OBJECTS):
            if codes[slot, 0] < 0:
                break
            named = {name: values[codes[slot, k]] for k, (name, values) in enumerate(ATTRIBUTES.items())}
            x, y, yaw = (float(value) for value in places[slot])
            found.append(SceneObject(**named, x=-x if mirrored else x, y=y, yaw=-yaw if mirrored else yaw))
        return tuple(found)

    def _cell_labels(
        self, index: int, states: tuple[int, int], cells: npt.NDArray[np.int64], change: scenes.SceneChange
    ) -> dict[str, npt.NDArray[np.int64]]:
        labels = {name: np.full(cells.shape, -1, dtype=np.int64) for name in CELL_QUESTIONS}
        changed_slots = (change.before_index, change.after_index)
        for half, state in enumerate(states):
            inside = cells[half] >= 0
            codes = self._data["objects"][index, state].astype(np.int64)[cells[half]]
            labels["color"][half] = np.where(inside, codes[..., 0], BACKGROUND)
            for k, name in enumerate(("shape", "size", "material"), start=1):
                labels[name][half] = np.where(inside, codes[..., k], -1)
            on_change = inside & (cells[half] == (-2 if changed_slots[half] is None else changed_slots[half]))
            labels["status"][half] = np.where(on_change, STATUS.get(change.kind, 0), np.where(inside, 0, -1))
            if change.kind in ("color", "material"):
                there = (change.after, change.before)[half][changed_slots[1 - half] or 0]
                labels["other"][half] = np.where(on_change, NEW_VALUES.index(getattr(there, change.kind)), -1)
        return {name: values.reshape(-1) for name, values in labels.items()}


class ViewShards:
    """Pairs of pictures in memory, of the edits world or of any data set (`tiny.views`).

    Args:
        files: Shards.
        mirrored: Whether unchanged pairs may be mirrored, which words in them do not survive.
    """

    def __init__(self, files: Iterable[Path], mirrored: bool = True) -> None:
        loaded = [_arrays(path) for path in sorted(files)]
        self._images = [part["images"] for part in loaded]
        self._cells = [part["cells"] for part in loaded]
        self._facts = [json.loads(str(part["facts"])) for part in loaded]
        self._mirrored = mirrored
        self._of_kind: dict[str, list[tuple[int, int]]] = {}
        for shard, facts in enumerate(self._facts):
            for index, fact in enumerate(facts):
                self._of_kind.setdefault(fact["change"]["kind"], []).append((shard, index))
        self._changed = sorted(set(self._of_kind) - {NO_CHANGE_KIND})
        weights = np.sqrt([len(self._of_kind[kind]) for kind in self._changed])
        self._weights = weights / weights.sum()

    def __len__(self) -> int:
        return sum(map(len, self._facts))

    def pair(self, rng: np.random.Generator, no_change_share: float) -> _Pair:
        """Any pair, rare kinds more often than there are of them; unchanged ones in either order."""
        unchanged = rng.random() < no_change_share and NO_CHANGE_KIND in self._of_kind
        kind = NO_CHANGE_KIND if unchanged else str(rng.choice(self._changed, p=self._weights))
        shard, index = self._of_kind[kind][rng.integers(len(self._of_kind[kind]))]
        pictures, facts = self._images[shard][index], self._facts[shard][index]
        touched = self._cells[shard][index]
        if unchanged and rng.random() < 0.5:
            pictures = pictures[::-1]
        if unchanged and self._mirrored and rng.random() < 0.5:
            pictures = pictures[:, :, ::-1]
        both = touched if touched.ndim == 3 else np.stack([touched, touched])
        cells = {name: np.full(both.size, -1, dtype=np.int64) for name in CELL_QUESTIONS}
        cells["status"] = np.where(both.reshape(-1), STATUS["edit"], 0).astype(np.int64)
        references = tuple(facts["captions"])
        return _Pair(
            joint=pictures.reshape(2 * HEIGHT, WIDTH, 3),
            caption=references[rng.integers(len(references))],
            references=references,
            kind=kind,
            cells=cells,
            pair=_edit_labels(facts["change"]),
        )


def draw_batch(
    source: SceneShards | ViewShards, rng: np.random.Generator, count: int, no_change_share: float
) -> TinyBatch:
    """A batch of so many pairs."""
    drawn = [source.pair(rng, no_change_share) for _ in range(count)]
    return TinyBatch(
        joints=np.stack([item.joint for item in drawn]),
        captions=[item.caption for item in drawn],
        references=[item.references for item in drawn],
        cells={name: np.stack([item.cells[name] for item in drawn]) for name in CELL_QUESTIONS},
        pairs={
            name: np.array([item.pair.get(name, -1) for item in drawn], dtype=np.int64)
            for name in PAIR_QUESTIONS
        },
        kinds=[item.kind for item in drawn],
    )


def merged(batches: Sequence[TinyBatch]) -> TinyBatch:
    """One batch of all their pairs, in order."""
    first, *rest = batches
    if not rest:
        return first
    return TinyBatch(
        joints=np.concatenate([batch.joints for batch in batches]),
        captions=[caption for batch in batches for caption in batch.captions],
        references=[references for batch in batches for references in batch.references],
        cells={name: np.concatenate([batch.cells[name] for batch in batches]) for name in first.cells},
        pairs={name: np.concatenate([batch.pairs[name] for batch in batches]) for name in first.pairs},
        kinds=[kind for batch in batches for kind in batch.kinds],
    )


def _arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


def _draw_scene_caption(
    change: scenes.SceneChange, references: tuple[str, ...], rng: np.random.Generator
) -> str:
    further = max(len(change.names()) - 1, 0)
    plain = references[: len(references) - further]
    if further == 0 or rng.random() < _PLAIN_NAME_SHARE:
        return plain[rng.integers(len(plain))]
    return references[len(plain) + int(rng.integers(further))]


def _scene_labels(change: scenes.SceneChange) -> dict[str, int]:
    labels: dict[str, int] = {}
    if change.kind == NO_CHANGE_KIND:
        return labels
    item = (
        change.before[change.before_index]
        if change.before_index is not None
        else change.after[change.after_index or 0]
    )
    for name, values in ATTRIBUTES.items():
        labels[name] = values.index(getattr(item, name))
    if change.new_value is not None:
        labels["new"] = NEW_VALUES.index(change.new_value)
    where = place(item)
    if where is not None:
        labels["place"] = PLACES.index(where)
    return labels


def _edit_labels(change: dict[str, Any]) -> dict[str, int]:
    labels: dict[str, int] = {}
    if change.get("color") in EDIT_COLORS:
        labels["edit_color"] = EDIT_COLORS.index(change["color"])
    if change.get("place") in PLACES:
        labels["place"] = PLACES.index(change["place"])
    return labels


def corpus(count: int, seed: int = 0) -> list[str]:
    """Captions of both worlds, for training the tokenizer."""
    rng = np.random.default_rng(seed)
    sentences = list(NO_CHANGE_CAPTIONS)
    for _ in range(count):
        sentences.extend(scenes.draw_change(rng, scenes.KINDS[rng.integers(len(scenes.KINDS))]).captions(rng))
    for kind in edits.KINDS:
        for color in EDIT_COLORS:
            for spot in PLACES:
                for axis, side in (("horizontal", "left"), ("vertical", "right")):
                    details = {"color": color, "place": spot, "axis": axis, "side": side}
                    sentences.extend(edit_captions.captions_of(kind, details))
    return sentences
