"""Which patches a captioner's words rest on, from its attention and the gradients through it.

In: a joint model, joint images and what it said of them. Out: one value a patch cell, for the sentence and for each
word, by one of three methods:

* `cross_attention`: how much the query tokens of the Q-Former attend to each patch, averaged. What is attended to
  need not matter for the words: measure before trusting it with another backbone than the tiny one.
* `gradient_cross_attention`: the same attention, weighted by the gradient of what is explained: attention on which the
  words depend.
* `rollout`: attention weighted by the gradient in every layer, the positive part of it followed from the words through
  language model, Q-Former and ViT down to the patches (Chefer, Gur, Wolf, ICCV 2021, arXiv 2103.15679).

What is explained of a sentence is the log-odds of change plus the log-probability of its tokens, each as far as it
depends on the change (`token_scores.dependence_on_change`); of a word, the log-probability of its tokens.

Shapes: B pairs, A heads, P patches, Q query tokens, N prompt and text tokens, T text tokens, W words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from blip2idc.model.explain.attention_recorder import Attention, AttentionRecorder, Part, record_attention
from blip2idc.model.explain.token_scores import CaptionTokens, token_log_probabilities
from blip2idc.model.joint_model import Encoded, JointModel

#: Weight of tokens that owe nothing to the change, so that a caption of only such tokens still has a map.
_LEAST_WEIGHT = 1e-3


@dataclass(frozen=True, eq=False)
class Relevance:
    """Values for the cells of a batch of joint images, zero or more.

    Attributes:
        sentence: [B, P].
        by_word: [B, W, P], zero beyond a caption's last word; W is 0 where words were not asked for.
    """

    sentence: torch.Tensor
    by_word: torch.Tensor


@dataclass(frozen=True, eq=False)
class _Reading:
    """One forward pass with everything the methods need.

    Attributes:
        recorder: The attention of the encoders and the Q-Former.
        decoder: The attention of the language model while it read the captions.
        token_scores: Log-probability of each token, [B, T].
        log_odds: Of change, [B].
        weights: How much each token owes to the change, [B, T].
        spoken: The captions.
        read_from: Position in the language model from which the first token is predicted.
    """

    recorder: AttentionRecorder
    decoder: tuple[Attention, ...]
    token_scores: torch.Tensor
    log_odds: torch.Tensor
    weights: torch.Tensor
    spoken: CaptionTokens
    read_from: int

    @property
    def sentence_target(self) -> torch.Tensor:
        """The scalar that a sentence's gradients are taken of, summed over the batch."""
        return self.log_odds.sum() + (self.weights * self.token_scores).sum()


_Method = Callable[[_Reading, torch.Tensor, torch.Tensor | None], torch.Tensor]


def relevance(
    model: JointModel,
    encoded: Encoded,
    spoken: CaptionTokens,
    weights: torch.Tensor,
    method: str,
    *,
    words: bool,
) -> Relevance:
    """Explain one batch by a method that reads attention.

    Args:
        model: That said the captions.
        encoded: B joint images.
        spoken: Their captions.
        weights: From `dependence_on_change`, [B, T].
        method: `cross_attention`, `gradient_cross_attention` or `rollout`.
        words: Whether single words are wanted.

    Raises:
        ModelError: No attention was caught.
    """
    explain, parts = _METHODS[method]
    backbone, (rows, columns) = model.backbone, model.cells
    from_patches = "vision" in parts
    recording = record_attention(backbone, from_patches=from_patches, patches=encoded.seen.patches)
    with torch.enable_grad(), recording as recorder:
        reading = _read(model, encoded, spoken, weights, recorder)
        encoder: tuple[Part, ...] = (
            ("encoder",) if backbone.text_format.encoder_decoder and from_patches else ()
        )
        recorder.need(*parts, *encoder, cells=rows * columns, name=backbone.source.name)
        sentence = explain(reading, weights + _LEAST_WEIGHT * spoken.valid, reading.sentence_target)
        by_word = [
            explain(reading, mask, (mask * reading.token_scores).sum())
            for mask in (spoken.word_masks().unbind(dim=1) if words else ())
        ]
    kept = torch.stack(by_word, dim=1) if by_word else sentence.new_zeros(len(encoded), 0, rows * columns)
    return Relevance(sentence.detach(), kept.detach())


def _read(
    model: JointModel,
    encoded: Encoded,
    spoken: CaptionTokens,
    weights: torch.Tensor,
    recorder: AttentionRecorder,
) -> _Reading:
    """Look again while attention is recorded, read the captions out, then score the no-change sentences."""
    prefix = model.encode(encoded.joints).seen
    token_scores = token_log_probabilities(model.backbone, prefix, spoken)
    decoder = tuple(recorder.decoder)
    read_from = 0 if prefix.encoded is not None else prefix.embeddings.shape[1] - 1
    return _Reading(recorder, decoder, token_scores, model.log_odds(prefix), weights, spoken, read_from)


