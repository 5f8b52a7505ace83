"""The ViT by way of oneDNN makes what its own `forward` makes, and stands back where anything is otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from blip2idc.model.blip2 import Blip2Backbone
from blip2idc.model.layers import products
from blip2idc.model.layers.eight_bits import keep_in_eight_bits
from blip2idc.model.layers.products import use_plain_products
from blip2idc.model.layers.vision import patches_of, sees
from blip2idc.model.loading import load_backbone

pytestmark = pytest.mark.skipif(
    not hasattr(torch.ops.mkldnn, "_linear_pointwise"), reason="this torch was built without oneDNN"
)


@pytest.fixture
def backbone(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Blip2Backbone:
    """A BLIP-2, as on a processor with AVX-512."""
    monkeypatch.setattr(products, "faster_products", True)
    found = load_backbone(checkpoint, dtype="float32")
    assert isinstance(found, Blip2Backbone)
    return found


@pytest.mark.parametrize("together", [1, 2, 5])
@pytest.mark.parametrize("size", [(32, 32), (64, 32)])
def test_patches_are_those_of_the_network(
    backbone: Blip2Backbone, together: int, size: tuple[int, int]
) -> None:
    vision = backbone.model.vision_model
    torch.manual_seed(3)
    pixels = torch.randn(5, 3, *size)
    interpolate = backbone.needs_interpolation(*size)
    with torch.inference_mode():
        assert sees(vision)
        own = vision(pixels, interpolate_pos_encoding=interpolate).last_hidden_state
        found = patches_of(vision, pixels, together=together, interpolate=interpolate)
    assert own.std() > 0.1
    torch.testing.assert_close(found, own, rtol=1e-5, atol=1e-5)


def test_plain_layers_are_seen_too_and_bias_may_be_missing(backbone: Blip2Backbone) -> None:
    vision = backbone.model.vision_model
    use_plain_products(vision)
    vision.encoder.layers[0].self_attn.qkv.bias = None
    pixels = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        assert sees(vision)
        own = vision(pixels).last_hidden_state
        torch.testing.assert_close(patches_of(vision, pixels, together=1), own, rtol=1e-5, atol=1e-5)


def _hooked(vision: Any) -> None:
    vision.encoder.layers[0].self_attn.register_forward_hook(lambda *_: None)


def _with_another_forward(vision: Any) -> None:
    vision.forward = lambda *_, **__: None


def _by_another_activation(vision: Any) -> None:
    vision.config.hidden_act = "relu"


def _eager(vision: Any) -> None:
    vision.config._attn_implementation = "eager"


CHANGES: list[Callable[[Any], Any]] = [
    _hooked,
    _with_another_forward,
    _by_another_activation,
    _eager,
    keep_in_eight_bits,
    lambda vision: vision.train(),
    lambda vision: vision.to(torch.bfloat16),
]


@pytest.mark.parametrize("change", CHANGES)
def test_it_stands_back_where_anything_is_otherwise(
    backbone: Blip2Backbone, change: Callable[[Any], Any]
) -> None:
    vision = backbone.model.vision_model
    with torch.inference_mode():
        assert sees(vision)
        change(vision)
        assert not sees(vision)


def test_it_stands_back_for_gradients_autocast_and_other_processors(
    backbone: Blip2Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    vision = backbone.model.vision_model
    assert not sees(vision)
    with torch.inference_mode():
        with torch.autocast("cpu", torch.bfloat16):
            assert not sees(vision)
        assert sees(vision)
        monkeypatch.setattr(products, "faster_products", False)
        assert not sees(vision)


def test_a_backbone_says_the_same_by_either_way(
    backbone: Blip2Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(4)
    pixels = torch.randn(5, 3, 32, 32)
    monkeypatch.setattr("blip2idc.model.blip2.slice_for", lambda *_: 2)
    asked = []

    def noted(*given: Any, **settings: Any) -> torch.Tensor:
        asked.append(given)
        return patches_of(*given, **settings)

    monkeypatch.setattr("blip2idc.model.blip2.patches_of", noted)
    with torch.inference_mode():
        queries, patches = backbone.features(pixels)
        assert asked
        whole = backbone.model.get_image_features(pixels)
        monkeypatch.setattr(products, "faster_products", False)
        plain_queries, plain_patches = backbone.features(pixels)
    assert len(asked) == 1
    for found in ((queries, patches), (plain_queries, plain_patches)):
        torch.testing.assert_close(found[0], whole.pooler_output, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(found[1], whole.last_hidden_state, rtol=1e-4, atol=1e-5)
