"""What the language model is asked: rows of a prefix, settings of a search, where captions end, pairs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.fixtures.checkpoints import random_images

from blip2idc.errors import ModelError
from blip2idc.images.pair import ImagePair
from blip2idc.model.backbone import Backbone
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.files.settings import Decoding
from blip2idc.model.language import Prefix, generate, logits_after, score_sentences


def numbers(*shape: int) -> torch.Tensor:
    return torch.arange(int(np.prod(shape)), dtype=torch.float32).view(shape)


def test_rows_of_a_prefix_keep_all_that_belongs_to_a_pair() -> None:
    prefix = Prefix(numbers(3, 2, 4), numbers(3, 2, 4) + 100, numbers(3, 5, 6))
    some = prefix.rows([2, 0, 2])
    assert len(some) == 3
    assert torch.equal(some.embeddings, prefix.embeddings[[2, 0, 2]])
    assert some.encoded is not None
    assert torch.equal(some.encoded, prefix.embeddings[[2, 0, 2]] + 100)
    assert some.patches is not None
    assert torch.equal(some.patches, numbers(3, 5, 6)[[2, 0, 2]])
    assert some.mask.tolist() == [[1, 1]] * 3
    plain = Prefix(numbers(3, 2, 4)).rows(iter([1]))  # type: ignore[arg-type]
    assert (len(plain), plain.encoded, plain.patches) == (1, None, None)


def test_rows_of_two_streams_are_before_and_after_of_the_same_pairs() -> None:
    prefix = Prefix(numbers(3, 2, 4), None, numbers(6, 5, 2))  # first those of before
    some = prefix.rows([2, 1])
    assert some.patches is not None
    assert torch.equal(some.patches, numbers(6, 5, 2)[[2, 1, 5, 4]])


def prefix_of(captioner: DifferenceCaptioner, count: int) -> Any:
    images = random_images(np.random.default_rng(7), 2 * count)
    pairs = [ImagePair(*images[2 * index : 2 * index + 2]) for index in range(count)]
    with torch.inference_mode():
        return captioner.joint_model.encode([captioner.join(pair) for pair in pairs]).seen


class Asked:
    """In the place of a language model's search: what it is asked, and an answer."""

    def __init__(self, backbone: Backbone, monkeypatch: pytest.MonkeyPatch, answer: list[list[int]]) -> None:
        self.inputs: dict[str, Any] = {}

        def search(**inputs: Any) -> torch.Tensor:
            self.inputs = inputs
            return torch.tensor(answer)

        monkeypatch.setattr(backbone.language_model, "generate", search)  # type: ignore[attr-defined]


