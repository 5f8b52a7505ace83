"""What a training step takes of a GPU, counted on tensors without content: operations, and the most bytes at a time.

For `full_size.py`. The network is built, adapted and passed through forwards and backwards with the fused attention,
the dropout and the autocast of a CUDA device, but every tensor has a shape and a type only (torch's fake tensors); each
storage that is made or freed is counted in the blocks of 512 bytes that CUDA's allocator deals out. Not counted: the
workspace of cuBLAS, the context of CUDA (about 0.5 GiB) and what fragmentation adds.
"""

from __future__ import annotations

import contextlib
import time
import weakref
from collections.abc import Iterator
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from blip2idc.model.layers.lean import use_lean_lora
from blip2idc.training.loss import caption_loss, losses_at_head, positions_at_once

BATCH = 16
CAPTION_TOKENS = (
    24  # of a caption with its end: sentences of about a dozen words; the rest of a row is 32 + 1 before it
)
GIB = 2**30
CARD = 24 * GIB
OUTSIDE = GIB  # left for the context, workspaces and fragmentation
DEVICE = "cpu"  # fake tensors of CUDA need a torch that is built for it; what differs is put right below


class Memory(TorchDispatchMode):
    """Counts the bytes of storages that live, and their peak."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: dict[int, Any] = {}

    def count(self, values: Any) -> None:
        """Count the storages of some tensors, each once, until it is freed."""
        for tensor in tree_leaves(values):
            if not isinstance(tensor, torch.Tensor):
                continue
            storage = tensor.untyped_storage()
            key = storage._cdata
            if key in self._known:
                continue
            size = -(-storage.nbytes() // 512) * 512
            self._known[key] = weakref.ref(storage, lambda _, key=key, size=size: self._freed(key, size))
            self.now += size
            self.peak = max(self.peak, self.now)

    def _freed(self, key: int, size: int) -> None:
        self._known.pop(key, None)
        self.now -= size

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        self.count(found)
        return found


def measured_steps(config: dict[str, Any], caption: str) -> dict[str, Any]:
    """Both ways, with and without gradient checkpointing."""
    result: dict[str, Any] = {
        "batch": BATCH, "caption_tokens": CAPTION_TOKENS, "lora": "rank 16 on query, key, value", "image": [224, 224],
        "card_gib": CARD / GIB, "left_for_context_and_fragmentation_gib": OUTSIDE / GIB, "ways": {},
    }  # fmt: skip
    for name, lean, checkpointing in (
        ("plain", False, False),
        ("lean", True, False),
        ("plain, checkpointing", False, True),
        ("lean, checkpointing", True, True),
    ):
        start = time.process_time()
        result["ways"][name] = measured_step(config, lean, checkpointing)
        result["ways"][name]["counted_in_cpu_s"] = round(time.process_time() - start, 1)
        print(name, result["ways"][name], flush=True)
    return result


def measured_step(config: dict[str, Any], lean: bool, checkpointing: bool) -> dict[str, Any]:
    """One forward and backward pass.

    Args:
        config: Of the network.
        lean: The lean way; else that of transformers and peft under autocast.
        checkpointing: Recompute activations.
    """
    model = network(config, checkpointing)
    with FakeTensorMode(allow_non_fake_inputs=True), as_on_cuda(not lean):
        to_device(model)
        if lean:
            use_lean_lora(model)
        memory = Memory()
        memory.count(list(model.parameters()))
        memory.count(list(model.buffers()))
        weights = memory.now
        trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
        memory.now += 8 * trained  # both moments of AdamW, float32
        inputs = batch(config)
        flops = FlopCounterMode(display=False)
        with memory, flops:
            losses = forward(model, inputs, lean, config)
            kept = memory.now
            forward_peak = memory.peak
            forward_flops = flops.get_total_flops()
            losses.sum().backward()
    peak = memory.peak
    return {
        "weights_gib": weights / GIB,
        "trained": trained,
        "kept_for_backward_gib": (kept - weights - 8 * trained) / GIB,
        "peak_forward_gib": forward_peak / GIB,
        "peak_gib": peak / GIB,
        "fits_card": peak + OUTSIDE <= CARD,
        "forward_tflop": forward_flops / 1e12,
        "step_tflop": flops.get_total_flops() / 1e12,
    }


def network(config: dict[str, Any], checkpointing: bool) -> Any:
    """BLIP-2 in bfloat16 with the Q-Former in float32, as transformers loads it, and an adapter in float32."""
    from peft import LoraConfig, get_peft_model
    from transformers import Blip2Config, Blip2ForConditionalGeneration

    with torch.device("meta"):
        model = Blip2ForConditionalGeneration(Blip2Config(**config)).to(torch.bfloat16)
        model.qformer.float()
        model.query_tokens.data = model.query_tokens.data.float()
        if checkpointing:
            model.gradient_checkpointing_enable({"use_reentrant": False})
        targets = (
            r"(vision_model\..*\.qkv)|(qformer\..*\.(query|key|value))|(language_model\..*\.(q|k|v)_proj)"
        )
        adapter = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.05, target_modules=targets)
        return get_peft_model(model, adapter).train()


def to_device(model: torch.nn.Module) -> None:
    """Replace all weights by fake ones on the device, those that are shared by one."""
    made: dict[torch.Tensor, Any] = {}
    for module in model.modules():
        for held in (module._parameters, module._buffers):
            for name, tensor in held.items():
                if tensor is None:
                    continue
                if tensor not in made:
                    fake = torch.empty(tensor.shape, dtype=tensor.dtype, device=DEVICE)
                    made[tensor] = (
                        fake if held is module._buffers else torch.nn.Parameter(fake, tensor.requires_grad)
                    )
                held[name] = made[tensor]


def batch(config: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Pixels and tokens; all captions have one length, so that no position is padding."""
    tokens = config["num_query_tokens"] + 1 + CAPTION_TOKENS
    return {
        "pixel_values": torch.empty(BATCH, 3, 224, 224, device=DEVICE),
        "input_ids": torch.empty(BATCH, tokens, dtype=torch.int64, device=DEVICE),
        "attention_mask": torch.empty(BATCH, tokens, dtype=torch.int64, device=DEVICE),
    }


