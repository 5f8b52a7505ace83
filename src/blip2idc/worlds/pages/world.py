"""The world `pages`: a page in a browser, photographed, changed by script in one place, and photographed again.

In: a seed, pages (a folder of HTML files, one file, or addresses), and an index. Out: a pair with several wordings and
the boxes of the change, from the page itself. A change whose pixels do not
differ where they should is rejected; `rejected` counts the reasons.

The page is loaded anew for each pair. Each pair is a function of the settings and the index, as far as
the browser draws a page alike each time: animations are stopped, and the caret is hidden.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from blip2idc.errors import ConfigError, InputError
from blip2idc.worlds.pages.browser import PageBrowser
from blip2idc.worlds.pages.captions import COLORS, captions_of
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS, Box, WorldPair

#: Every kind of change.
KINDS: tuple[str, ...] = (
    "text", "number", "text_color", "background", "font_size", "font_weight",
    "removed", "opacity", "moved", "image_missing", "border",
)  # fmt: skip

#: Words that a text is changed to.
WORDS = (
    "Overview",
    "Sign in",
    "Latest news",
    "Contact us",
    "Download",
    "Settings",
    "Our team",
    "More details",
)

#: Changes tried for one pair before giving up.
TRIES = 60

#: Fewest pixels that must differ, and by how much in one channel, for a person to see it.
FEWEST_PIXELS = 12
LEAST_STEP = 16

#: Pixels around the elements' boxes in which differences belong to the change (shadows, antialiasing).
MARGIN = 4

_FREEZE = """
const s = document.createElement('style');
s.textContent = '*,' +
  '*::before,*::after{animation:none!important;transition:none!important;caret-color:transparent!important}';
