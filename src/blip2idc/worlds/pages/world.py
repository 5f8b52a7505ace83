"""The world `pages`: a page in a browser, photographed, changed by script in one place, and photographed again.

In: a seed, pages (a folder of HTML files, one file, or addresses), and an index. Out: a pair with many wordings, the
boxes of the change from the page itself, and the box of the pixels that differ. A change whose pixels do not differ
where they should is rejected; `rejected` counts the reasons.

A page stays open for `RUN` pairs and is put right after each. Each pair is a function of the settings and the index,
as far as the browser draws a page alike each time: time, chance and scrolling take no part in what pages show
(`freeze.js`), and a page is stopped when it no longer moves. Half of the changes are told backwards, with before and
after exchanged, so that it is not always the page as its author made it that comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from blip2idc.errors import ConfigError, InputError
from blip2idc.worlds.pages import faults
from blip2idc.worlds.pages.browser import PageBrowser, script_of
from blip2idc.worlds.pages.captions import COLORS, REVERSED_KINDS, captions_of, joined
from blip2idc.worlds.pages.nuisances import FINE, IN_PAGE, IN_PICTURE, drawn, reduced, times
from blip2idc.worlds.pages.sources import addresses_of, fingerprint_of, names_of
from blip2idc.worlds.pages.texts import PHRASES, SENTENCES, WORDS
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS, WorldPair

#: Kinds that happen to one element.
ELEMENT_KINDS: tuple[str, ...] = (
    "text", "number", "text_color", "background", "font_size", "font_weight", "text_style", "removed", "added", "moved",
    "swapped", "resized", "image_replaced", "image_missing", "opacity", "border", "rounded", "shadow", "spacing", "gap",
    "alignment", "checked", "disabled", "focus", "menu", "overflow", "overlap",
)  # fmt: skip

#: Kinds that happen to the page as a whole, or lie over it.
PAGE_KINDS: tuple[str, ...] = ("theme", "language", "style_missing", "dialog", "cookie_banner")

#: Every kind of change; `several` is two or three of `SEVERAL_OF` at once.
KINDS: tuple[str, ...] = (*ELEMENT_KINDS, *PAGE_KINDS, "several")

#: What may happen together, since it leaves nearly everything else where it is.
SEVERAL_OF = (
    "text",
    "number",
    "text_color",
    "background",
    "image_missing",
    "opacity",
    "border",
    "text_style",
)

#: Kinds that are drawn more often than others, since they are what people meet most.
COMMON = ("text", "number", "text_color", "background", "removed", "added")

#: Pairs for which a page stays open.
RUN = 16

#: Changes tried for one pair before giving up, and tries of one kind, and tries after which another page is taken.
TRIES, TRIES_A_KIND, TRIES_A_PAGE = 90, 3, 18

Told: TypeAlias = dict[str, Any]

_SCRIPTS = ("elements.js", "mutate.js", "nuisances.js")
_SCROLL = "scrollTo(0, arguments[0] * Math.max(0, document.documentElement.scrollHeight - innerHeight));"


class PagesWorld:
    """Pairs of photographs of web pages that differ by one change, by several, or by none.

    Example::

        world = PagesWorld(seed=1, pages="site/")  # a folder of HTML files; needs Chromium
        try:
            write_world(world, "data/", 100, settings=world.settings())
        finally:
            world.close()

    Args:
        seed: Two worlds with equal settings and seeds make equal pairs.
        pages: A folder of HTML files, one file, or addresses (`http://`, `https://`, `file://`).
        sizes: Sizes of the window in pixels, (width, height) each; one is drawn for each run of pairs.
        no_change_share: Share of the pairs without a change, with nuisances only.
        kinds: The kinds of change to draw from, all of `KINDS` by default.

    Attributes:
        rejected: How often a change was rejected, by reason.

    Raises:
        ConfigError: A setting is out of range.
        InputError: There is no page.
    """

    name = "pages"

    def __init__(
        self,
        seed: int,
        pages: str | Path | Sequence[str],
        sizes: Sequence[tuple[int, int]] = ((1280, 800),),
        no_change_share: float = 0.33,
        kinds: Sequence[str] = KINDS,
    ) -> None:
        _check(seed, sizes, no_change_share, kinds)
        self.seed = seed
        self.sizes = tuple(sizes)
        self.no_change_share = no_change_share
        self.kinds = tuple(kinds)
        self.addresses = addresses_of(pages)
        self.rejected: Counter[str] = Counter()
        self._names = names_of(self.addresses)
        self._fingerprint = fingerprint_of(pages)
        self._drawn_kinds = (*self.kinds, *(kind for kind in COMMON if kind in self.kinds))
        self._script = "\n".join(script_of(name) for name in _SCRIPTS)
        self._browser: PageBrowser | None = None
        self._page, self._size = "", (0, 0)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_browser": None, "_page": ""}

    def settings(self) -> dict[str, Any]:
        """What makes this world what it is, in plain JSON values."""
        return {
            "seed": self.seed,
            "sizes": [list(size) for size in self.sizes],
            "no_change_share": self.no_change_share,
            "kinds": list(self.kinds),
            "pages": self._fingerprint,
        }

    def close(self) -> None:
        """Ends the browser; the next pair starts another."""
        if self._browser is not None:
            self._browser.close()
            self._browser, self._page = None, ""

    def pair(self, index: int) -> WorldPair:
        """Makes pair `index` (0 or more)."""
        rng = _generator(self.seed, 0, index)
        self._open_drawn(_generator(self.seed, 1, index // RUN))
        if rng.random() < self.no_change_share:
            return self._unchanged(rng)
        last = kind = ""
        for attempt in range(TRIES):
            if attempt and attempt % TRIES_A_PAGE == 0:
                self._open_drawn(rng)
            if attempt % TRIES_A_KIND == 0:
                kind = str(rng.choice(self._drawn_kinds))
            made = self._changed(kind, rng)
            if isinstance(made, WorldPair):
                return made
            self.rejected[made] += 1
            last = made
        raise InputError(
            f"No change of {TRIES} tried shows on the pages (the last one: {last}); give other pages"
        )

    @property
    def _window(self) -> PageBrowser:
        if self._browser is None:
            self._browser = PageBrowser()
        return self._browser

    def _open_drawn(self, rng: Generator) -> None:
        """Opens a drawn page in a window of a drawn size, if it is not open already."""
        page = self.addresses[int(rng.integers(len(self.addresses)))]
        size = self.sizes[int(rng.integers(len(self.sizes)))]
        if (page, size) == (self._page, self._size):
            return
        self._page = ""
        self._window.load(page, *size)
        self._window.run(self._script)
        self._page, self._size = page, size

    def _unchanged(self, rng: Generator) -> WorldPair:
        """A pair with nuisances only."""
        names = drawn(rng, changed=False)
        values = {"r": [float(value) for value in rng.random(4)], "times": times(rng)}
        self._window.run(_SCROLL, float(rng.random()))
        try:
            self._disturb(names, "before", values)
            before = self._window.photograph()
            names = self._disturb(names, "after", values)
            after = self._photograph_disturbed(names, rng)
        finally:
            self._window.run("__pages.still();")
        before, after = _disturbed(names, before, after, rng)
        change = {"kind": "none", "nuisances": list(names), "page": self._names[self._page]}
        return WorldPair(before, after, NO_CHANGE_CAPTIONS, change)

    def _changed(self, kind: str, rng: Generator) -> WorldPair | str:
        """A pair, or why this change was rejected."""
        names = drawn(rng, changed=True)
        kinds = [str(part) for part in rng.choice(SEVERAL_OF, int(rng.integers(2, 4)), replace=False)]
        plans = [(part, _plan(rng)) for part in (kinds if kind == "several" else [kind])]
        values = {"r": [float(value) for value in rng.random(4)], "times": times(rng)}
        try:
            missing = self._choose(*plans[0], stay=False)
            if missing is not None:
                return missing
            self._disturb(names, "before", values)
            before = self._window.photograph()
            told: list[Told] = []
            for part, plan in plans:
                made = self._make(part, plan, stay=bool(told))
                if isinstance(made, str):
                    return made
                told.append(made)
            names = self._disturb(names, "after", values)
            after = self._window.photograph()
            differs = faults.differing(before, after)
            grounds = [one for (part, _), one in zip(plans, told, strict=True) if part == "background"]
            reason = faults.fault_of_pixels(kind, differs, told) or faults.fault_of_backgrounds(
                before, after, grounds
            )
            if reason is not None:
                return reason
            if set(names) & set(FINE):
                after = self._photograph_disturbed(names, rng)
        finally:
            self._window.run("__pages.undo(); __pages.still();")
        before, after = _disturbed(names, before, after, rng)
        pair = self._told(kind, [part for part, _ in plans], told, bool(rng.random() < 0.5), (before, after))
        pixels = faults.box_of_pixels(differs)
        known = {
            "pixel_box": pixels and list(pixels),
            "nuisances": list(names),
            "page": self._names[self._page],
        }
        return WorldPair(
            pair.before, pair.after, pair.captions, {**pair.change, **known}, pair.before_box, pair.after_box
        )

    def _choose(self, kind: str, plan: Told, stay: bool) -> str | None:
        chosen = self._window.run(
            "return __pages.choose(arguments[0], arguments[1], arguments[2]);", kind, plan["r"], stay
        )
        return None if chosen else f"{kind}: the page has no such element"

    def _make(self, kind: str, plan: Told, stay: bool) -> Told | str:
        """Changes the page; what it told of the change, or why it was not made."""
        if stay and (missing := self._choose(kind, plan, stay)) is not None:
            return missing
        told = self._window.run("return __pages.change(arguments[0], arguments[1]);", kind, plan)
        if told is None:
            return f"{kind}: it cannot be made in this element"
        return faults.fault_of_colors(kind, told) or told

    def _told(
        self,
        kind: str,
        kinds: Sequence[str],
        told: Sequence[Told],
        backwards: bool,
        photographs: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    ) -> WorldPair:
        """The pair, forwards or backwards, with its sentences and boxes."""
        parts = [captions_of(part, one, self._size, backwards) for part, one in zip(kinds, told, strict=True)]
        changes = [_change(part, one, backwards) for part, one in zip(kinds, told, strict=True)]
        change = {"kind": "several", "changes": changes} if kind == "several" else changes[0]
        captions = joined(parts) if kind == "several" else parts[0]
        boxes = [
            _around([one[side] for one in told if one[side] is not None]) for side in ("before", "after")
        ]
        first, second = (faults.whole(box, self._size) for box in boxes)
        if backwards:
            return WorldPair(photographs[1], photographs[0], captions, change, second, first)
        return WorldPair(*photographs, captions, change, first, second)

    def _disturb(self, names: Iterable[str], when: str, values: Told) -> tuple[str, ...]:
        """What nuisances do in the page before or after the change; without those that found no place in it."""
        script = "return __pages.nuisances[arguments[0]][arguments[1]](arguments[2]);"
        return tuple(
            name
            for name in names
            if name not in IN_PAGE or self._window.run(script, name, when, values) is not False
        )

    def _photograph_disturbed(self, names: Iterable[str], rng: Generator) -> NDArray[np.uint8]:
        """A photograph, made of one with more pixels where a nuisance asks for it."""
        fine = [name for name in names if name in FINE]
        if not fine:
            return self._window.photograph()
        return reduced(self._window.photograph_finely(), int("half_pixel" in fine))


def _disturbed(
    names: Iterable[str], before: NDArray[np.uint8], after: NDArray[np.uint8], rng: Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Both photographs with the nuisances of single pictures: in one of them, encoding at times in both."""
    for name in names:
        if name in IN_PICTURE:
            side = (
                str(rng.choice(["before", "after", "both"]))
                if name == "encoding"
                else str(rng.choice(["before", "after"]))
            )
            before = IN_PICTURE[name](before, rng) if side != "after" else before
            after = IN_PICTURE[name](after, rng) if side != "before" else after
    return before, after


