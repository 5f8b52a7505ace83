"""Readers of the benchmarks' official files: one module a benchmark, all with the same `read`."""

from __future__ import annotations

import difflib
import importlib
from typing import cast

from blip2idc.data.readers.benchmark import Reader
from blip2idc.errors import ConfigError

#: Name on the command line -> module in this package.
BENCHMARKS = {
    "clevr-change": "clevr_change",
    "clevr-dc": "clevr_dc",
    "spot-the-diff": "spot_the_diff",
    "image-editing-request": "image_editing_request",
    "emu-edit": "emu_edit",
    "magicbrush": "magicbrush",
    "instruct-pix2pix": "instruct_pix2pix",
    "syned": "syned",
    "levir-cc": "levir_cc",
    "birds-to-words": "birds_to_words",
    "table": "table",
}


def get_reader(benchmark: str) -> Reader:
    """The reader of a benchmark by its name on the command line.

    Raises:
        ConfigError: no such benchmark; names the nearest one.
    """
    if benchmark not in BENCHMARKS:
        near = difflib.get_close_matches(benchmark.lower().replace("_", "-"), BENCHMARKS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(BENCHMARKS)}"
        raise ConfigError(f"benchmark is {benchmark!r}; {hint}")
    module = importlib.import_module(f"{__name__}.{BENCHMARKS[benchmark]}")
    return cast(Reader, module.read)
