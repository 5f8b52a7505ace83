"""Captions token by token: words, log-probabilities, and what depends on the change."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.fixtures.checkpoints import random_images

from blip2idc.images.joint import Direction, JointLayout
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.explain.attention_recorder import Attention
from blip2idc.model.explain.relevance import _hand_down
from blip2idc.model.explain.token_scores import (
    CaptionTokens,
    dependence_on_change,
    one_for_both,
    token_log_probabilities,
)
from blip2idc.model.language import score_sentences


@pytest.fixture
def captioner(checkpoint: Path) -> DifferenceCaptioner:
    return DifferenceCaptioner.from_pretrained(checkpoint, dtype="float32")


def said(captioner: DifferenceCaptioner, caption: str) -> list[int]:
    format_, tokenizer = captioner.backbone.text_format, captioner.backbone.tokenizer
    return format_.caption_tokens(caption, tokenizer)[:-1]


def test_every_word_has_its_tokens(captioner: DifferenceCaptioner) -> None:
    captions = ["the small red cube has been added", "gone", ""]
    spoken = CaptionTokens.of(captioner.backbone, [said(captioner, caption) for caption in captions])
    assert spoken.words == (("the", "small", "red", "cube", "has", "been", "added"), ("gone",), ())
    for row, caption in enumerate(captions):
        for index, word in enumerate(caption.split()):
            tokens = spoken.tokens[row][spoken.word_of[row] == index].tolist()
            assert captioner.backbone.tokenizer.decode(tokens).strip() == word
    assert spoken.valid.sum(dim=1).tolist() == [1 + (spoken.word_of[row] >= 0).sum() for row in range(3)]
    assert spoken.word_masks().shape[1] == 7
    assert spoken.rows([1, 1]).words == (("gone",), ("gone",))


def test_token_log_probabilities_add_up_to_the_score_of_the_sentence(captioner: DifferenceCaptioner) -> None:
    images = random_images(np.random.default_rng(0), 4)
    joints = [captioner.join((images[0], images[1])), captioner.join((images[2], images[3]))]
    captions = ["there is no change", "the small red cube"]
    spoken = CaptionTokens.of(captioner.backbone, [said(captioner, caption) for caption in captions])
    with torch.no_grad():
        prefix = captioner.joint_model.encode(joints).seen
        tokens = token_log_probabilities(captioner.backbone, prefix, spoken)
        sentences = [
            [int(token) for token in row[valid > 0]]
            for row, valid in zip(spoken.tokens, spoken.valid, strict=True)
        ]
        whole = score_sentences(captioner.backbone, prefix, sentences).diagonal()
    assert torch.allclose(tokens.sum(dim=1), whole, atol=1e-3)


def test_nothing_depends_on_a_change_that_is_not_there(captioner: DifferenceCaptioner) -> None:
    images = random_images(np.random.default_rng(1), 9)
    pairs = [(images[0], images[0]), *((images[k], images[k + 1]) for k in range(8))]
    joints = [captioner.join(pair) for pair in pairs]
    spoken = CaptionTokens.of(
        captioner.backbone, [said(captioner, "the large blue sphere is gone")] * len(pairs)
    )
    with torch.no_grad():
        encoded = captioner.joint_model.encode(joints)
    weights = dependence_on_change(captioner.joint_model, encoded, spoken)
    assert (weights >= 0).all()
    assert weights[0].max() < 1e-4
    assert weights[1:].max() > 1e-2  # what a random model says owes something to some pair


def test_relevance_is_handed_down_as_the_product_of_matrices() -> None:
    rng = torch.Generator().manual_seed(0)
    selves = [torch.rand(1, 4, 4, generator=rng) for _ in range(2)]
    crossing = torch.rand(1, 4, 6, generator=rng)
    start = torch.rand(1, 4, generator=rng)
    layers = [
        Attention(selves[0][:, None], False),
        Attention(crossing[:, None], True),
        Attention(selves[1][:, None], False),
    ]
    own, other = _hand_down(start, [selves[0], crossing, selves[1]], layers)
    eye = torch.eye(4)
    after_last = start @ (eye + selves[1][0])
    assert other is not None
    assert torch.allclose(other, after_last @ crossing[0])
    assert torch.allclose(own, after_last @ (eye + selves[0][0]))


@pytest.mark.parametrize("direction", ["vertical", "horizontal"])
def test_roughly_asks_the_vit_no_more(
    opt_checkpoint: Path, direction: Direction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patches of one image in both places: what is seen then differs from what was seen, without looking again."""
    layout = JointLayout(direction, 32, 32)
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, dtype="float32", layout=layout)
    images = random_images(np.random.default_rng(2), 5)
    joints = [captioner.join(pair) for pair in [(images[0], images[0]), *pairwise(images)]]
    spoken = CaptionTokens.of(captioner.backbone, [said(captioner, "the small red cube is gone")] * 5)
    with torch.no_grad():
        encoded = captioner.joint_model.encode(joints)
        looked: list[int] = []
        layer = captioner.backbone.model.vision_model.encoder.layers[0]
        handle = layer.register_forward_hook(lambda *_: looked.append(1))
        rough = dependence_on_change(captioner.joint_model, encoded, spoken, roughly=True)
        with monkeypatch.context() as patched:
            patched.setattr("blip2idc.model.blip2.slice_for", lambda *_: 2)
            sliced = dependence_on_change(captioner.joint_model, encoded, spoken, roughly=True)
        assert torch.allclose(rough, sliced, atol=1e-5)
        assert not looked
        exact = dependence_on_change(captioner.joint_model, encoded, spoken)
        assert looked
        handle.remove()
    assert rough.shape == exact.shape
    assert (rough >= 0).all()
    assert rough[1:].max() > 0


@pytest.mark.parametrize("direction", ["vertical", "horizontal"])
def test_patches_of_one_image_take_the_place_of_the_others(
    opt_checkpoint: Path, direction: Direction
) -> None:
    layout = JointLayout(direction, 32, 32)
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, dtype="float32", layout=layout)
    rows, columns = captioner.joint_model.cells
    patches = torch.arange(1 + rows * columns, dtype=torch.float32)[None, :, None]
    for part in (0, 1):
        twice = one_for_both(captioner.joint_model, patches, part)
        assert twice[0, 0, 0] == 0
        halves = layout.split_grid(twice[0, 1:, 0].view(rows, columns).numpy())
        wanted = layout.split_grid(patches[0, 1:, 0].view(rows, columns).numpy())[part]
        assert (halves[0] == wanted).all()
        assert (halves[1] == wanted).all()
