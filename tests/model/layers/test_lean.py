"""The lean LoRA layers give what peft's own give, forwards and backwards, and leave to peft what is not plain LoRA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from blip2idc.model.adapters.adapter import LoraSettings, attach_adapter
from blip2idc.model.layers.lean import adapted_linear, use_lean_lora
from blip2idc.model.loading import load_backbone


def update(rank: int, inputs: int, outputs: int, kind: torch.dtype = torch.float32) -> dict[str, Any]:
    torch.manual_seed(3)
    return {
        "weight": torch.randn(outputs, inputs).to(kind),
        "bias": torch.randn(outputs).to(kind),
        "down": torch.randn(rank, inputs).requires_grad_(),
        "up": torch.randn(outputs, rank).requires_grad_(),
        "scale": 0.5,
    }


def plainly(inputs: torch.Tensor, values: dict[str, Any]) -> torch.Tensor:
    kind = inputs.dtype
    frozen = torch.nn.functional.linear(inputs, values["weight"].to(kind), values["bias"].to(kind))
    added = inputs.to(values["down"].dtype) @ values["down"].T @ values["up"].T * values["scale"]
    return (frozen + added).to(kind)


@pytest.mark.parametrize(("rank", "sides"), [(8, (16, 16)), (2, (64, 48))], ids=["merged", "in place"])
@pytest.mark.parametrize("dropout", [0.0, 1e-12], ids=["", "nothing dropped"])
def test_values_and_gradients_are_those_of_the_formula(
    rank: int, sides: tuple[int, int], dropout: float
) -> None:
    values = update(rank, *sides)
    results = []
    for way in (plainly, lambda inputs, values: adapted_linear(inputs, **values, dropout=dropout)):
        inputs = torch.randn(3, 5, sides[0], generator=torch.Generator().manual_seed(1)).requires_grad_()
        out = way(inputs, values)
        out.square().sum().backward()
        results.append([out.detach(), inputs.grad, values["down"].grad, values["up"].grad])
        values["down"].grad = values["up"].grad = None
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-3)


def test_dropout_reaches_the_gradient() -> None:
    values = update(2, 64, 48)
    inputs = torch.randn(200, 64).requires_grad_()
    torch.manual_seed(0)
    out = adapted_linear(inputs, **values, dropout=0.5)
    frozen = torch.nn.functional.linear(inputs, values["weight"], values["bias"]).detach()
    torch.manual_seed(0)
    kept = torch.empty(200, 64, dtype=torch.bool).bernoulli_(0.5)
    assert 0.4 < kept.float().mean() < 0.6
    seen = inputs.detach() * kept * 2
    added = (seen @ values["down"].T @ values["up"].T * 0.5).detach()
    torch.testing.assert_close(out.detach() - frozen, added, rtol=1e-3, atol=1e-3)
    out.sum().backward()
    summed = values["weight"].sum(0) + 0.5 * (values["up"].sum(0) @ values["down"]) * kept * 2
    torch.testing.assert_close(inputs.grad, summed.detach(), rtol=1e-3, atol=1e-3)


def test_a_lower_type_is_computed_in() -> None:
    values = update(2, 64, 48, torch.bfloat16)
    inputs = torch.randn(20, 64).to(torch.bfloat16).requires_grad_()
    out = adapted_linear(inputs, **values)
    assert out.dtype == torch.bfloat16
    out.float().square().sum().backward()
    assert values["down"].grad.dtype == values["up"].grad.dtype == torch.float32
    error = (out.float() - plainly(inputs, values).float()).abs().max() / out.float().abs().max()
    assert error < 1e-2


def test_gradients_are_right_to_double_precision() -> None:
    values = {
        key: value.double() if torch.is_tensor(value) else value for key, value in update(2, 9, 7).items()
    }
    for name in ("down", "up"):
        values[name] = values[name].detach().requires_grad_()
    inputs = torch.randn(4, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda inputs, down, up: adapted_linear(inputs, values["weight"], values["bias"], down, up, 0.5),
        (inputs, values["down"], values["up"]),
    )


def adapted(checkpoint: Path, **settings: Any) -> Any:
    backbone = load_backbone(checkpoint)
    backbone, _ = attach_adapter(backbone, LoraSettings(**settings))
    torch.manual_seed(5)
    for name, parameter in backbone.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return backbone.model.eval()


@pytest.mark.parametrize("layers", ["attention", "linear"])
def test_a_network_says_the_same_and_learns_the_same(checkpoint: Path, layers: Any) -> None:
    model = adapted(checkpoint, rank=4, layers=layers, dropout=0.0)
    inputs = {
        "pixel_values": torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(2)),
        "input_ids": torch.tensor([[model.config.image_token_index] * model.config.num_query_tokens + [1, 5, 6]] * 2),
    }  # fmt: skip
    if not model.config.use_decoder_only_language_model:
        inputs["decoder_input_ids"] = torch.tensor([[0, 5, 6]] * 2)
    found = []
    for lean in (False, True):
        if lean:
            assert use_lean_lora(model) == len(model.base_model.targeted_module_names)
        logits = model(**inputs).logits
        logits.square().mean().backward()
        found.append([logits.detach(), *(p.grad.clone() for p in model.parameters() if p.requires_grad)])
        model.zero_grad()
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    with torch.no_grad(), model.disable_adapter():
        assert (model(**inputs).logits - found[0][0]).abs().max() > 1e-3, (
            "off is not on, or this shows nothing"
        )


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
def test_what_is_not_plain_is_left_to_peft(opt_checkpoint: Path) -> None:
    from peft import LoraConfig, get_peft_model

    network = load_backbone(opt_checkpoint).model
    model: Any = get_peft_model(network, LoraConfig(r=4, use_dora=True, target_modules=["q_proj"]))
    model.eval()
    tokens = torch.tensor([[7, 8, 9]])
    before = network.language_model(input_ids=tokens).logits
    assert use_lean_lora(model) > 0
    torch.testing.assert_close(network.language_model(input_ids=tokens).logits, before, rtol=0, atol=0)
    model.merge_adapter()
    torch.testing.assert_close(network.language_model(input_ids=tokens).logits, before, rtol=1e-4, atol=1e-5)