document.head.append(s); scrollTo(0, arguments[0] * Math.max(0, document.documentElement.scrollHeight - innerHeight));
"""


class PagesWorld:
    """Pairs of photographs of a web page that differ by one change, or by none.

    Args:
        seed: Two worlds with equal settings and seeds make equal pairs.
        pages: A folder of HTML files, one file, or addresses (`http://`, `https://`, `file://`).
        height: Height of the window in pixels.
        width: Width of the window in pixels.
        no_change_share: Share of the pairs without a change.
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
        height: int = 800,
        width: int = 1280,
        no_change_share: float = 0.33,
        kinds: Sequence[str] = KINDS,
    ) -> None:
        _check(seed, height, width, no_change_share, kinds)
        self.seed, self.height, self.width = seed, height, width
        self.no_change_share = no_change_share
        self.kinds = tuple(kinds)
        self.addresses = addresses_of(pages)
        self.rejected: Counter[str] = Counter()
        self._browser: PageBrowser | None = None
        self._mutate = files("blip2idc.worlds.pages").joinpath("mutate.js").read_text(encoding="utf-8")

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_browser": None}

    def settings(self) -> dict[str, Any]:
        """What makes this world what it is, in plain JSON values."""
        return {
            "seed": self.seed,
            "height": self.height,
            "width": self.width,
            "no_change_share": self.no_change_share,
            "kinds": list(self.kinds),
            "pages": sha256("\n".join(self.addresses).encode()).hexdigest()[:16],
        }

    def close(self) -> None:
        """Ends the browser; the next pair starts another."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None

    def pair(self, index: int) -> WorldPair:
        """Makes pair `index` (0 or more)."""
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence((self.seed, index))))
        unchanged = rng.random() < self.no_change_share
        last = ""
        for attempt in range(TRIES):
            if attempt % 10 == 0:
                address = self.addresses[int(rng.integers(len(self.addresses)))]
                before = self._open(address, float(rng.random()))
            if unchanged:
                return WorldPair(before, self._window().photograph(), NO_CHANGE_CAPTIONS)
            made = self._change(rng, before, address)
            if isinstance(made, WorldPair):
                return made
            self.rejected[made] += 1
            last = made
        raise InputError(
            f"No change of {TRIES} tried shows on the pages (the last one: {last}); give other pages."
        )

    def _window(self) -> PageBrowser:
        if self._browser is None:
            self._browser = PageBrowser()
        return self._browser

    def _open(self, address: str, scroll: float) -> NDArray[np.uint8]:
        self._window().load(address, self.width, self.height)
        self._window().run(_FREEZE, scroll)
        return self._window().photograph()

    def _change(self, rng: Generator, before: NDArray[np.uint8], address: str) -> WorldPair | str:
        """A pair, or why this change was rejected."""
        kind = str(rng.choice(self.kinds))
        color = "rgb({}, {}, {})".format(*COLORS[str(rng.choice(list(COLORS)))])
        word = str(rng.choice(WORDS))
        told = self._window().run(self._mutate, kind, float(rng.random()), float(rng.random()), word, color)
        if told is None:
            return f"{kind}: the page has no such element"
        after = self._window().photograph()
        self._window().run("window.__undo()")
        differs = np.abs(before.astype(np.int16) - after).max(axis=2) >= LEAST_STEP
        reason = _fault(kind, differs, [box for box in (told["before"], told["after"]) if box is not None])
        if reason is not None:
            return reason
        captions = captions_of(kind, told, (self.width, self.height))
        change = {"kind": kind, **{key: told[key] for key in ("role", "name", "old", "new")}, "page": address}
        return WorldPair(before, after, captions, change, _whole(told["before"]), _whole(told["after"]))


def addresses_of(pages: str | Path | Sequence[str]) -> list[str]:
    """The addresses of the pages of a folder, a file, or a list of addresses, sorted for a folder."""
    if not isinstance(pages, str | Path):
        found = list(pages)
    elif isinstance(pages, str) and pages.startswith(("http://", "https://", "file://")):
        found = [page.strip() for page in pages.split(",") if page.strip()]
    elif Path(pages).is_dir():
        found = [path.resolve().as_uri() for path in sorted(Path(pages).rglob("*.htm*")) if path.is_file()]
    elif Path(pages).is_file():
        found = [Path(pages).resolve().as_uri()]
    else:
        raise InputError(
            f"The pages {str(pages)!r} do not exist; expected a folder, an HTML file or addresses."
        )
    if not found:
        raise InputError(f"The pages {str(pages)!r} hold no file that ends in .html or .htm.")
    return found


def _fault(kind: str, differs: NDArray[np.bool_], boxes: list[list[float]]) -> str | None:
    """Why the pixels do not show this change; None where they do."""
    near = np.zeros_like(differs)
    for left, top, width, height in boxes:
        rows = slice(max(0, int(top) - MARGIN), max(0, math.ceil(top + height) + MARGIN))
        near[rows, max(0, int(left) - MARGIN) : max(0, math.ceil(left + width) + MARGIN)] = True
    if int((differs & near).sum()) < FEWEST_PIXELS:
        return f"{kind}: the pixels do not differ in its place"
    if int((differs & ~near).sum()) > 0.5 * int(differs.sum()):
        return f"{kind}: most pixels differ elsewhere"
    return None


def _whole(box: list[float] | None) -> Box | None:
    if box is None:
        return None
    left, top = max(0, int(box[0])), max(0, int(box[1]))
    return left, top, math.ceil(box[0] + box[2]) - left, math.ceil(box[1] + box[3]) - top


def _check(seed: int, height: int, width: int, no_change_share: float, kinds: Sequence[str]) -> None:
    if seed < 0:
        raise ConfigError(f"The seed is {seed}, expected a whole number of at least 0.")
    if min(height, width) < 64:
        raise ConfigError(f"The size of the window is {width}x{height}, expected at least 64x64.")
    if not 0 <= no_change_share <= 1:
        raise ConfigError(f"The no_change_share is {no_change_share}, expected a number from 0 to 1.")
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown or not kinds:
        raise ConfigError(f"The kinds are {', '.join(kinds) or 'none'}; expected some of {', '.join(KINDS)}.")
