"""Training in bfloat16: the same losses within rounding, attention in float32, nothing of it in what is saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from blip2idc.errors import ConfigError
from blip2idc.tiny.batches import TinyBatch, ViewShards, draw_batch
from blip2idc.tiny.muon import orthogonal
from blip2idc.tiny.network import TinySize, build_tiny, save_tiny, train_tokenizer
from blip2idc.tiny.precision import Precision
from blip2idc.tiny.recipe import TinyStage
from blip2idc.tiny.shards import make_edit_shard
from blip2idc.tiny.trainer import TinyTrainer
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS

SMALL = TinySize(vision_width=32, vision_layers=2, width=32, qformer_layers=2, text_layers=1, vocabulary=400)


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> TinyBatch:
    path = tmp_path_factory.mktemp("shards") / "edits_0000.npz"
    make_edit_shard(path, 2, 12)
    return draw_batch(ViewShards([path]), np.random.default_rng(0), 6, 0.5)


def trainer_in(dtype: str) -> TinyTrainer:
    torch.manual_seed(0)
    tokenizer = train_tokenizer(NO_CHANGE_CAPTIONS, 400)
    return TinyTrainer(build_tiny(tokenizer, SMALL), tokenizer, dtype=dtype)


def test_an_unknown_type_is_told() -> None:
    with pytest.raises(ConfigError, match=r"float16.*auto, float32, bfloat16"):
        Precision("float16")


def test_auto_is_bfloat16_where_the_processor_has_units_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for there, dtype in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr("blip2idc.tiny.precision.computes_in_bfloat16", lambda there=there: there)
        assert Precision("auto").dtype == dtype


def test_the_losses_and_updates_agree_with_float32(batch: TinyBatch) -> None:
    stage = TinyStage(1)
    logged = []
    for dtype in ("float32", "bfloat16"):
        trainer = trainer_in(dtype)
        logged.append([trainer.step([(batch, 0)], stage, 1.0, batch.captions[:2]) for _ in range(4)])
    for exact, short in zip(*logged, strict=True):
        assert short == pytest.approx(exact, rel=0.02)
        assert exact.keys() == {"cells", "whole", "queries", "caption", "reading"}


def test_weights_stay_in_float32_and_attention_is_asked_for_float32(batch: TinyBatch) -> None:
    trainer = trainer_in("bfloat16")
    seen = []
    fused = torch.nn.functional.scaled_dot_product_attention

    def watched(*tensors: torch.Tensor, **settings: object) -> torch.Tensor:
        seen.append({one.dtype for one in tensors})
        return fused(*tensors, **settings)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.functional, "scaled_dot_product_attention", watched)
        trainer.step([(batch, 40)], TinyStage(1), 1.0)
    assert seen
    assert all(types == {torch.float32} for types in seen)
    assert {one.dtype for one in trainer.network.parameters()} == {torch.float32}


def test_what_is_saved_knows_nothing_of_it(tmp_path: Path) -> None:
    trainer = trainer_in("bfloat16")
    save_tiny(trainer.averaged, trainer.tokenizer, tmp_path)
    assert "sdpa_float32" not in (tmp_path / "config.json").read_text(encoding="utf-8")


def test_orthogonal_matrices_come_out_of_bfloat16_as_well() -> None:
    torch.manual_seed(0)
    found = orthogonal(torch.randn(3, 16, 40).bfloat16()).float()
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.5
    assert values.max() < 1.3
