"""The weights that the further training has reached, kept beside the benchmarks that measure them."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open

from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.tiny.recipe import TinyRecipe, TinyStage
from blip2idc.tiny.start import start_from

WEIGHTS = Path(__file__).parents[2] / "benchmarks" / "weights" / "tiny-further"
DEMO = Path(__file__).parents[2] / "src" / "blip2idc" / "assets" / "demo" / "images"


def test_they_are_small_and_say_what_changed_on_a_page() -> None:
    path = WEIGHTS / "model.safetensors"
    assert path.stat().st_size < 8_000_000
    with safe_open(path, "pt") as stored:
        assert {stored.get_tensor(name).dtype for name in stored.keys()} == {torch.float16}  # noqa: SIM118
    captioner = DifferenceCaptioner.from_pretrained(str(WEIGHTS), None)
    assert captioner.backbone.model.dtype == torch.float32
    same = captioner(DEMO / "pages-none-before.png", DEMO / "pages-none-after.png", max_changes=0)
    card = captioner(DEMO / "pages-card-before.png", DEMO / "pages-card-after.png", max_changes=0)
    assert not same.changed
    assert card.changed


def test_a_training_goes_on_from_them_with_the_same_words(tmp_path: Path) -> None:
    recipe = TinyRecipe((TinyStage(1),), start=str(WEIGHTS))
    network, tokenizer = start_from(recipe, tmp_path)
    assert len(tokenizer) == network.config.text_config.vocab_size == 4000
    assert network.dtype == torch.float32
