"""The tiny BLIP-2 of the package: how its network, tokenizer and processor are made, and how they are saved.

In: a few sizes and a corpus of captions. Out: a genuine `Blip2ForConditionalGeneration` (ViT, Q-Former, OPT) of about
two million weights, and a folder that transformers opens as any other BLIP-2 checkpoint.

Two traps are avoided here: `Blip2VisionConfig` initialises with a standard deviation of 1e-10, from which a network
never learns to see; and both halves of the joint image start with *equal* position codes for corresponding cells, plus
a code for the half, because comparing like with like is the whole task.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from blip2idc.model.blip2 import new_blip2, new_processor
from blip2idc.model.files.checkpoint import IMAGE_TOKEN

if TYPE_CHECKING:
    from transformers import Blip2ForConditionalGeneration, PreTrainedTokenizerFast

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"


@dataclass(frozen=True)
class TinySize:
    """Sizes of the network; widths must be multiples of 32, the width of a head."""

    image_size: int = 128
    patch_size: int = 8
    vision_width: int = 128
    vision_layers: int = 6
    width: int = 128
    qformer_layers: int = 4
    text_layers: int = 3
    query_tokens: int = 8
    vocabulary: int = 700
    positions: int = 96


def train_tokenizer(captions: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer in OPT's manner: whole words for the captions' words, pieces for any other text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, END, UNKNOWN, IMAGE_TOKEN],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(captions, trainer)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=raw, pad_token=PAD, bos_token=END, eos_token=END, unk_token=UNKNOWN
    )
    tokenizer.add_special_tokens({"additional_special_tokens": [IMAGE_TOKEN]})
    return tokenizer


def build_tiny(tokenizer: Any, size: TinySize) -> Blip2ForConditionalGeneration:
    """A network with fresh weights that can learn; seed torch before.

    Args:
        tokenizer: From `train_tokenizer`.
        size: Of the network.
    """
    head = 32
    vision = {
        "hidden_size": size.vision_width,
        "intermediate_size": 4 * size.vision_width,
        "num_hidden_layers": size.vision_layers,
        "num_attention_heads": size.vision_width // head,
        "image_size": size.image_size,
        "patch_size": size.patch_size,
        "initializer_range": 0.02,
    }
    qformer = {
        "vocab_size": 8,
        "hidden_size": size.width,
        "num_hidden_layers": size.qformer_layers,
        "num_attention_heads": size.width // head,
        "intermediate_size": 4 * size.width,
        "encoder_hidden_size": size.vision_width,
        "cross_attention_frequency": 2,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "initializer_range": 0.02,
    }
    text = {
        "model_type": "opt",
        "vocab_size": len(tokenizer),
        "hidden_size": size.width,
        "word_embed_proj_dim": size.width,
        "num_hidden_layers": size.text_layers,
        "num_attention_heads": size.width // head,
        "ffn_dim": 4 * size.width,
        "max_position_embeddings": size.positions,
        "dropout": 0.0,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    network: Blip2ForConditionalGeneration = new_blip2(
        vision_config=vision,
        qformer_config=qformer,
        text_config=text,
        num_query_tokens=size.query_tokens,
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE_TOKEN),
        initializer_range=0.02,
    )
    _initialise(network, size)
    return network


def _initialise(network: Blip2ForConditionalGeneration, size: TinySize) -> None:
    """Weights that see: patches at the scale of their inputs, and halves that correspond cell by cell."""
    embeddings = network.vision_model.embeddings
    cells = (size.image_size // size.patch_size) ** 2
    with torch.no_grad():
        place = 0.3 * torch.randn(1, cells // 2, size.vision_width)
        half = 0.3 * torch.randn(2, 1, size.vision_width)
        embeddings.position_embedding[:, 1:] = torch.cat([place + half[0], place + half[1]], dim=1)
        embeddings.position_embedding[:, :1] = 0.0
        embeddings.class_embedding.normal_(std=0.3)
        embeddings.patch_embedding.weight.normal_(std=1 / math.sqrt(3 * size.patch_size**2))
        embeddings.patch_embedding.bias.zero_()
        network.query_tokens.normal_(std=0.5)


def save_tiny(network: Blip2ForConditionalGeneration, tokenizer: Any, folder: Path) -> None:
    """Write config, weights (safetensors, float32), tokenizer and processor as transformers does."""
    config: Any = network.config
    network.save_pretrained(folder)
    new_processor(tokenizer, config.vision_config.image_size, config.num_query_tokens).save_pretrained(folder)