def _cross_attention(reading: _Reading, weights: torch.Tensor, target: torch.Tensor | None) -> torch.Tensor:
    """Mean over layers and heads; each query counts as much as the weighted tokens attend to it."""
    layers = [_mean_of_heads(layer) for layer in reading.recorder.qformer if layer.cross]  # [B, Q, 1 + P]
    queries = layers[0].shape[1]
    attended = _from_words(reading, weights, [_mean_of_heads(layer) for layer in reading.decoder], [])
    return torch.einsum("bq,bqp->bp", attended[:, :queries], sum(layers[1:], layers[0]))[:, 1:]


def _mean_of_heads(layer: Attention) -> torch.Tensor:
    """Attention in float32, as the weights of the words are, whatever the backbone computes in: [B, reader, read]."""
    return layer.weights.detach().float().mean(dim=1)


def _gradient_cross_attention(
    reading: _Reading, weights: torch.Tensor, target: torch.Tensor | None
) -> torch.Tensor:
    """Size of gradient times attention, summed over cross-attention layers, heads and queries.

    Attention that speaks against the words shows where the model looked as well as attention that speaks for them;
    on both worlds the size points better than the positive part (docs/localization.md).
    """
    layers = [layer for layer in reading.recorder.qformer if layer.cross]
    weighted = _gradient_weighted(target, layers, torch.abs)
    return torch.stack([layer.sum(dim=1) for layer in weighted]).sum(dim=0)[:, 1:]


def _rollout(reading: _Reading, weights: torch.Tensor, target: torch.Tensor | None) -> torch.Tensor:
    """Relevance of the words handed down layer by layer: what a token has, it shares with those it reads."""
    recorder = reading.recorder
    parts = (reading.decoder, recorder.encoder, recorder.qformer, recorder.vision)
    everything = [layer for part in parts for layer in part]
    weighted = iter(_gradient_weighted(target, everything, torch.relu))
    decoder, encoder, qformer, vision = ([next(weighted) for _ in part] for part in parts)
    images = _from_words(reading, weights, decoder, encoder)
    queries = images[:, : qformer[0].shape[1]]
    patches = _hand_down(queries, qformer, recorder.qformer)[1]
    assert patches is not None
    for layer in reversed(vision):
        patches = patches + _share(patches, layer)
    return patches[:, 1:]


def _from_words(
    reading: _Reading, weights: torch.Tensor, decoder: Sequence[torch.Tensor], encoder: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Relevance that weighted tokens of the captions give to the prompt, [B, N]; its first Q tokens are the image's."""
    length = decoder[0].shape[1]
    start = weights.new_zeros(len(weights), length)
    start[:, reading.read_from : reading.read_from + weights.shape[1]] = weights
    own, read = _hand_down(start, decoder, reading.decoder)
    if read is None:
        return own
    for layer in reversed(encoder):
        read = read + _share(read, layer)
    return read


def _hand_down(
    own: torch.Tensor, weighted: Sequence[torch.Tensor], layers: Sequence[Attention]
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Go through layers from the last to the first.

    Args:
        own: Relevance of the sequence that reads, [B, N].
        weighted: For each layer [B, reader, read].
        layers: Which of them read another sequence.

    Returns:
        Relevance of the sequence that reads, and of the other one, None where none is read.
    """
    other: torch.Tensor | None = None
    for matrix, layer in zip(reversed(weighted), reversed(layers), strict=True):
        given = _share(own, matrix)
        if layer.cross:
            other = given if other is None else other + given
        else:
            own = own + given
    return own, other


def _share(relevance_of_readers: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """[B, reader] and [B, reader, read] to [B, read]."""
    return torch.einsum("bi,bij->bj", relevance_of_readers, matrix)


def _gradient_weighted(
    target: torch.Tensor | None,
    layers: Sequence[Attention],
    part: Callable[[torch.Tensor], torch.Tensor],
) -> list[torch.Tensor]:
    """Size or positive part of gradient times attention, averaged over the heads: [B, reader, read] a layer."""
    assert target is not None
    matrices = [layer.weights for layer in layers]
    gradients = torch.autograd.grad(target, matrices, retain_graph=True, materialize_grads=True)
    return [
        part(matrix.detach() * gradient).float().mean(dim=1)
        for matrix, gradient in zip(matrices, gradients, strict=True)
    ]


_METHODS: dict[str, tuple[_Method, tuple[Part, ...]]] = {
    "cross_attention": (_cross_attention, ("qformer", "decoder")),
    "gradient_cross_attention": (_gradient_cross_attention, ("qformer",)),
    "rollout": (_rollout, ("vision", "qformer", "decoder")),
}
