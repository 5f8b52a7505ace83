"""Fixtures and settings that every test shares."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import settings

# nothing a test does may reach a model hub; set before any library reads them
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("MPLBACKEND", "Agg")

# no verdict may depend on how fast the machine is, or on which examples chance finds today
settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("repeatable")


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of random numbers, the same in every run."""
    return np.random.default_rng(20240901)
