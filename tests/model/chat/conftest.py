"""A random checkpoint of every family of chat models, built once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from tests.fixtures.tiny_chat import build_tiny_chat


@pytest.fixture(scope="session")
def chat_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a family's checkpoint."""
    return cache(lambda family: build_tiny_chat(tmp_path_factory.mktemp("chat") / family, family))
