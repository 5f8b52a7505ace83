"""Products by oneDNN are those of torch, forwards and backwards, and only where they are meant to be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from blip2idc.model.layers import products
from blip2idc.model.layers.eight_bits import EightBitLinear, keep_in_eight_bits
from blip2idc.model.layers.products import ProductLinear, product, use_faster_products, use_plain_products
from blip2idc.model.loading import load_backbone

needs_onednn = pytest.mark.skipif(
    not hasattr(torch.ops.mkldnn, "_linear_pointwise"), reason="this torch was built without oneDNN"
)


@pytest.fixture
def faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor with AVX-512, and for small products too."""
    monkeypatch.setattr(products, "faster_products", True)
    monkeypatch.setattr(products, "_LEAST_PRODUCTS", 1)
    monkeypatch.setattr(products, "_LEAST_ROWS", 1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Shapes of the inputs for which oneDNN was asked."""
    found: list[tuple[int, ...]] = []
    through = products._by_onednn

    def noted(inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        found.append(tuple(inputs.shape))
        return through(inputs, weight, bias)

    monkeypatch.setattr(products, "_by_onednn", noted)
    return found


@needs_onednn
@pytest.mark.usefixtures("faster")
@pytest.mark.parametrize("shape", [(7, 24), (3, 5, 24), (1, 24), (0, 24)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_values_and_gradients_are_torch_s(
    shape: tuple[int, ...], with_bias: bool, asked: list[tuple[int, ...]]
) -> None:
    torch.manual_seed(1)
    values = [torch.randn(shape), torch.randn(10, 24), torch.randn(10) if with_bias else None]
    for value in values:
        if value is not None:
            value.requires_grad_()
    found = []
    for way in (torch.nn.functional.linear, product):
        out = way(*values)  # type: ignore[arg-type]
        out.square().sum().backward()
        found.append([out.detach(), *(value.grad for value in values if value is not None)])
        for value in values:
            if value is not None:
                value.grad = None
    assert len(found[0]) == 3 + with_bias
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    assert bool(asked) == (0 not in shape), "or nothing was compared"


@needs_onednn
@pytest.mark.usefixtures("faster")
def test_gradients_go_only_where_they_are_wanted(asked: list[tuple[int, ...]]) -> None:
    inputs, weight = torch.randn(6, 24, requires_grad=True), torch.randn(10, 24)
    product(inputs, weight).sum().backward()
    assert inputs.grad is not None
    assert weight.grad is None
    assert len(asked) == 2, "forwards, and backwards to the inputs"
    with torch.no_grad():
        assert not product(inputs, weight).requires_grad


@needs_onednn
@pytest.mark.usefixtures("faster")
def test_views_are_taken_as_they_are() -> None:
    whole = torch.randn(8, 6, 24)
    weight = torch.randn(24, 10)
    found = product(whole.transpose(0, 1)[:, ::2], weight.T)
    torch.testing.assert_close(found, whole.transpose(0, 1)[:, ::2] @ weight, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
@pytest.mark.usefixtures("faster")
def test_other_types_stay_with_torch(kind: torch.dtype, asked: list[tuple[int, ...]]) -> None:
    inputs, weight = torch.randn(6, 24).to(kind), torch.randn(10, 24).to(kind)
    assert torch.equal(product(inputs, weight), torch.nn.functional.linear(inputs, weight))
    assert not asked


@pytest.mark.usefixtures("faster")
def test_autocast_stays_with_torch(asked: list[tuple[int, ...]]) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        assert product(torch.randn(6, 24), torch.randn(10, 24)).dtype == torch.bfloat16
    assert not asked


def test_small_products_and_other_processors_stay_with_torch(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[int, ...]]
) -> None:
    monkeypatch.setattr(products, "faster_products", True)
    product(torch.randn(2, 24), torch.randn(10, 24))
    product(torch.randn(1, 2048), torch.randn(2048, 2048))
    monkeypatch.setattr(products, "faster_products", False)
    product(torch.randn(64, 512), torch.randn(512, 512))
    assert not asked


@needs_onednn
@pytest.mark.usefixtures("faster")
def test_a_backbone_says_the_same(checkpoint: Path, asked: list[tuple[int, ...]]) -> None:
    network = load_backbone(checkpoint, dtype="float32").model
    changed = [module for module in network.modules() if type(module) is ProductLinear]
    assert changed
    pixels = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        found = network.get_image_features(pixels).pooler_output
        assert asked
        use_plain_products(network)
        assert not any(type(module) is ProductLinear for module in network.modules())
        torch.testing.assert_close(
            found, network.get_image_features(pixels).pooler_output, rtol=1e-4, atol=1e-5
        )
    assert use_faster_products(network) == len(changed)
    keep_in_eight_bits(network)
    assert any(isinstance(module, EightBitLinear) for module in network.modules())


def test_nothing_is_changed_where_nothing_is_gained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "faster_products", False)
    layer = torch.nn.Linear(4, 4)
    assert use_faster_products(layer) == 0
    assert type(layer) is torch.nn.Linear
