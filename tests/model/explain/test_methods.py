"""Explanations: every method on OPT and T5 checkpoints, looking changes nothing, and a blind model has no finding."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.fixtures.checkpoints import random_images

from blip2idc.difference import Explanation
from blip2idc.errors import ConfigError, ModelError
from blip2idc.evaluation.maps.localization import localization, make_truth
from blip2idc.evaluation.significance import Resampling
from blip2idc.images.joint import JointLayout
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.explain import attention_recorder
from blip2idc.model.explain.attention_recorder import AttentionRecorder, record_attention
from blip2idc.model.explain.choice import METHODS
from blip2idc.model.explain.methods import explain_encoded
from blip2idc.model.explain.occlusion import occlusion_blocks
from blip2idc.model.files.settings import Calibration, CaptionerSettings
from blip2idc.worlds.scenes.world import ScenesWorld

ALWAYS_CHANGED = Calibration(threshold=0.0)
NEVER_CHANGED = Calibration(threshold=1.0, intercept=-50.0)


@functools.cache
def loaded(folder: Path, **settings: object) -> DifferenceCaptioner:
    """Loaded once: that looking changes nothing has a test of its own."""
    return DifferenceCaptioner.from_pretrained(folder, dtype="float32", **settings)  # type: ignore[arg-type]


def captioner_of(
    folder: Path, calibration: Calibration = ALWAYS_CHANGED, **settings: object
) -> DifferenceCaptioner:
    captioner = loaded(folder, **settings)
    return captioner.with_settings(CaptionerSettings(layout=captioner.layout, calibration=calibration))


def random_pairs(count: int, seed: int = 0) -> list[tuple[object, object]]:
    images = random_images(np.random.default_rng(seed), 2 * count)
    return list(zip(images[::2], images[1::2], strict=True))


def check(explanation: Explanation, rows: int, columns: int) -> None:
    assert " ".join(explanation.words) == explanation.difference.caption
    assert len(explanation.by_word) == len(explanation.words) == len(explanation.word_weights)
    for heatmap in (explanation.sentence, *explanation.by_word):
        assert heatmap.before.shape == heatmap.after.shape == (rows, columns)
        assert (heatmap.before >= 0).all()
    assert not explanation.sentence.empty


@pytest.mark.parametrize("method", METHODS)
def test_maps_for_the_sentence_and_every_word(checkpoint: Path, method: str) -> None:
    explanation = captioner_of(checkpoint).explain(*random_pairs(1)[0], method)  # type: ignore[arg-type]
    assert explanation.method == method
    assert len(explanation.words) > 1
    check(explanation, 2, 4)


@pytest.mark.parametrize("method", METHODS)
def test_maps_of_a_backbone_in_bfloat16(opt_checkpoint: Path, method: str) -> None:
    """What it attends to is in its own type, what its words are worth in float32."""
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, dtype="bfloat16", device="cpu")
    captioner = captioner.with_settings(
        CaptionerSettings(layout=captioner.layout, calibration=ALWAYS_CHANGED)
    )
    check(captioner.explain(*random_pairs(1)[0], method), 2, 4)  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", [JointLayout("horizontal", 32, 32), JointLayout("vertical", 64, 48)])
def test_any_layout_and_resolution(opt_checkpoint: Path, layout: JointLayout) -> None:
    captioner = captioner_of(opt_checkpoint, layout=layout)
    rows, columns = (side // 8 for side in layout.part_size)
    for method in METHODS:
        check(captioner.explain(*random_pairs(1)[0], method), rows, columns)  # type: ignore[arg-type]


def test_released_layout(released_checkpoint: Path) -> None:
    check(captioner_of(released_checkpoint).explain(*random_pairs(1)[0]), 2, 4)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_looking_changes_nothing(checkpoint: Path, method: str) -> None:
    captioner = captioner_of(checkpoint)
    network = captioner.backbone.model
    configs = (
        network.config,
        network.config.vision_config,
        network.config.qformer_config,
        network.config.text_config,
    )
    before = [config._attn_implementation for config in configs]
    taught = {name: parameter.requires_grad for name, parameter in network.named_parameters()}
    weights = {name: parameter.clone() for name, parameter in network.state_dict().items()}
    hooks = sum(len(module._forward_hooks) for module in network.modules())
    pairs = random_pairs(3)
    said = list(captioner.stream(pairs))  # type: ignore[arg-type]
    explained = list(captioner.explain_stream(pairs, method))  # type: ignore[arg-type]
    # the places of noise come from the heatmap, which is another one for every method
    assert [replace(one.difference, changes=()) for one in explained] == [
        replace(one, changes=()) for one in said
    ]
    assert list(captioner.stream(pairs)) == said  # type: ignore[arg-type]
    assert [config._attn_implementation for config in configs] == before
    assert "sdpa" in before
    assert {name: parameter.requires_grad for name, parameter in network.named_parameters()} == taught
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert sum(len(module._forward_hooks) for module in network.modules()) == hooks


@pytest.mark.parametrize("method", METHODS)
def test_batches_equal_single_pairs(checkpoint: Path, method: str) -> None:
    captioner = captioner_of(checkpoint)
    pairs = random_pairs(3, seed=4)
    together = list(captioner.explain_stream(pairs, method, batch_size=3))  # type: ignore[arg-type]
    for pair, one in zip(pairs, together, strict=True):
        alone = captioner.explain(*pair, method)  # type: ignore[arg-type]
        assert alone.words == one.words
        peak = alone.sentence.peak
        assert np.allclose(alone.sentence.after, one.sentence.after, atol=1e-3 * peak)
        for left, right in zip(alone.by_word, one.by_word, strict=True):
            assert np.allclose(left.before, right.before, atol=1e-3 * max(left.peak, 1e-6))


def test_default_backend_and_eager_give_equal_maps(checkpoint: Path) -> None:
    pair = random_pairs(1)[0]
    fused, eager = (captioner_of(checkpoint, attention=kind).explain(*pair) for kind in ("sdpa", "eager"))  # type: ignore[arg-type]
    assert np.allclose(
        fused.sentence.before, eager.sentence.before, rtol=1e-3, atol=1e-5 * fused.sentence.peak
    )


def test_attention_rows_sum_to_one_and_logits_stay(checkpoint: Path) -> None:
    captioner = captioner_of(checkpoint)
    joints = [captioner.join(pair) for pair in random_pairs(2)]  # type: ignore[arg-type]
    with torch.no_grad():
        plain = captioner.joint_model.encode(joints).seen
    with record_attention(captioner.backbone, from_patches=True) as recorder:
        watched = captioner.joint_model.encode(joints).seen
    found = plain.encoded if plain.encoded is not None else plain.embeddings
    seen = watched.encoded if watched.encoded is not None else watched.embeddings
    assert torch.allclose(found, seen, atol=1e-4)
    assert len(recorder.vision) == 2
    crossing = [layer.cross for layer in recorder.qformer]
    assert crossing.count(True) < crossing.count(
        False
    )  # the Q-Former looks at the image in every second layer
    for layer in (*recorder.vision, *recorder.qformer, *recorder.encoder):
        assert torch.allclose(layer.weights.sum(dim=-1), torch.ones(()), atol=1e-5)


def test_raises_when_nothing_was_captured(opt_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        attention_recorder, "_catch", lambda layers, cross: lambda module, inputs, output: None
    )
    captioner = captioner_of(opt_checkpoint)
    for method in METHODS[:3]:
        with pytest.raises(ModelError, match="no attention was captured"):
            captioner.explain(*random_pairs(1)[0], method)  # type: ignore[arg-type]
    assert not captioner.explain(*random_pairs(1)[0], "occlusion").sentence.empty  # type: ignore[arg-type]


def test_raises_when_the_cells_are_not_those_of_the_image() -> None:
    recorder = AttentionRecorder(qformer=[attention_recorder.Attention(torch.ones(1, 1, 2, 5), cross=True)])
    with pytest.raises(ModelError, match=r"looks at \[5\] image tokens; expected 9"):
        recorder.need("qformer", cells=8, name="some")


def test_an_unchanged_pair_has_empty_maps(opt_checkpoint: Path) -> None:
    captioner = captioner_of(opt_checkpoint, NEVER_CHANGED)
    pair = random_pairs(1)[0]
    explanation = captioner.explain(*pair)  # type: ignore[arg-type]
    assert not explanation.difference.changed
    assert explanation.sentence.empty
    assert all(heatmap.empty for heatmap in explanation.by_word)
    assert len(explanation.by_word) == len(explanation.words)
    kept = next(captioner.explain_stream([pair], suppress_unchanged=False))  # type: ignore[list-item]
    assert not kept.sentence.empty


def test_without_words_the_sentence_is_the_same(opt_checkpoint: Path) -> None:
    captioner = captioner_of(opt_checkpoint)
    pair = random_pairs(1)[0]
    short = next(captioner.explain_stream([pair], words=False))  # type: ignore[list-item]
    assert short.by_word == ()
    assert np.allclose(short.sentence.after, captioner.explain(*pair).sentence.after)  # type: ignore[arg-type]


def test_a_difference_shows_where_it_looked(opt_checkpoint: Path) -> None:
    captioner = captioner_of(opt_checkpoint)
    before, after = random_pairs(1)[0]
    difference = captioner(before, after)  # type: ignore[arg-type]
    found, expected = difference.heatmaps(), captioner.explain(before, after)  # type: ignore[arg-type]
    assert np.array_equal(found.sentence.before, expected.sentence.before)
    assert difference.heatmaps("rollout").method == "rollout"
    with pytest.raises(ModelError, match="explain_stream"):
        next(captioner.stream([(before, after)])).heatmaps()  # type: ignore[list-item]


def test_refuses_unknown_methods(opt_checkpoint: Path) -> None:
    captioner = captioner_of(opt_checkpoint)
    with pytest.raises(ConfigError, match="'lrp'; expected one of cross_attention"):
        captioner.explain(*random_pairs(1)[0], "lrp")  # type: ignore[arg-type]


def test_occlusion_of_equal_halves_changes_nothing(opt_checkpoint: Path) -> None:
    image = random_images(np.random.default_rng(5), 1)[0]
    explanation = captioner_of(opt_checkpoint).explain(image, image, "occlusion")
    assert explanation.sentence.peak < 1e-3


@pytest.mark.parametrize(("rows", "columns"), [(8, 16), (2, 4), (1, 1), (16, 16)])
def test_occlusion_blocks_cover_every_cell(rows: int, columns: int) -> None:
    covered = np.zeros((2, rows, columns), dtype=int)
    for block in occlusion_blocks(rows, columns):
        covered[block.part, block.rows, block.columns] += 1
        assert covered[block.part, block.rows, block.columns].size
    assert covered.min() >= 1


def test_a_blind_model_has_no_finding(opt_checkpoint: Path) -> None:
    """Patches carry only their place: whatever the maps show, it cannot come from the pictures."""
    captioner = loaded.__wrapped__(opt_checkpoint, layout=JointLayout("vertical", 64, 64))
    captioner = captioner.with_settings(
        CaptionerSettings(layout=captioner.layout, calibration=ALWAYS_CHANGED)
    )
    with torch.no_grad():
        captioner.backbone.model.vision_model.embeddings.patch_embedding.weight.zero_()
    world = ScenesWorld(31, 32, 64, no_change_share=0.0, supersample=1)
    pairs = [world.pair(index) for index in range(24)]
    joints = [np.concatenate([pair.before, pair.after]) for pair in pairs]
    truths = [
        make_truth(((32, 64), (32, 64)), (pair.before_box, pair.after_box), changed=True) for pair in pairs
    ]
    for method in METHODS[:3]:
        with torch.inference_mode():
            encoded = captioner.joint_model.encode(joints)
        said = captioner.caption_joints(joints)
        found = explain_encoded(captioner.joint_model, encoded, said, method, words=False)
        scores = localization([one.sentence for one in found], truths, Resampling(200))
        assert not scores.is_finding, method


@pytest.mark.parametrize("method", METHODS)
def test_the_pixels_of_a_pair_are_encoded_once(
    opt_checkpoint: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Captions, scores and attention share what the ViT made of the pair; other pixels are looked at apart."""
    captioner = captioner_of(opt_checkpoint)
    layer = captioner.backbone.model.vision_model.encoder.layers[0]
    seen: list[torch.Tensor] = []
    handle = layer.register_forward_hook(lambda module, inputs, output: seen.extend(inputs[0].detach()))
    captioner.explain(*random_pairs(1)[0], method)  # type: ignore[arg-type]
    handle.remove()
    again = sum(torch.allclose(one, seen[0], atol=1e-6) for one in seen[1:])
    assert again == (method in ("rollout", "gradient"))  # these follow gradients through the ViT
    assert len(seen) >= 3  # the pair, before twice, after twice
