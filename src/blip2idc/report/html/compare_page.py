"""The page of a comparison: every file with its verdict and the reason of it, every change with a numbered box.

In: a `Comparison`, heatmaps of changed pairs where they were made, and a shelf for pictures in full resolution. Out:
one HTML document, which with the default shelf holds everything it shows. Identical files are listed by name only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from blip2idc.comparison.folders import left_out_in_words
from blip2idc.comparison.outcome import STATUSES, Comparison
from blip2idc.errors import InputError, printable, utf8
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.report.html.compare_cards import entry_card
from blip2idc.report.html.page import flat_facts, render
from blip2idc.report.html.shelf import PICTURE_NAME, EmbeddedShelf, FolderShelf, Shelf
from blip2idc.runs.files import LONGEST_PART, atomic_path, atomic_write, is_special
from blip2idc.runs.lock import only_run

_ORDER = ("error", "changed", "added", "removed", "same")


def compare_page(
    comparison: Comparison,
    heatmaps: Mapping[str, PairHeatmap] | None = None,
    shelf: Shelf | None = None,
) -> str:
    """Write the page.

    Args:
        comparison: What to show; its files are read again for the pictures.
        heatmaps: By file name, for those pairs that were explained.
        shelf: Where pictures in full resolution go; into the page by default.
    """
    shelf = shelf or EmbeddedShelf()
    shown = [entry for entry in comparison.entries if entry.status != "same" or entry.pixels_differ]
    shown.sort(key=lambda entry: (_ORDER.index(entry.status), -(entry.change_probability or 0), entry.name))
    cards = [
        entry_card(entry, number, comparison.settings, shelf, (heatmaps or {}).get(entry.name))
        for number, entry in enumerate(shown, start=1)
    ]
    notes = (*comparison.notes, left_out_in_words(comparison.left_out))
    return render(
        "compare.html",
        title=f"{_printed(comparison.before.name)} and {_printed(comparison.after.name)}",
        names=(_printed(str(comparison.before)), _printed(str(comparison.after))),
        comparison=comparison,
        cards=cards,
        statuses=[status for status in STATUSES if any(card["entry"].status == status for card in cards)],
        identical=[_printed(entry.name) for entry in comparison.entries if entry not in shown],
        notes=[_printed(note) for note in notes if note],
        has_heat=bool(heatmaps),
        beside=shelf.beside,
        facts=flat_facts(comparison.run),
    )


def write_compare_page(
    path: Path,
    comparison: Comparison,
    heatmaps: Mapping[str, PairHeatmap] | None = None,
    *,
    self_contained: bool = False,
) -> None:
    """Write the page to a file, with its pictures in full resolution in a folder beside it, ``NAME_files``.

    Args:
        path: Of the page.
        comparison: What to show.
        heatmaps: By file name.
        self_contained: Whether all pictures go into the page, and no folder is made.

    Raises:
        InputError: Page or folder cannot be written, another run is writing them, or the folder holds other files.
    """
    if self_contained or is_special(path):
        _write(path, compare_page(comparison, heatmaps))
        return
    folder = path.with_name(f"{path.stem}_files")
    _refuse_foreign(folder, path)
    with only_run(path.with_name(f".{path.stem[:LONGEST_PART]}_files.lock"), path, remove=True):
        with atomic_path(folder) as partial:
            partial.mkdir()
            page = compare_page(comparison, heatmaps, FolderShelf(partial, folder.name))
        _write(path, page)


def _refuse_foreign(folder: Path, page: Path) -> None:
    """Refuse to replace a folder that holds something else than pictures of an earlier page.

    Raises:
        InputError: It does.
    """
    if not folder.is_dir():
        return
    foreign = [name for name in sorted(os.listdir(folder)) if not PICTURE_NAME.fullmatch(name)]
    if foreign:
        raise InputError(
            f"{folder}: holds {foreign[0]}, and the pictures of {page.name} would take its place; choose another"
            " name for the page, or --self-contained"
        )


def _write(path: Path, page: str) -> None:
    with atomic_write(path) as handle:
        handle.write(page)


def _printed(text: str) -> str:
    return printable(utf8(text))
