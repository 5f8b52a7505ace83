"""A METEOR of a few words."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.meteor import write_sources

from blip2idc.evaluation.metrics.meteor.sources import Sources


@pytest.fixture
def tiny(tmp_path: Path) -> Sources:
    return write_sources(tmp_path / "source")
