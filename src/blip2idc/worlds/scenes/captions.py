"""Sentences for a changed scene: which object, without ambiguity, and what happened to it.

In: the objects of a scene and what changed. Out: every sentence that is a right description of the change.
An object is named by all its attributes; where another object shares them, by its place ("on the left") or by its
relation to an object that is one of a kind ("behind the small red rubber cube"). The attribute words and the manner
of the wordings follow CLEVR-Change (Park, Darrell, Rohrbach, ICCV 2019, arXiv 1901.02527).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from blip2idc.worlds.scenes.renderer import SceneObject

#: `{it}` is the object, `{a}` the object with an indefinite article, `{new}` its new colour or material.
WORDINGS: dict[str, tuple[str, ...]] = {
    "color": (
        "the {it} changed to {new}",
        "the {it} became {new}",
        "the {it} turned {new}",
        "the {it} is now {new}",
        "the color of the {it} changed to {new}",
        "someone painted the {it} {new}",
        "the {it} has been recolored to {new}",
    ),
    "material": (
        "the {it} changed to {new}",
        "the {it} became {new}",
        "the {it} turned {new}",
        "the {it} is now {new}",
        "the material of the {it} changed to {new}",
        "the {it} is now made of {new}",
    ),
    "add": (
        "{a} has been added",
        "{a} was added",
        "{a} has appeared",
        "someone added {a}",
        "there is now {a}",
        "{a} is new in the scene",
    ),
    "drop": (
        "the {it} has been removed",
        "the {it} was removed",
        "the {it} has disappeared",
        "someone removed the {it}",
        "the {it} is missing",
        "the {it} is no longer there",
    ),
    "move": (
        "the {it} has been moved",
        "the {it} was moved",
        "the {it} changed its location",
        "someone moved the {it}",
        "the {it} is in a different place",
        "the {it} is no longer in the same place",
    ),
}

_SIDE, _MIDDLE = (
    1.15,
    0.75,
)  # beyond, in world units, a place is "left" or "right"; within, "middle"; between, neither
_RELATION_GAP = 0.8  # two objects differ along an axis when they are at least this far apart on it


def attributes(item: SceneObject) -> str:
    """Size, colour, material and shape: `"large red metal cube"`."""
    return f"{item.size} {item.color} {item.material} {item.shape}"


def place(item: SceneObject) -> str | None:
    """The third of the scene an object stands in, None near a border between thirds."""
    if item.x < -_SIDE:
        return "on the left"
    if item.x > _SIDE:
        return "on the right"
    return "in the middle" if abs(item.x) < _MIDDLE else None


def relation(item: SceneObject, anchor: SceneObject) -> str | None:
    """Where `item` is as seen from `anchor`, along the axis on which they differ most; None if hardly at all."""
    dx, dy = item.x - anchor.x, item.y - anchor.y
    if max(abs(dx), abs(dy)) < _RELATION_GAP:
        return None
    if abs(dx) >= abs(dy):
        return "left of" if dx < 0 else "right of"
    return "in front of" if dy < 0 else "behind"


def references(objects: Sequence[SceneObject], index: int) -> list[str]:
    """Ways to name object `index` that fit no other object, the plainest first; empty if there is none."""
    item = objects[index]
    others = [other for k, other in enumerate(objects) if k != index]
    rivals = [other for other in others if attributes(other) == attributes(item)]
    found = [] if rivals else [attributes(item)]
    spot = place(item)
    if spot is not None and all(place(rival) not in (spot, None) for rival in rivals):
        found.append(f"{attributes(item)} {spot}")
    by_distance = sorted(others, key=lambda other: (other.x - item.x) ** 2 + (other.y - item.y) ** 2)
    for anchor in by_distance:
        if sum(attributes(other) == attributes(anchor) for other in objects) > 1:
            continue
        where = relation(item, anchor)
        if where is not None and all(_clearly_elsewhere(rival, anchor, where) for rival in rivals):
            found.append(f"{attributes(item)} {where} the {attributes(anchor)}")
            break
    return found


def _clearly_elsewhere(rival: SceneObject, anchor: SceneObject, where: str) -> bool:
    """Whether no reader would say that `rival` is `where` (left of, behind, ...) of `anchor`."""
    ahead = {
        "left of": anchor.x - rival.x,
        "right of": rival.x - anchor.x,
        "in front of": anchor.y - rival.y,
        "behind": rival.y - anchor.y,
    }[where]
    return ahead < 0


def describe(kind: str, names: Sequence[str], new: str | None, rng: np.random.Generator) -> tuple[str, ...]:
    """All wordings with the plainest name, then one wording with each further name.

    Args:
        kind: A key of `WORDINGS`.
        names: What `references` found, not empty.
        new: The new colour or material, where the change has one.
        rng: Picks the wordings of the further names.
    """
    wordings = WORDINGS[kind]
    sentences = [_fill(wording, names[0], new) for wording in wordings]
    for name in names[1:]:
        sentences.append(_fill(wordings[int(rng.integers(len(wordings)))], name, new))
    return tuple(sentences)


def _fill(wording: str, name: str, new: str | None) -> str:
    return wording.format(it=name, a=f"a {name}", new=new)
