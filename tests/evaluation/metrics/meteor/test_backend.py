"""Which METEOR is found."""

from __future__ import annotations

import pytest

from blip2idc.evaluation.metrics.meteor import backend
from blip2idc.evaluation.metrics.meteor.backend import HOW_TO_GET, find_backend
from blip2idc.evaluation.metrics.meteor.java import JavaMeteor
from blip2idc.evaluation.metrics.meteor.python import PythonMeteor
from blip2idc.evaluation.metrics.meteor.sources import Sources


@pytest.fixture
def installed(tiny: Sources, monkeypatch: pytest.MonkeyPatch) -> Sources:
    monkeypatch.setattr(backend, "find_sources", lambda: tiny)
    return tiny


@pytest.mark.usefixtures("installed")
def test_python_needs_no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert isinstance(find_backend(), PythonMeteor)
    assert find_backend("java") is None


@pytest.mark.usefixtures("installed")
def test_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    assert isinstance(find_backend("java"), JavaMeteor)


def test_nothing_without_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "find_sources", lambda: None)
    assert find_backend() is None
    assert find_backend("java") is None
    assert all("pip install 'blip2idc[meteor]'" in sentence for sentence in HOW_TO_GET.values())