def forward(model: Any, inputs: dict[str, torch.Tensor], lean: bool, config: dict[str, Any]) -> torch.Tensor:
    """The losses of a batch."""
    if not lean:
        labels = torch.empty_like(inputs["input_ids"])
        return caption_loss(model(**inputs).logits, labels, shifted=True)[0]
    count = BATCH * CAPTION_TOKENS
    places = torch.empty(count, dtype=torch.int64, device=DEVICE)
    wanted = torch.empty(count, dtype=torch.int64, device=DEVICE)
    positions = positions_at_once(config["text_config"]["vocab_size"])
    with losses_at_head(model.get_output_embeddings(), places, wanted, positions):
        losses: torch.Tensor = model(**inputs).logits
    return losses


@contextlib.contextmanager
def as_on_cuda(autocast: bool) -> Iterator[None]:
    """Let the functions that keep tensors for the backward pass keep what CUDA's would.

    Attention by the kernels that a GPU chooses: flash without a mask, the memory-efficient one with. Dropout keeps a
    mask of bytes. Autocast on CUDA computes layer norms in float32, and on a CPU does not.

    Args:
        autocast: To bfloat16.
    """
    functions = torch.nn.functional
    names = ("scaled_dot_product_attention", "dropout", "layer_norm")
    originals = {name: getattr(functions, name) for name in names}

    def attention(
        query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0, is_causal: bool = False, scale: float | None = None, **_: Any,
    ) -> torch.Tensor:  # fmt: skip
        if autocast:  # attention is on its list
            query, key, value = (one.to(torch.bfloat16) for one in (query, key, value))
        if attn_mask is None and query.dtype == torch.bfloat16:
            flash = torch.ops.aten._scaled_dot_product_flash_attention
            return flash(query, key, value, dropout_p, is_causal, scale=scale)[0]
        efficient = torch.ops.aten._scaled_dot_product_efficient_attention
        bias = None if attn_mask is None else torch.empty_like(attn_mask, dtype=query.dtype)
        return efficient(query, key, value, bias, True, dropout_p, is_causal, scale=scale)[0]

    def dropout(values: torch.Tensor, p: float = 0.5, training: bool = True, *_: bool) -> torch.Tensor:
        return torch.native_dropout(values, p, True)[0] if training and p else values

    def layer_norm(
        values: torch.Tensor, shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
    ) -> torch.Tensor:
        if autocast:
            values, weight, bias = (None if one is None else one.float() for one in (values, weight, bias))
        return originals["layer_norm"](values, shape, weight, bias, eps)

    for name, function in zip(names, (attention, dropout, layer_norm), strict=True):
        setattr(functions, name, function)
    try:
        with torch.autocast(DEVICE, torch.bfloat16, enabled=autocast):
            yield
    finally:
        for name, function in originals.items():
            setattr(functions, name, function)
