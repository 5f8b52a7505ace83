"""Places in which differences do not count: rectangles, mask images, and rules of a file beside the references.

In: what was asked for. Out: for a pair, a mask of its canvas. A rectangle that lies outside of every picture it is
meant for is a mistake, and told as one.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from blip2idc.errors import ConfigError, InputError
from blip2idc.images.pair import MAX_PIXELS, open_image
from blip2idc.images.pixels import Region, parse_region
from blip2idc.regular_files import read_regular

#: Name of the file of rules that is looked for in the folder of references.
RULES_FILE = ".blip2idc-ignore"

Size = tuple[int, int]


@dataclass(frozen=True)
class Rule:
    """One place that is ignored.

    Attributes:
        place: A rectangle, or a mask image of the size of the picture: what is not black in it is ignored.
        pattern: Which files it is meant for: a glob over names relative to the folder.
        source: Where it was asked for, for errors: ``--ignore 1,2,3,4``.
        max_pixels: Limit for a mask.
    """

    place: Region | Path
    pattern: str = "*"
    source: str = ""
    max_pixels: int = MAX_PIXELS

    def is_for(self, name: str) -> bool:
        """Whether it concerns a file; a pattern without a slash matches in every folder."""
        return fnmatch.fnmatchcase(name, self.pattern) or (
            "/" not in self.pattern and fnmatch.fnmatchcase(name.rpartition("/")[2], self.pattern)
        )


@dataclass(frozen=True)
class Ignored:
    """The rules that concern one pair."""

    rules: tuple[Rule, ...] = ()

    def mask(self, before: Size, after: Size) -> np.ndarray | None:
        """What is ignored, bool [H, W] of the larger height and the larger width; None where nothing is.

        Raises:
            ConfigError: A mask image has the size of neither picture.
        """
        if not self.rules:
            return None
        canvas = np.zeros((max(before[1], after[1]), max(before[0], after[0])), bool)
        for rule in self.rules:
            if isinstance(rule.place, Path):
                mask = _read_mask(rule, before, after)
                canvas[: mask.shape[0], : mask.shape[1]] |= mask
            else:
                x, y, width, height = rule.place
                canvas[y : y + height, x : x + width] = True
        return canvas


def rules_for(rules: Sequence[Rule], name: str) -> Ignored:
    """What is ignored in one pair."""
    return Ignored(tuple(rule for rule in rules if rule.is_for(name)))


def read_rules(path: Path) -> tuple[Rule, ...]:
    """Read a file of rules: a glob, then ``x,y,width,height`` or a mask image beside the file, a line each.

    Empty lines and those that begin with ``#`` are left out.

    Raises:
        ConfigError: A line is something else; InputError: the file cannot be read.
    """
    try:
        lines = read_regular(path).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read as UTF-8 text ({reason}); check --ignore-file") from None
    rules = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        source = f"{path}, line {number}"
        pattern, _, place = line.strip().rpartition(" ")
        if not pattern.strip():
            raise ConfigError(
                f"{source}: {line.strip()!r}; expected a glob, a space, and x,y,width,height or an image"
            )
        if place.count(",") == 3:
            try:
                rules.append(Rule(parse_region(place), pattern.strip(), source))
            except ConfigError as error:
                raise ConfigError(f"{source}: {error}") from None
        else:
            rules.append(Rule(path.parent / place, pattern.strip(), source))
    return tuple(rules)


def check_rules(rules: Sequence[Rule], sizes: Iterable[tuple[str, Size, Size]]) -> list[str]:
    """Refuse rectangles that lie outside of every picture they are meant for.

    Args:
        rules: All of them.
        sizes: Name, and sizes before and after, of every pair that was opened.

    Returns:
        Sentences on rules that concern no file, or miss some of their pictures.

    Raises:
        ConfigError: A rectangle touches none of its pictures.
    """
    known = list(sizes)
    notes = []
    for rule in rules:
        mine = [pair for pair in known if rule.is_for(pair[0])]
        if not mine:
            if known and rule.pattern != "*":
                notes.append(f"{rule.source}: no file matches {rule.pattern!r}")
        elif isinstance(rule.place, Path):
            _check_mask(rule, mine)
        else:
            outside = [name for name, one, other in mine if _is_outside(rule.place, one, other)]
            if len(outside) == len(mine):
                raise ConfigError(_outside_of_all(rule, mine))
            if outside:
                notes.append(
                    f"{rule.source}: lies outside of {len(outside)} of {len(mine)} pictures, such as {outside[0]}"
                )
    return notes


def _is_outside(region: Region, before: Size, after: Size) -> bool:
    return region[0] >= max(before[0], after[0]) or region[1] >= max(before[1], after[1])


def _outside_of_all(rule: Rule, pairs: Sequence[tuple[str, Size, Size]]) -> str:
    name, before, after = max(pairs, key=lambda pair: max(*pair[1], *pair[2]))
    width, height = max(before[0], after[0]), max(before[1], after[1])
    return (
        f"{rule.source}: the region lies outside of every picture (the largest, {name}, is {width}x{height}); "
        "expected x,y,width,height in pixels of the image"
    )


def _check_mask(rule: Rule, pairs: Sequence[tuple[str, Size, Size]]) -> None:
    mask = _open_mask(rule)
    if not any(mask.size in sizes for _, *sizes in pairs):
        raise ConfigError(
            f"{rule.source}: the mask {rule.place} is {mask.width}x{mask.height}; no picture that it is meant for has "
            "this size"
        )


def _open_mask(rule: Rule) -> Image.Image:
    assert isinstance(rule.place, Path)
    return open_image(rule.place, max_pixels=rule.max_pixels)


def _read_mask(rule: Rule, before: Size, after: Size) -> np.ndarray:
    image = _open_mask(rule)
    if image.size not in (before, after):
        sizes = " and ".join(f"{width}x{height}" for width, height in dict.fromkeys((before, after)))
        raise ConfigError(
            f"{rule.source}: the mask {rule.place} is {image.width}x{image.height}; "
            f"expected the size of the picture, {sizes}"
        )
    return np.asarray(np.asarray(image).max(axis=2) > 0)
