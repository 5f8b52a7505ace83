"""Which image files of a data set cannot be read, found before anything long begins.

In: samples. Out: the files and why. Every file is decoded once, by threads (decoding releases Python's lock), so that a
truncated photograph is told before the first step and not hours into an epoch, and alike for any number of workers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from blip2idc.data.dataset import Sample
from blip2idc.errors import ImageError
from blip2idc.images.pair import MAX_PIXELS, check_image

_THREADS = 8


def unreadable_files(samples: Sequence[Sample], max_pixels: int = MAX_PIXELS) -> dict[Path, str]:
    """File -> why it cannot be read, in the order of the samples; empty where all can."""
    paths = list(dict.fromkeys(path for one in samples for path in one.manifest.paths(one.record)))

    def look(path: Path) -> str | None:
        try:
            check_image(path, max_pixels=max_pixels)
        except ImageError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        found = zip(paths, pool.map(look, paths), strict=True)
        return {path: reason for path, reason in found if reason is not None}


def readable(
    samples: Sequence[Sample],
    max_pixels: int = MAX_PIXELS,
    *,
    skip: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Mapping[int, bool]:
    """Whether each sample, by `id()`, can be opened.

    Args:
        samples: What will be read.
        max_pixels: Limit for each image.
        skip: Whether to leave out pairs that cannot be opened, and to say so, instead of refusing all.
        say: Told what is left out.

    Raises:
        ImageError: Files cannot be read and `skip` is off: one sentence with their number and the first of them.
    """
    bad = unreadable_files(samples, max_pixels)
    found = {id(one): not any(path in bad for path in one.manifest.paths(one.record)) for one in samples}
    if not bad:
        return found
    pairs = sum(not fine for fine in found.values())
    files = len({path for one in samples for path in one.manifest.paths(one.record)})
    told = f"{len(bad):,} of {files:,} image files cannot be read (first: {next(iter(bad.values()))})"
    if not skip:
        raise ImageError(
            f"{told}; put them right, or say --skip-unreadable to leave out the pairs that show them ({pairs:,})"
        )
    say(f"{told}; their {pairs:,} pairs are left out")
    return found
