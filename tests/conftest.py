"""Fixtures and settings that every test shares."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from blip2idc.evaluation.metrics.meteor.python import PythonMeteor

# nothing a test does may reach a model hub; set before any library reads them
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("MPLBACKEND", "Agg")

# a shell starts what runs in the background deaf to Ctrl-C, and programs that tests start would inherit that
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# no verdict may depend on how fast the machine is, or on which examples chance finds today
settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def handlers_of_signals() -> Iterator[None]:
    """What a command that was run in this process makes of signals is of that command alone."""
    earlier = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in earlier.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of random numbers, the same in every run."""
    return np.random.default_rng(20240901)


@pytest.fixture(scope="session")
def meteor(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PythonMeteor]:
    """METEOR with its real data; pytest's cache keeps its tables, which take some twenty seconds, from run to run."""
    from blip2idc.evaluation.metrics.meteor.python import PythonMeteor
    from blip2idc.evaluation.metrics.meteor.sources import find_sources

    sources = find_sources()
    assert sources is not None, "this test needs METEOR's data: pip install 'blip2idc[meteor]'"
    cache = getattr(request.config, "cache", None)
    folder = Path(cache.mkdir("meteor")) if cache is not None else tmp_path_factory.mktemp("meteor")
    with PythonMeteor(sources, folder) as backend:
        yield backend
