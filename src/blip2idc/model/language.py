"""What the language model of a BLIP-2 says after an image: generate a caption, and score given sentences.

In: the prefix that the Q-Former made of a joint image. Out: token ids of captions, or the log-probability of each
of a list of sentences. OPT reads the prefix and goes on; T5 reads it with its encoder and answers with its
decoder; callers need not know which. The prefix is computed once and serves both.

Shapes: B pairs, Q image tokens, P prompt tokens (Q included), K sentences, T tokens of a sentence, D width, V
vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from blip2idc.data.collate import TextFormat
from blip2idc.errors import ModelError
from blip2idc.model.files.checkpoint import ModelSource
from blip2idc.model.files.settings import Decoding
from blip2idc.model.layers.carried import carried_on
from blip2idc.model.sentence_tree import SentenceTree

#: Logits held at once while scoring (192 MB in float32); larger batches are scored in parts.
_MAX_LOGITS = 48_000_000


class Speaker(Protocol):
    """What is asked of a BLIP-2 here."""

    @property
    def model(self) -> Any:
        """The network."""
        ...

    @property
    def language_model(self) -> Any:
        """OPT or T5."""
        ...

    @property
    def tokenizer(self) -> Any:
        """Of the language model."""
        ...

    @property
    def text_format(self) -> TextFormat:
        """Special tokens."""
        ...

    @property
    def source(self) -> ModelSource:
        """Where it came from."""
        ...


@dataclass(frozen=True)
class Prefix:
    """A prompt with image, ready for the language model.

    Attributes:
        embeddings: Inputs of the language model, [B, P, D].
        encoded: Outputs of its encoder, [B, P, D]; None for a decoder-only model.
        patches: What the ViT made of the images, [B, 1 + cells, width of the ViT]; two streams have twice as many rows,
            first those of before. None where they are not kept.
    """

    embeddings: torch.Tensor
    encoded: torch.Tensor | None = None
    patches: torch.Tensor | None = None

    def __len__(self) -> int:
        return int(self.embeddings.shape[0])

    @property
    def mask(self) -> torch.Tensor:
        """All ones, [B, P]: prompts of one captioner have equal length."""
        return torch.ones(self.embeddings.shape[:2], dtype=torch.int64, device=self.embeddings.device)

    def rows(self, wanted: Sequence[int]) -> Prefix:
        """Some of the pairs, in that order."""
        chosen = list(wanted)
        encoded = self.encoded[chosen] if self.encoded is not None else None
        patches = self.patches
        if patches is not None:
            patches = patches.view(-1, len(self), *patches.shape[1:])[:, chosen].flatten(0, 1)
        return Prefix(self.embeddings[chosen], encoded, patches)

    def part(self, start: int, stop: int) -> Prefix:
        """Some of the pairs."""
        encoded = self.encoded[start:stop] if self.encoded is not None else None
        return Prefix(self.embeddings[start:stop], encoded)


def make_prefix(backbone: Speaker, image_prefix: torch.Tensor, prompt: str = "") -> Prefix:
    """Put image and prompt together, and run the encoder where there is one.

    Args:
        backbone: The backbone.
        image_prefix: From `Blip2Backbone.encode`, [B, Q, D].
        prompt: Text after the image.
    """
    language_model = backbone.language_model
    suffix = backbone.text_format.prompt_suffix(prompt, backbone.tokenizer)
    tokens = torch.tensor([suffix] * len(image_prefix), device=image_prefix.device)
    embedded = language_model.get_input_embeddings()(tokens)
    embeddings = torch.cat([image_prefix.to(embedded.dtype), embedded], dim=1)
    if not backbone.text_format.encoder_decoder:
        return Prefix(embeddings)
    prefix = Prefix(embeddings)
    encoder = language_model.get_encoder()
    return Prefix(embeddings, encoder(inputs_embeds=embeddings, attention_mask=prefix.mask).last_hidden_state)


def generate(backbone: Speaker, prefix: Prefix, decoding: Decoding) -> list[list[int]]:
    """Find a caption for each pair.

    Returns:
        B token sequences without special tokens at either end.
    """
    from transformers.modeling_outputs import BaseModelOutput

    settings = _generation_config(backbone, prefix, decoding)
    inputs: dict[str, Any] = {"attention_mask": prefix.mask}
    if prefix.encoded is None:
        inputs["inputs_embeds"] = prefix.embeddings
    else:
        inputs["encoder_outputs"] = BaseModelOutput(last_hidden_state=prefix.encoded)
    sequences = backbone.language_model.generate(**inputs, generation_config=settings)
    if prefix.encoded is not None:
        sequences = sequences[:, 1:]  # the decoder's start token
    return [_until_end(row, backbone.text_format.end_token_id) for row in sequences.tolist()]


def _generation_config(backbone: Speaker, prefix: Prefix, decoding: Decoding) -> Any:
    import transformers

    text_format = backbone.text_format
    beams = {"length_penalty": decoding.length_penalty} if decoding.num_beams > 1 else {}
    generation_config: Any = transformers.GenerationConfig
    return generation_config(
        max_new_tokens=_room_for_caption(backbone, prefix, decoding.max_new_tokens),
        num_beams=decoding.num_beams,
        do_sample=False,
        repetition_penalty=decoding.repetition_penalty,
        no_repeat_ngram_size=decoding.no_repeat_ngram_size,
        eos_token_id=text_format.end_token_id,
        pad_token_id=text_format.pad_token_id,
        bos_token_id=text_format.start_token_id,
        decoder_start_token_id=text_format.decoder_start_token_id,
        use_cache=True,
        **beams,
    )


def _room_for_caption(backbone: Speaker, prefix: Prefix, wanted: int) -> int:
    """The wanted number of tokens, or what the language model's positions leave after the prompt."""
    positions = getattr(backbone.model.config.text_config, "max_position_embeddings", None)
    if positions is None or prefix.encoded is not None:
        return wanted
    room = int(positions) - prefix.embeddings.shape[1]
    if room < 1:
        raise ModelError(
            f"model '{backbone.source.name}': its language model has {positions} positions, all of them taken by the"
            f" prompt of {prefix.embeddings.shape[1]} tokens; shorten the prompt"
        )
    return min(wanted, room)