def _generator(*key: int) -> Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))


def _plan(rng: Generator) -> Told:
    """The chance in one change, in plain values for the script."""
    language = str(rng.choice(list(PHRASES)))
    return {
        "r": [float(value) for value in rng.random(8)],
        "word": str(rng.choice(WORDS)),
        "words": [str(word) for word in rng.choice(WORDS, 6, replace=False)],
        "sentence": str(rng.choice(SENTENCES)),
        "color": "rgb({}, {}, {})".format(*COLORS[str(rng.choice(list(COLORS)))]),
        "language": language,
        "phrases": PHRASES[language],
    }


def _change(kind: str, told: Told, backwards: bool) -> Told:
    """What a record keeps of a change."""
    old, new = (told["new"], told["old"]) if backwards else (told["old"], told["new"])
    kept = {key: told[key] for key in ("role", "name", "where", "mode", "other") if told.get(key)}
    return {
        "kind": REVERSED_KINDS.get(kind, kind) if backwards else kind,
        **kept,
        "old": old,
        "new": new,
        "backwards": backwards,
    }


def _around(boxes: Sequence[Sequence[float]]) -> list[float] | None:
    """The smallest box around others."""
    if not boxes:
        return None
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return [left, top, right - left, bottom - top]


def _check(seed: int, sizes: Sequence[tuple[int, int]], no_change_share: float, kinds: Sequence[str]) -> None:
    if seed < 0:
        raise ConfigError(f"The seed is {seed}, expected a whole number of at least 0")
    for width, height in sizes:
        if min(height, width) < 64:
            raise ConfigError(f"The size of the window is {width}x{height}, expected at least 64x64")
    if not sizes:
        raise ConfigError("There is no size of the window, expected at least one such as 1280x800")
    if not 0 <= no_change_share <= 1:
        raise ConfigError(f"The no_change_share is {no_change_share}, expected a number from 0 to 1")
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown or not kinds:
        raise ConfigError(f"The kinds are {', '.join(kinds) or 'none'}; expected some of {', '.join(KINDS)}")
