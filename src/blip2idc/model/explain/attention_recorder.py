"""Catch the attention of a BLIP-2 while it reads, without changing what it says.

In: a backbone. Out: an `AttentionRecorder` that holds, after a forward pass inside `record_attention`, the attention
of ViT, Q-Former and language model in the order in which they ran, each as part of the graph, so that gradients can be
asked for. Fused attention computes no such matrices: the network is switched to eager attention while it is watched and
back afterwards. The Q-Former of the released checkpoints looks at the image in every second layer only; what is
caught is what ran.

Shapes: B pairs, A heads, P patches, Q query tokens, N prompt and text tokens, T text tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from blip2idc.errors import ModelError
from blip2idc.model.backbone import Backbone

Part = Literal["vision", "qformer", "encoder", "decoder"]


@dataclass(frozen=True, eq=False)
class Attention:
    """One attention of one layer.

    Attributes:
        weights: Rows sum to one, [B, A, reader, read].
        cross: Whether another sequence is read than the one that reads.
    """

    weights: torch.Tensor
    cross: bool


@dataclass(frozen=True, eq=False)
class AttentionRecorder:
    """What was caught, layer by layer.

    Attributes:
        vision: ViT, [B, A, 1 + P, 1 + P]; the class token is first.
        qformer: Q-Former: among the queries, [B, A, Q, Q], and cross to the image, [B, A, Q, 1 + P].
        encoder: Encoder of the language model, [B, A, N, N]; none for a decoder-only one.
        decoder: Decoder, or the decoder-only language model, [B, A, N, N]; cross to the encoder [B, A, T, N].
    """

    vision: list[Attention] = field(default_factory=list)
    qformer: list[Attention] = field(default_factory=list)
    encoder: list[Attention] = field(default_factory=list)
    decoder: list[Attention] = field(default_factory=list)

    def need(self, *parts: Part, cells: int, name: str) -> None:
        """Refuse to explain from nothing.

        Args:
            *parts: What the method reads.
            cells: Number of patch cells of the joint image, P.
            name: Of the model, for the message.

        Raises:
            ModelError: Nothing was caught of a part, or the Q-Former does not look at these cells.
        """
        for part in parts:
            if not getattr(self, part):
                raise ModelError(
                    f"model '{name}': no attention was captured in its {_TITLES[part]}, so there is nothing to explain"
                    " from; load it with eager attention (attention='eager'), or use the method occlusion"
                )
        found = {layer.weights.shape[-1] for layer in self.qformer if layer.cross}
        if found != {1 + cells}:
            raise ModelError(
                f"model '{name}': its Q-Former looks at {sorted(found)} image tokens; expected {1 + cells}, a class"
                f" token and one for each of the {cells} cells of the joint image; use the method occlusion"
            )

    def weights(self, *parts: Part) -> list[torch.Tensor]:
        """The matrices of some parts, to ask gradients for."""
        return [layer.weights for part in parts for layer in getattr(self, part)]


_TITLES: dict[str, str] = {
    "vision": "vision encoder",
    "qformer": "Q-Former",
    "encoder": "language model's encoder",
    "decoder": "language model",
}


@contextmanager
def record_attention(
    backbone: Backbone, *, from_patches: bool, patches: torch.Tensor | None = None
) -> Iterator[AttentionRecorder]:
    """Watch the forward passes inside the block; everything is as before when it ends.

    Weights take no gradients meanwhile, so that a backward pass costs only what leads to the attention.

    Args:
        backbone: To watch.
        from_patches: Gradients shall reach the ViT; else its output is where the graph begins, which saves memory.
        patches: What the ViT made of the images before; it is not run again then. Only without `from_patches`.

    Yields:
        The recorder, which fills as the network runs.
    """
    recorder = AttentionRecorder()
    network = backbone.model
    with ExitStack() as stack:
        stack.enter_context(_frozen(network))
        stack.enter_context(_eager(network))
        vision = network.vision_model
        if patches is not None and not from_patches:
            stack.enter_context(seen_before(vision, patches))
        for start in (vision.embeddings if from_patches else vision, *_word_embeddings(backbone)):
            stack.callback(start.register_forward_hook(_begin_graph).remove)
        for module, layers, cross in _attention_modules(backbone, recorder):
            stack.callback(module.register_forward_hook(_catch(layers, cross)).remove)
        yield recorder


@contextmanager
def seen_before(vision: Any, patches: torch.Tensor) -> Iterator[None]:
    """The ViT gives what it gave before, instead of looking at pixels: all of it, or slice after slice.

    Args:
        vision: The ViT of a BLIP-2.
        patches: What it is to give, [B, 1 + P, width of the ViT].
    """
    from transformers.modeling_outputs import BaseModelOutputWithPooling

    kept = patches.clone()  # leaves inference mode, so that gradients can begin here
    wrapped = vision.__dict__.get("forward")  # accelerate puts its own there
    given = 0

    def give(pixel_values: torch.Tensor, **settings: Any) -> BaseModelOutputWithPooling:
        nonlocal given
        rows = kept[given : given + len(pixel_values)]
        given = (given + len(pixel_values)) % len(kept)
        return BaseModelOutputWithPooling(last_hidden_state=rows)

    vision.forward = give
    try:
        yield
    finally:
        del vision.forward  # the method of the class shows again
        if wrapped is not None:
            vision.forward = wrapped


def _word_embeddings(backbone: Backbone) -> Iterator[torch.nn.Module]:
    """Where words enter the language model: T5's decoder attends to them before it has seen the image."""
    words = backbone.language_model.get_input_embeddings().num_embeddings
    for module in backbone.language_model.modules():
        if isinstance(module, torch.nn.Embedding) and module.num_embeddings == words:
            yield module


