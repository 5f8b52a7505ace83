"""What goes to the hub, against a local stand-in of its API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
from safetensors.torch import save_file
from tests.fixtures.checkpoints import write_dataset
from tests.sharing.stand_in import Hub, running

from blip2idc.cli.main import run
from blip2idc.errors import ConfigError, InputError
from blip2idc.sharing.cards import CardFacts
from blip2idc.sharing.push import plan_push, push

FACTS = CardFacts("me/changes", "mit")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    found = Hub()
    with running(found) as address:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
        monkeypatch.setenv("HF_TOKEN", "hf_for_the_stand_in")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        yield found


def put_adapter(folder: Path, base: str = "Salesforce/blip2-opt-2.7b", two_stream: bool = False) -> Path:
    import torch

    folder.mkdir()
    save_file({"a": torch.zeros(2)}, folder / "adapter_model.safetensors")
    config = {"base_model_name_or_path": base, "r": 8, "lora_alpha": 16, "target_modules": "qkv|value"}
    settings = {
        "layout": {"direction": "vertical", "height": 224, "width": 224},
        "two_stream": two_stream,
        "data": {
            "train": [{"name": "clevr", "pairs": 67660, "share": 1.0, "sha256": "ab" * 32}],
            "validation": [],
            "validation_origin": "given",
        },
        "run_record": {"argv": ["blip2idc", "train", "--data", "/home/somebody/secret/clevr"]},
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))
    (folder / "blip2idc.json").write_text(json.dumps(settings))
    (folder / "README.md").write_text("an older card")
    (folder / "optimizer.pt").write_bytes(b"x")
    (folder / ".hidden").write_bytes(b"x")
    return folder


def put_scores(path: Path) -> Path:
    metric = {"score": 1.2345, "low": 1.1, "high": 1.4, "signature": "cider_d|tok:ptb|v:0.1"}
    report = {"references": "/data/clevr/test", "protocol": "clevr-change", "resampling": {}, "items": 7970}
    path.write_text(json.dumps({**report, "cider_d": metric}))
    return path


def test_a_score_that_is_undefined_is_no_zero(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter, scores = put_adapter(tmp_path / "adapter"), tmp_path / "scores.json"
    metric = {"score": 0.0, "low": None, "high": None, "signature": "cider_d|tok:ptb", "defined": False}
    scores.write_text(json.dumps({"references": "test", "resampling": {}, "items": 3, "cider_d": metric}))
    told = ["push", str(adapter), "me/changes", "--license", "mit", "--scores", str(scores), "--dry-run"]
    assert run(told) == 0
    assert "| CIDEr-D | - | undefined here |" in capsys.readouterr().out


def test_an_adapter_arrives_with_a_card(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    adapter, scores = put_adapter(tmp_path / "adapter"), put_scores(tmp_path / "scores.json")
    assert run(["push", str(adapter), "me/changes", "--license", "mit", "--scores", str(scores)]) == 0
    assert capsys.readouterr().out.strip().endswith("/me/changes")
    names = {name for repo, name in hub.files if repo == "me/changes"}
    assert names == {"README.md", "adapter_config.json", "blip2idc.json", "adapter_model.safetensors"}
    card = hub.files["me/changes", "README.md"].decode()
    for part in (
        'license: "mit"',
        'base_model: "Salesforce/blip2-opt-2.7b"',
        "| train | clevr | 67660 | 1.0 | abababababababab |",
        "| CIDEr-D | 123.45 | [110.00, 140.00] |",
        "cider_d|tok:ptb|v:0.1",
        'PeftModel.from_pretrained(model, "me/changes")',
        "## Limits",
    ):
        assert part in card
    assert b"somebody" not in b"".join(hub.files.values())
    assert (adapter / "README.md").read_text() == "an older card", "the folder here is left as it is"


def test_a_dry_run_sends_nothing(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    adapter = put_adapter(tmp_path / "adapter", base=str(tmp_path))
    assert run(["push", str(adapter), "me/changes", "--license", "mit", "--dry-run"]) == 0
    printed = capsys.readouterr()
    assert "Not evaluated" in printed.out
    assert "model me/changes: 4 files" in printed.out
    assert "u000a" not in printed.out  # a line of the card is a line
    assert "a folder that others do not have" in printed.err
    assert not hub.created
    assert not hub.files


def test_a_data_set_goes_whole(tmp_path: Path, hub: Hub) -> None:
    data = write_dataset(tmp_path / "data", 4)
    (data / "notes.txt").write_text("mine")
    plan = plan_push(data, FACTS)
    assert len(plan.files) == 2 + 8
    push(plan)
    assert hub.created[0]["type"] == "dataset"
    assert ("me/changes", "images/3_after.png") in hub.files
    assert ("me/changes", "notes.txt") not in hub.files
    assert "| all | 4 | 12 | 2 |" in hub.files["me/changes", "README.md"].decode()
    (data / "images/1_after.png").unlink()
    with pytest.raises(InputError, match="pushed whole or not at all"):
        plan_push(data, FACTS)


def test_refusals_are_one_sentence(tmp_path: Path, hub: Hub) -> None:
    hub.refuse = True
    with pytest.raises(InputError, match="me/changes: the hub refused or could not be reached"):
        push(plan_push(put_adapter(tmp_path / "adapter"), FACTS))
    with pytest.raises(ConfigError, match="expected owner/name"):
        plan_push(tmp_path / "adapter", CardFacts("changes", "mit"))
    with pytest.raises(ConfigError, match="holds neither"):
        plan_push(tmp_path, FACTS)


def test_two_streams_say_what_goes_around_the_model(tmp_path: Path) -> None:
    plan = plan_push(put_adapter(tmp_path / "adapter", two_stream=True), FACTS, "me/backbone")
    card = plan.files["README.md"]
    assert isinstance(card, bytes)
    assert "TwoStreamBlip2.around" in card.decode()
    assert 'base_model: "me/backbone"' in card.decode()