def test_the_search_is_what_the_settings_say(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    captioner = DifferenceCaptioner.from_pretrained(checkpoint, device="cpu")
    backbone, text_format = captioner.backbone, captioner.backbone.text_format
    end, pad = text_format.end_token_id, text_format.pad_token_id
    start = [[text_format.decoder_start_token_id]] * 2 if text_format.encoder_decoder else [[], []]
    words = [[11, 12, end, 13], [14, 15, 16, 17]]
    asked = Asked(backbone, monkeypatch, [before + row for before, row in zip(start, words, strict=True)])
    decoding = Decoding(
        num_beams=3, max_new_tokens=9, length_penalty=1.5, repetition_penalty=1.3, no_repeat_ngram_size=2
    )
    prefix = prefix_of(captioner, 2)
    assert generate(backbone, prefix, decoding) == [[11, 12], [14, 15, 16, 17]]  # type: ignore[arg-type]
    settings = asked.inputs["generation_config"]
    assert (settings.num_beams, settings.max_new_tokens, settings.length_penalty) == (3, 9, 1.5)
    assert (settings.repetition_penalty, settings.no_repeat_ngram_size) == (1.3, 2)
    assert (settings.eos_token_id, settings.pad_token_id) == (end, pad)
    assert settings.bos_token_id == text_format.start_token_id
    assert settings.decoder_start_token_id == text_format.decoder_start_token_id
    assert settings.do_sample is False
    assert settings.use_cache is True
    assert torch.equal(asked.inputs["attention_mask"], prefix.mask)
    if text_format.encoder_decoder:
        assert asked.inputs["encoder_outputs"].last_hidden_state is prefix.encoded
        assert "inputs_embeds" not in asked.inputs
    else:
        assert asked.inputs["inputs_embeds"] is prefix.embeddings
        assert "encoder_outputs" not in asked.inputs


def test_the_penalty_of_length_is_for_beams_alone(
    opt_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, device="cpu")
    prefix = prefix_of(captioner, 1)
    asked = Asked(captioner.backbone, monkeypatch, [[11]])
    for beams, penalty in ((1, None), (2, 2.5)):
        generate(captioner.backbone, prefix, Decoding(num_beams=beams, length_penalty=2.5))  # type: ignore[arg-type]
        assert asked.inputs["generation_config"].to_diff_dict().get("length_penalty") == penalty


def test_a_caption_has_the_positions_that_the_prompt_leaves(opt_checkpoint: Path) -> None:
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, device="cpu")
    backbone, prefix = captioner.backbone, prefix_of(captioner, 1)
    positions = backbone.model.config.text_config.max_position_embeddings
    room = Prefix(prefix.embeddings.expand(1, -1, -1).repeat(1, positions, 1)[:, : positions - 2])
    with torch.inference_mode():
        assert len(generate(backbone, room, Decoding(max_new_tokens=48))[0]) <= 2  # type: ignore[arg-type]
        full = Prefix(prefix.embeddings.repeat(1, positions, 1)[:, :positions])
        with pytest.raises(
            ModelError, match=f"has {positions} positions, all of them taken by the prompt of"
        ):
            generate(backbone, full, Decoding())  # type: ignore[arg-type]


def test_scores_of_a_pair_do_not_depend_on_the_pairs_and_sentences_beside_it(checkpoint: Path) -> None:
    captioner = DifferenceCaptioner.from_pretrained(checkpoint, device="cpu")
    backbone, prefix = captioner.backbone, prefix_of(captioner, 3)
    end = backbone.text_format.end_token_id
    sentences = [[11, 12, end], [11, end], [13, 14, 15, 16, end], [17]]
    with torch.inference_mode():
        together = score_sentences(backbone, prefix, sentences)  # type: ignore[arg-type]
        assert together.shape == (3, 4)
        for row in range(3):
            for column, sentence in enumerate(sentences):
                alone = score_sentences(backbone, prefix.rows([row]), [sentence])  # type: ignore[arg-type]
                assert float(alone) == pytest.approx(float(together[row, column]), abs=1e-4)


def test_what_is_expected_in_place_of_every_token_sums_to_the_score_of_its_sentence(checkpoint: Path) -> None:
    captioner = DifferenceCaptioner.from_pretrained(checkpoint, device="cpu")
    backbone, prefix = captioner.backbone, prefix_of(captioner, 3)
    end, pad = backbone.text_format.end_token_id, backbone.text_format.pad_token_id
    tokens = torch.tensor([[11, 12, 18, end], [13, end, pad, pad], [14, 15, end, pad]])
    valid = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]])
    with torch.inference_mode():
        logits = logits_after(backbone, prefix, tokens, valid)  # type: ignore[arg-type]
        assert logits.shape[:2] == tokens.shape
        found = (logits.log_softmax(dim=-1).gather(-1, tokens[..., None])[..., 0] * valid).sum(dim=-1)
        for row in range(3):
            sentence = tokens[row, : int(valid[row].sum())].tolist()
            score = score_sentences(backbone, prefix.rows([row]), [sentence])  # type: ignore[arg-type]
            assert float(found[row]) == pytest.approx(float(score), abs=1e-4)
