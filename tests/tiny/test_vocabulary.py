"""A vocabulary that grows keeps what it had."""

from __future__ import annotations

import torch

from blip2idc.tiny.network import TinySize, build_tiny, train_tokenizer
from blip2idc.tiny.vocabulary import extend_tokenizer, grow_embeddings
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS

NEW = ["a building appears in the bare land", "the building was demolished"] * 10
SMALL = TinySize(vision_width=32, vision_layers=1, width=32, qformer_layers=2, text_layers=1)


def ids(tokenizer: object, text: str) -> list[int]:
    found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]  # type: ignore[operator]
    return found


def test_old_sentences_are_split_as_before_and_new_words_become_pieces() -> None:
    old = train_tokenizer(NO_CHANGE_CAPTIONS, 330)
    new = extend_tokenizer(old, NEW, 360)
    assert 330 < len(new) <= 360
    for caption in NO_CHANGE_CAPTIONS:
        assert ids(new, caption) == ids(old, caption)
    assert len(ids(new, NEW[0])) < len(ids(old, NEW[0]))
    for text in (NEW[0], "any words, éven these"):
        assert new.decode(ids(new, text)).strip() == text
    assert new.convert_tokens_to_ids("<image>") == old.convert_tokens_to_ids("<image>")
    assert (new.bos_token_id, new.pad_token_id) == (old.bos_token_id, old.pad_token_id)


def test_a_network_says_what_it_said_after_its_vocabulary_grew() -> None:
    torch.manual_seed(0)
    old = train_tokenizer(NO_CHANGE_CAPTIONS, 330)
    new = extend_tokenizer(old, NEW, 360)
    network = build_tiny(old, SMALL)
    tokens = torch.tensor([[old.bos_token_id, *ids(old, NO_CHANGE_CAPTIONS[0])]])
    with torch.no_grad():
        before = network.language_model(input_ids=tokens).logits
        grow_embeddings(network, old, new)
        after = network.language_model(input_ids=tokens).logits
    assert torch.equal(after[..., : len(old)], before[..., : len(old)])
    assert after.shape[-1] == len(new)
    embeddings = network.language_model.get_input_embeddings().weight
    assert network.language_model.lm_head.weight is embeddings
    piece = new.convert_ids_to_tokens(len(old))
    parts = [token.id for token in old.backend_tokenizer.model.tokenize(piece)]
    assert torch.allclose(embeddings[len(old)], embeddings[parts].mean(dim=0))
