"""Malformed adapters, settings and backbones: each one sentence, before anything heavy."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tests.fixtures.checkpoints import opt_checkpoint

from blip2idc.errors import ConfigError, ModelError
from blip2idc.model.adapters.adapter import AdapterWeights, load_adapter, read_adapter
from blip2idc.model.files.network_size import check_shape
from blip2idc.model.files.settings import CaptionerSettings, Decoding, read_settings
from blip2idc.model.loading import load_backbone

__all__ = ["opt_checkpoint"]

NAME = "base_model.model.vision_model.x.qkv"
CONFIG = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["qkv"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "adapter"
    made.mkdir()
    (made / "adapter_config.json").write_text(json.dumps(CONFIG))
    put_tensors(made, {})
    return made


def put_tensors(folder: Path, changes: dict[str, torch.Tensor]) -> None:
    tensors = {f"{NAME}.lora_A.weight": torch.zeros(2, 4), f"{NAME}.lora_B.weight": torch.zeros(6, 2)}
    save_file({**tensors, **changes}, folder / "adapter_model.safetensors")


DEEP = b"[" * 200_000
BYTES = [
    *(
        b"",
        b"   ",
        b"[]",
        b"null",
        b"5",
        b'"x"',
        b"{",
        b"{]",
        b"\xff\xfe{}",
        b"\0" * 50,
        DEEP,
        b'{"a":' * 100_000,
    ),
    *(json.dumps(CONFIG).encode("utf-16"), json.dumps(CONFIG).encode()[:-9], b'{"r": ' + b"9" * 5000 + b"}"),
]


@pytest.mark.parametrize("name", ["adapter_config.json", "blip2idc.json"])
@pytest.mark.parametrize("content", BYTES, ids=range(len(BYTES)))
def test_json_that_is_none(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        read_adapter(folder)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("r", value) for value in (0, -1, None, "8", 8.5, True, 10**9, 10**400, [8], {})),
        *(("lora_alpha", value) for value in (None, "x", 1e9, [], True)),
        *(("lora_dropout", value) for value in (-0.1, 1.5, "x")),
        *(("bias", value) for value in ("x", 3, [])),
        *(("rank_pattern", value) for value in ([1], {"(a+)+$": 2}, {"qkv": 0}, {"qkv": "x"})),
        *(("alpha_pattern", value) for value in ("x", {"(a|a)*b": 2}, {"qkv": 1e300})),
        ("layer_replication", [[0, 9]] * 9),
        ("peft_type", ["LORA"]),
    ],
    ids=range(30),
)
def test_configurations_out_of_range(folder: Path, key: str, value: Any) -> None:
    (folder / "adapter_config.json").write_text(json.dumps({**CONFIG, key: value}))
    with pytest.raises(ModelError, match=key):
        read_adapter(folder)


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [
        (torch.zeros(2), "expected a matrix"),
        (torch.zeros(()), "expected a matrix"),
        (torch.zeros(2, 4, 1), "expected a matrix"),
        (torch.zeros(2, 4, dtype=torch.int64), "expected a matrix"),
        (torch.zeros(3, 4), "has rank 3, but r is 2"),
        (torch.full((2, 4), float("nan")), "not finite"),
        (torch.full((2, 4), float("inf")), "not finite"),
    ],
)
def test_tensors_that_are_no_matrices_of_the_rank(folder: Path, tensor: torch.Tensor, reason: str) -> None:
    put_tensors(folder, {f"{NAME}.lora_A.weight": tensor})
    with pytest.raises(ModelError, match=reason):
        read_adapter(folder)


@pytest.mark.parametrize("content", [b"", b"{}", b"text", b"PK\x03\x04", b"\x80\x02}q\x00.", b"\x80"])
@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_model.bin"])
def test_weights_that_are_none(folder: Path, name: str, content: bytes) -> None:
    (folder / "adapter_model.safetensors").unlink()
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=r"adapter '.*'"):
        read_adapter(folder)


def test_without_tensors_and_compressed(folder: Path) -> None:
    save_file({}, folder / "adapter_model.safetensors")
    with pytest.raises(ModelError, match="holds no tensors"):
        read_adapter(folder)
    (folder / "adapter_model.safetensors").unlink()
    with zipfile.ZipFile(folder / "adapter_model.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(10_000_000))
    with pytest.raises(ModelError, match="is compressed"):
        read_adapter(folder)


@pytest.mark.parametrize(
    "values",
    [
        {"decoding": {"num_beams": 10**9}},
        {"decoding": {"max_new_tokens": 10**9}},
        {"decoding": {"length_penalty": float("inf")}},
        {"decoding": {"no_repeat_ngram_size": "x"}},
        {"decoding": []},
        {"layout": {"height": 10**6, "width": 10**6}},
        {"layout": "vertical"},
        {"calibration": {"slope": "x"}},
        {"calibration": {"threshold": 2.0}},
        {"calibration": [1]},
        {"prompt": 5},
        {"prompt": "x" * 3000},
        {"no_change_captions": ["word " * 20_000]},
        {"no_change_captions": ["x"] * 101},
        {"no_change_captions": "x"},
        {"no_change_captions": [1]},
        {"two_stream": "yes"},
        {"layuot": {}},
    ],
)
def test_settings_out_of_range(values: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises((ConfigError, ModelError)):
        CaptionerSettings.from_dict(values)
    (tmp_path / "blip2idc.json").write_text(json.dumps(values).replace("Infinity", "1e999"))
    with pytest.raises(ModelError, match=r"blip2idc\.json"):
        read_settings(tmp_path)


def test_decoding_in_range() -> None:
    assert Decoding(num_beams=5, length_penalty=-1.0).num_beams == 5
    with pytest.raises(ConfigError, match="num_beams is 0; expected a whole number from 1 to 128"):
        Decoding(num_beams=0)


def test_a_pattern_that_never_ends_is_never_asked(opt_checkpoint: Path) -> None:
    backbone = load_backbone(opt_checkpoint)
    name = next(name for name, _ in backbone.model.named_modules() if name.endswith("qkv"))
    width = backbone.model.get_submodule(name).in_features
    tensors = {
        f"{name}.lora_A.weight": torch.zeros(2, width),
        f"{name}.lora_B.weight": torch.zeros(3 * width, 2),
    }
    patterns = {"target_modules": "(.*a?)*(.+)+b{3}$", "exclude_modules": "((a*)*)*z"}
    hostile = {**CONFIG, **patterns, "alpha_pattern": {"qkv": 2}}
    began = time.perf_counter()
    load_adapter(backbone, AdapterWeights("hostile", hostile, tensors))
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    "key", ["hidden_size", "num_hidden_layers", "image_size", "patch_size", "vocab_size"]
)
@pytest.mark.parametrize("value", [0, -1, "x", 10**9, 10**400, 2.5, [2]], ids=range(7))
def test_shapes_out_of_range(key: str, value: Any) -> None:
    with pytest.raises(ModelError, match=key):
        check_shape({"vision_config": {key: value}}, "model 'x'")


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "processor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "generation_config.json",
    ],
)
@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff\xfe{}", b'{"a":' * 100_000])
def test_a_backbone_with_a_broken_file(
    opt_checkpoint: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    copied = shutil.copytree(opt_checkpoint, tmp_path / "copied")
    (copied / name).write_bytes(content)
    try:
        load_backbone(copied)
    except ModelError:
        return
    # What is not read cannot do harm: captions are searched for with settings of our own.
    assert name in ("generation_config.json", "processor_config.json", "tokenizer_config.json")


def test_a_description_larger_than_its_weights(opt_checkpoint: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(opt_checkpoint, tmp_path / "copied")
    config = json.loads((copied / "config.json").read_text())
    config["vision_config"].update(hidden_size=8192, intermediate_size=32768, num_hidden_layers=100)
    (copied / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"describes .* weights, but its files hold"):
        load_backbone(copied)