def _until_end(tokens: list[int], end: int) -> list[int]:
    return tokens[: tokens.index(end)] if end in tokens else tokens


def score_sentences(backbone: Speaker, prefix: Prefix, sentences: Sequence[Sequence[int]]) -> torch.Tensor:
    """How likely the model would say each of the sentences, from one reading of the prefix.

    Args:
        backbone: The backbone.
        prefix: B pairs.
        sentences: K token sequences, each with its end token.

    Returns:
        Natural logarithm of the probability of each whole sentence, float32 [B, K].
    """
    tokens = len(sentences) * max(len(sentence) for sentence in sentences)
    vocabulary = int(backbone.model.config.text_config.vocab_size)
    rows = max(1, _MAX_LOGITS // (tokens * vocabulary))
    score = _score_after_cache if prefix.encoded is None else _score_with_decoder
    parts = [
        score(backbone, prefix.part(start, start + rows), sentences) for start in range(0, len(prefix), rows)
    ]
    return torch.cat(parts)


def _score_after_cache(backbone: Speaker, prefix: Prefix, sentences: Sequence[Sequence[int]]) -> torch.Tensor:
    """Decoder-only: the prefix is read once, and so is every beginning that sentences have in common."""
    language_model = backbone.language_model
    device = prefix.embeddings.device
    pairs, prompt_length = prefix.embeddings.shape[:2]
    read = language_model(
        inputs_embeds=prefix.embeddings, attention_mask=prefix.mask, use_cache=True, logits_to_keep=1
    )
    first = [sentence[0] for sentence in sentences]
    scores = torch.log_softmax(read.logits[:, -1].float(), dim=-1)[:, first]  # [B, K]
    tree = SentenceTree.of(sentences)
    if not tree.tokens:
        return scores
    nodes = len(tree.tokens)
    # additive, because the eager backend adds what it is given: 0 where a node may look, the lowest number elsewhere
    dtype = prefix.embeddings.dtype
    mask = torch.zeros(nodes, prompt_length + nodes, dtype=dtype, device=device)
    seen = torch.tensor(tree.seen, device=device)
    mask[:, prompt_length:].masked_fill_(~seen, torch.finfo(dtype).min)
    logits = language_model(
        input_ids=torch.tensor(tree.tokens, device=device).expand(pairs, -1),
        attention_mask=mask.expand(pairs, 1, -1, -1),
        position_ids=(torch.tensor(tree.depths, device=device) + prompt_length).expand(pairs, -1),
        use_cache=True,
        **carried_on(read),
    ).logits.float()  # [B, N, V]
    nodes_of, tokens_of, sentences_of = (
        torch.tensor(column, device=device) for column in zip(*tree.steps, strict=True)
    )
    gained = logits[:, nodes_of, tokens_of] - logits.logsumexp(dim=-1)[:, nodes_of]  # [B, steps]
    return scores.index_add(1, sentences_of, gained)


def _score_with_decoder(
    backbone: Speaker, prefix: Prefix, sentences: Sequence[Sequence[int]]
) -> torch.Tensor:
    """Encoder-decoder: the encoder's outputs are shared by all K sentences."""
    from transformers.modeling_outputs import BaseModelOutput

    assert prefix.encoded is not None
    tokens, valid = _sentence_table(backbone, sentences, prefix.encoded.device)  # [K, T]
    count, pairs = len(tokens), len(prefix)
    start = torch.full((count, 1), backbone.text_format.decoder_start_token_id or 0, device=tokens.device)
    inputs = torch.cat([start, tokens[:, :-1]], dim=1).repeat(pairs, 1)  # [B * K, T]
    logits = backbone.language_model(
        encoder_outputs=BaseModelOutput(last_hidden_state=prefix.encoded.repeat_interleave(count, dim=0)),
        attention_mask=prefix.mask.repeat_interleave(count, dim=0),
        decoder_input_ids=inputs,
        use_cache=False,
    ).logits
    scores = _log_probabilities(logits, tokens.repeat(pairs, 1), valid.repeat(pairs, 1))
    return scores.view(pairs, count)


def _sentence_table(
    backbone: Speaker, sentences: Sequence[Sequence[int]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids [K, T] filled on the right, and which of them count [K, T]."""
    length = max(len(sentence) for sentence in sentences)
    pad = backbone.text_format.pad_token_id
    rows = [[*sentence, *[pad] * (length - len(sentence))] for sentence in sentences]
    lengths = torch.tensor([len(sentence) for sentence in sentences], device=device)
    valid = torch.arange(length, device=device)[None, :] < lengths[:, None]
    return torch.tensor(rows, device=device), valid


def _log_probabilities(logits: torch.Tensor, targets: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Summed log-probability of the targets: logits [N, T, V], targets and valid [N, T] -> [N]."""
    logits = logits.float()
    chosen = logits.gather(-1, targets[..., None])[..., 0]
    return ((chosen - logits.logsumexp(dim=-1)) * valid).sum(dim=-1)


def logits_after(
    backbone: Speaker, prefix: Prefix, tokens: torch.Tensor, valid: torch.Tensor
) -> torch.Tensor:
    """What is expected in place of every token of one caption a pair.

    Args:
        backbone: The backbone.
        prefix: B pairs.
        tokens: Their captions, each with its end token, filled on the right, [B, T].
        valid: 1 where a token counts, [B, T].

    Returns:
        Logits, [B, T, V].
    """
    after = _after_embeddings if prefix.encoded is None else _after_encoder
    return after(backbone, prefix, tokens, valid)


def _after_embeddings(
    backbone: Speaker, prefix: Prefix, tokens: torch.Tensor, valid: torch.Tensor
) -> torch.Tensor:
    language_model = backbone.language_model
    said = language_model.get_input_embeddings()(tokens[:, :-1])
    embeddings = torch.cat([prefix.embeddings, said.to(prefix.embeddings.dtype)], dim=1)  # [B, P + T - 1, D]
    mask = torch.cat([prefix.mask, valid[:, :-1].to(prefix.mask.dtype)], dim=1)
    logits: torch.Tensor = language_model(
        inputs_embeds=embeddings, attention_mask=mask, use_cache=False
    ).logits
    return logits[:, prefix.embeddings.shape[1] - 1 :]  # [B, T, V]


def _after_encoder(
    backbone: Speaker, prefix: Prefix, tokens: torch.Tensor, valid: torch.Tensor
) -> torch.Tensor:
    from transformers.modeling_outputs import BaseModelOutput

    start = torch.full_like(tokens[:, :1], backbone.text_format.decoder_start_token_id or 0)
    logits: torch.Tensor = backbone.language_model(
        encoder_outputs=BaseModelOutput(last_hidden_state=prefix.encoded),
        attention_mask=prefix.mask,
        decoder_input_ids=torch.cat([start, tokens[:, :-1]], dim=1),
        use_cache=False,
    ).logits
    return logits
