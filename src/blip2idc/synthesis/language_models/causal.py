"""Causal language models of transformers: loading one, and drawing from what it says.

In: a hub id or a folder; for the drawing, scores of next tokens. Out: network and tokenizer; the tokens drawn.
`language_model` puts them together. torch and transformers are imported inside the functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from blip2idc.errors import ModelError


class Sampler:
    """Draws each row's next token with the row's own generator, and leaves the greedy search no other choice.

    Nucleus sampling (Holtzman et al., ICLR 2020, arXiv 1904.09751): of the likeliest tokens that together have at least
    `top_p`, one by its probability. One random number a token and row, so that no row disturbs another.
    """

    def __init__(self, seeds: Sequence[int], temperature: float, top_p: float) -> None:
        import torch

        self._generators = [torch.Generator().manual_seed(seed % 2**63) for seed in seeds]
        self._temperature, self._top_p = temperature, top_p

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Scores `[B, V]` of which all but the drawn token of each row are minus infinity."""
        import torch

        chances = torch.softmax(scores.float() / self._temperature, -1)
        chances, order = torch.sort(chances, dim=-1, descending=True, stable=True)
        sums = chances.cpu().double().cumsum(-1)  # on the CPU, where its rounding is the same every time
        drawn = torch.cat([torch.rand(1, generator=one, dtype=torch.float64) for one in self._generators])
        last = torch.searchsorted(sums, torch.full((len(sums), 1), self._top_p, dtype=torch.float64))
        whole = sums.gather(1, last.clamp(max=sums.shape[1] - 1))
        place = torch.searchsorted(sums, drawn[:, None] * whole, right=True).clamp(max=sums.shape[1] - 1)
        chosen = order.gather(1, place.to(order.device))
        return torch.full_like(scores, float("-inf")).scatter(1, chosen, 0.0)


def load_causal(name: str, revision: str | None, device: str, dtype: str) -> tuple[Any, Any]:
    """A causal language model; only tensors and JSON are read, no code of a repository is run.

    Args:
        name: Hub id or folder.
        revision: Commit on the hub; not used for a folder.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        dtype: `auto`, `float32`, `bfloat16`, `float16`.

    Returns:
        The network, on its device and in evaluation mode, and its tokenizer.

    Raises:
        ModelError: There is no such model, its weights are not in safetensors, or some are missing.
        ConfigError: There is no such device or dtype.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from blip2idc.model.files.checkpoint import ModelSource, loading
    from blip2idc.runtime import choose_device, choose_dtype

    if not Path(name).is_dir() and (name.startswith((".", "/", "~")) or name.count("/") > 1 or "\\" in name):
        raise ModelError(
            f"language model '{name}': no such folder, and a hub id has the form owner/name; check its name"
        )
    source = ModelSource(name, name, None if Path(name).is_dir() else revision)
    device = choose_device(device).value
    weights = getattr(torch, choose_dtype(dtype, device).value)
    how: dict[str, Any] = {"revision": source.revision, "trust_remote_code": False}
    placed = {"device_map": {"": device}} if device.startswith("cuda") else {}
    causal: Any = AutoModelForCausalLM
    with loading(source):
        tokenizer = AutoTokenizer.from_pretrained(name, **how)
        network, report = causal.from_pretrained(
            name, dtype=weights, use_safetensors=True, output_loading_info=True, **placed, **how
        )
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"language model '{name}': {len(missing)} weights are missing from its files (first: {missing[0]}), so it"
            " would run with random numbers in their place; give a complete checkpoint"
        )
    return network.to(device).eval(), tokenizer
