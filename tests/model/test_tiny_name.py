"""`tiny` is a name like any other: in Python, for `--model`, and in the model cards, whose snippets run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from blip2idc.errors import ModelError
from blip2idc.model.adapters.files import read_adapter
from blip2idc.model.files.packaged import TINY_MODEL, find_adapter
from blip2idc.model.loading import locate_model

ADAPTERS = sorted(path.name for path in (TINY_MODEL / "adapters").iterdir())


def test_the_name_is_the_packaged_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert locate_model("tiny") == locate_model(None)
    assert (
        find_adapter("tiny", "default")
        == find_adapter(None, "default")
        == str(TINY_MODEL / "adapters" / "default")
    )
    assert find_adapter("tiny", "scenes") == str(TINY_MODEL / "adapters" / "scenes")
    (tmp_path / "tiny").mkdir()
    monkeypatch.chdir(tmp_path)  # a folder of that name is what it says
    assert locate_model("tiny").location == "tiny"
    assert find_adapter("tiny", "default") is None


@pytest.mark.parametrize("name", ADAPTERS)
def test_the_snippet_of_a_model_card_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As somebody does it who has the adapter's folder and two images."""
    card = (TINY_MODEL / "adapters" / name / "README.md").read_text(encoding="utf-8")
    assert "base_model: tiny\n" in card
    (tmp_path / "this-folder").symlink_to(TINY_MODEL / "adapters" / name)
    for side, colour in (("before", "white"), ("after", "black")):
        Image.new("RGB", (32, 32), colour).save(tmp_path / f"{side}.png")
    monkeypatch.chdir(tmp_path)
    found = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert found is not None
    exec(found[1], {})
    assert capsys.readouterr().out.strip()


def test_a_path_with_a_slip_in_it_is_no_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "adapters" / "spot").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="no such folder in adapters; did you mean adapters/spot"):
        read_adapter("adapters/spto")
    with pytest.raises(ModelError, match="model 'adapters/xyzzy': no such folder in adapters; check --model"):
        locate_model("adapters/xyzzy")
    with pytest.raises(ModelError, match="is no folder here, and the hub cannot be reached"):
        read_adapter("nobody/nothing")
