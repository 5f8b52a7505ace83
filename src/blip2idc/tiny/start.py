"""Where a further training of the tiny model begins: at the weights of an earlier one, with more words.

In: a recipe with `start` and `wordnet`. Out: the network with a grown vocabulary, and the English sentences to read.
Both are kept in the run's folder, so that a run that goes on has the same tokens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from blip2idc.model.loading import load_backbone
from blip2idc.tiny.batches import corpus
from blip2idc.tiny.recipe import TinyRecipe
from blip2idc.tiny.texts import change_sentences, picture_nouns, wordnet_sentences
from blip2idc.tiny.vocabulary import extend_tokenizer, grow_embeddings

PACKAGED = "packaged"
_SENTENCES_FILE = "sentences.txt"
_CHANGE_SENTENCES = 250_000
_WORDNET_SENTENCES = 150_000
_OWN_CAPTIONS = 3000  # draws of the scenes world for the vocabulary


def read_english(recipe: TinyRecipe, folder: Path) -> list[str]:
    """The sentences to read, written to the run's folder the first time; none without WordNet."""
    if recipe.wordnet is None:
        return []
    path = folder / _SENTENCES_FILE
    if not path.is_file():
        rng = np.random.default_rng((recipe.seed, 17))
        glosses = list(wordnet_sentences(recipe.wordnet))
        chosen = [glosses[k] for k in rng.permutation(len(glosses))[:_WORDNET_SENTENCES]]
        told = change_sentences(picture_nouns(recipe.wordnet), _CHANGE_SENTENCES, recipe.seed)
        partial = path.with_suffix(".part")
        partial.write_text("\n".join([*told, *chosen]) + "\n", encoding="utf-8")
        partial.rename(path)
    return path.read_text(encoding="utf-8").splitlines()


def start_from(recipe: TinyRecipe, folder: Path) -> tuple[Any, Any]:
    """Network and tokenizer of the backbone to go on from, with the vocabulary grown to the recipe's.

    Args:
        recipe: With `start`.
        folder: Of the run; keeps the grown tokenizer in `tokenizer/`.
    """
    from transformers import PreTrainedTokenizerFast

    backbone = load_backbone(
        None if recipe.start == PACKAGED else recipe.start, device="cpu", dtype="float32"
    )
    kept = folder / "tokenizer"
    if kept.is_dir():
        tokenizer: Any = PreTrainedTokenizerFast.from_pretrained(kept)
    else:
        sentences = [
            *read_english(recipe, folder),
            *_further_captions(folder),
            *corpus(_OWN_CAPTIONS, recipe.seed),
        ]
        tokenizer = extend_tokenizer(backbone.tokenizer, sentences, recipe.size.vocabulary)
        tokenizer.save_pretrained(kept)
    grow_embeddings(backbone.model, backbone.tokenizer, tokenizer)
    return backbone.model.requires_grad_(True), tokenizer


def _further_captions(folder: Path) -> list[str]:
    """Sentences for the vocabulary only, a line each, which somebody put into the run's folder."""
    path = folder / "vocabulary.txt"
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
