"""A METEOR of a few words, and the real one where pycocoevalcap is installed (extra `meteor`; no Java)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fixtures.meteor import write_sources

from blip2idc.evaluation.metrics.meteor.python import PythonMeteor
from blip2idc.evaluation.metrics.meteor.sources import Sources, find_sources


@pytest.fixture
def tiny(tmp_path: Path) -> Sources:
    return write_sources(tmp_path / "source")


@pytest.fixture(scope="session")
def meteor(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PythonMeteor]:
    """The real one; its tables, which take some twenty seconds, are kept from run to run with pytest's cache."""
    sources = find_sources()
    assert sources is not None, "this test needs METEOR's data: pip install 'blip2idc[meteor]'"
    cache = getattr(request.config, "cache", None)
    folder = Path(cache.mkdir("meteor")) if cache is not None else tmp_path_factory.mktemp("meteor")
    with PythonMeteor(sources, folder) as backend:
        yield backend