def _attention_modules(
    backbone: Backbone, recorder: AttentionRecorder
) -> Iterator[tuple[torch.nn.Module, list[Attention], bool]]:
    """Every module that attends, the list its attention belongs to, and whether it reads another sequence."""
    network = backbone.model
    for layer in network.vision_model.encoder.layers:
        yield layer.self_attn, recorder.vision, False
    for layer in network.qformer.encoder.layer:
        yield layer.attention.attention, recorder.qformer, False
        if layer.has_cross_attention:
            yield layer.crossattention.attention, recorder.qformer, True
    for name, module in backbone.language_model.named_modules():
        if not type(module).__name__.endswith("Attention") or _holds_attention(module):
            continue
        in_encoder = backbone.text_format.encoder_decoder and name.split(".")[0] == "encoder"
        cross = "EncDec" in name or "encoder_attn" in name
        yield module, recorder.encoder if in_encoder else recorder.decoder, cross


def _holds_attention(module: torch.nn.Module) -> bool:
    """Whether this is a wrapper around the module that attends, as in T5."""
    return any(type(child).__name__.endswith("Attention") for child in module.children())


def _catch(layers: list[Attention], cross: bool) -> Any:
    def hook(module: torch.nn.Module, inputs: Any, output: Any) -> None:
        weights = output[-1] if isinstance(output, tuple) else None
        if isinstance(weights, torch.Tensor) and weights.dim() == 4:
            layers.append(Attention(weights, cross))

    return hook


def _begin_graph(module: torch.nn.Module, inputs: Any, output: Any) -> Any:
    """Let the graph of gradients begin at the output of a module."""
    if isinstance(output, torch.Tensor):
        return output.detach().requires_grad_()
    output.last_hidden_state = output.last_hidden_state.detach().requires_grad_()
    return output


@contextmanager
def _frozen(network: Any) -> Iterator[None]:
    """No weight takes gradients, except the query tokens: their attention to one another is asked for as well."""
    wanted = {parameter: parameter is network.query_tokens for parameter in network.parameters()}
    before = {parameter: parameter.requires_grad for parameter in wanted}
    training = network.training
    try:
        if training:
            network.eval()
        for parameter, flag in wanted.items():
            parameter.requires_grad_(flag)
        yield
    finally:
        if training:
            network.train()
        for parameter, flag in before.items():
            parameter.requires_grad_(flag)


@contextmanager
def _eager(network: Any) -> Iterator[None]:
    """Eager attention in every part, and afterwards whatever each part had."""
    configs = {id(network.config): network.config}
    for module in network.modules():
        config = getattr(module, "config", None)
        if hasattr(config, "_attn_implementation"):
            configs.setdefault(id(config), config)
    before = [(config, config._attn_implementation) for config in configs.values()]
    try:
        for config, _ in before:
            config._attn_implementation = "eager"
        yield
    finally:
        for config, implementation in before:
            config._attn_implementation = implementation
