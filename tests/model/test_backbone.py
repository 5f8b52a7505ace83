"""Loading a backbone: what is read, what is compared, what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from tests.fixtures.tiny_blip2 import QUERY_TOKENS, edit_json
from transformers import Blip2ForConditionalGeneration

from blip2idc.errors import ModelError
from blip2idc.model.loading import PINNED_REVISIONS, load_backbone, locate_model


@pytest.fixture
def copied(opt_checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(opt_checkpoint, tmp_path / "copy"))


def test_prefix_is_what_blip2_itself_feeds_its_language_model(checkpoint: Path) -> None:
    backbone = load_backbone(checkpoint)
    pixels = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    model = Blip2ForConditionalGeneration.from_pretrained(checkpoint)
    with torch.no_grad():
        expected = model.get_image_features(pixels).pooler_output
        assert torch.equal(backbone.encode(pixels), expected)
    assert expected.shape == (2, QUERY_TOKENS, model.config.text_config.hidden_size)
    assert not torch.allclose(expected[0], expected[1])


def test_released_layout_without_query_tokens_in_its_processor(released_checkpoint: Path) -> None:
    assert not (released_checkpoint / "processor_config.json").exists()
    backbone = load_backbone(released_checkpoint)
    assert backbone.text_format.image_tokens == QUERY_TOKENS
    assert backbone.text_format.image_token_id == backbone.model.config.image_token_index
    assert backbone.tokenizer.convert_tokens_to_ids("<image>") == backbone.text_format.image_token_id
    assert len(backbone.statistics.mean) == 3


def test_config_without_image_token_takes_the_tokenizers(copied: Path) -> None:
    stated = json.loads((copied / "config.json").read_text())["image_token_index"]
    edit_json(copied / "config.json", image_token_index=None)
    backbone = load_backbone(copied)
    assert backbone.text_format.image_token_id == stated == backbone.model.config.image_token_index


@pytest.mark.parametrize(
    ("file", "changes", "message"),
    [
        ("processor_config.json", {"num_query_tokens": 32}, "num_query_tokens is 32 .* 6 in its config"),
        ("config.json", {"image_token_index": 7}, "image_token_index is 7"),
        ("config.json", {"model_type": "blip"}, "model_type 'blip'"),
    ],
)
def test_disagreement_is_refused(copied: Path, file: str, changes: dict[str, object], message: str) -> None:
    edit_json(copied / file, **changes)
    with pytest.raises(ModelError, match=message):
        load_backbone(copied)


def test_image_token_beyond_the_vocabulary_is_refused(copied: Path) -> None:
    values = json.loads((copied / "config.json").read_text())
    values["text_config"]["vocab_size"] -= 1
    values["image_token_index"] = None
    (copied / "config.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match="cannot be read|beyond the vocabulary"):
        load_backbone(copied)


def test_missing_weights_are_refused(copied: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    weights.pop("vision_model.post_layernorm.weight")
    save_file(weights, copied / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="1 weights are missing .*post_layernorm"):
        load_backbone(copied)


def test_missing_statistics_are_refused(copied: Path) -> None:
    (copied / "processor_config.json").unlink()
    with pytest.raises(ModelError, match="image_mean and image_std"):
        load_backbone(copied)


def test_pickled_code_is_not_run(copied: Path) -> None:
    (copied / "model.safetensors").unlink()
    marker = copied / "ran"

    class Attack:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (marker,)

    weights = {"weight": Attack(), "rest": torch.zeros(1_000_000)}
    torch.save(weights, copied / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be read"):
        load_backbone(copied)
    assert not marker.exists()


def test_sources(tmp_path: Path) -> None:
    name = "Salesforce/blip2-opt-2.7b"
    assert locate_model(name).revision == PINNED_REVISIONS[name] == "51572668da0eb669e01a189dc22abe6088589a24"
    assert locate_model(name, "main").revision == "main"
    assert locate_model(tmp_path).folder == tmp_path
    assert locate_model(None).name == "tiny"
    for wrong in ("./nothing", "nothing", "a/b/c"):
        with pytest.raises(ModelError, match="no such folder"):
            locate_model(wrong)


def test_attention_backend(opt_checkpoint: Path) -> None:
    with pytest.raises(ModelError, match="flash_attention_2.*sdpa, eager"):
        load_backbone(opt_checkpoint, attention="flash_attention_2")
    pixels = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    eager, fused = (load_backbone(opt_checkpoint, attention=name) for name in ("eager", "sdpa"))
    assert eager.model.qformer.config._attn_implementation == "eager"
    assert fused.model.qformer.config._attn_implementation == "sdpa"
    with torch.no_grad():
        assert torch.allclose(eager.encode(pixels), fused.encode(pixels), atol=1e-4)


@pytest.mark.parametrize("two_stream", [False, True])
def test_what_is_seen_in_slices_is_what_is_seen_at_once(
    checkpoint: Path, two_stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = load_backbone(checkpoint, dtype="float32")
    backbone = backbone.arranged(backbone.default_layout(two_stream=two_stream), two_stream=two_stream)
    size = backbone.default_layout(two_stream=two_stream).size
    pixels = torch.randn(5, 3, *size, generator=torch.Generator().manual_seed(0))
    asked: list[int] = []

    def sliced(device: str, weights: int, activations: int) -> int:
        asked.append(activations)
        return 2

    monkeypatch.setattr("blip2idc.model.blip2.slice_for", sliced)
    whole = backbone.look(pixels, "")
    assert not asked, "whoever asks for gradients sees all at once"
    with torch.no_grad():
        found = backbone.look(pixels, "")
    assert bool(asked) != two_stream
    assert whole.patches is not None
    assert found.patches is not None
    torch.testing.assert_close(found.embeddings, whole.embeddings, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(found.patches, whole.patches, rtol=1e-5, atol=1e-5)


def test_reduced_precision(opt_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blip2idc.model.blip2.computes_in_bfloat16", lambda: True)
    exact, reduced = load_backbone(opt_checkpoint), load_backbone(opt_checkpoint, dtype="bfloat16")
    assert reduced.model.vision_model.embeddings.patch_embedding.weight.dtype == torch.bfloat16
    assert "dtype bfloat16 (as asked)" in reduced.describe()
    with torch.no_grad():
        pixels = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
        prefix = reduced.encode(pixels)
        assert prefix.dtype == torch.bfloat16
        # eight bits of mantissa through eight layers: 2 ** -8 * sqrt(8) is about 1 %, relative to the largest value
        expected = exact.encode(pixels)
        assert (prefix.float() - expected).abs().max() < 0.05 * expected.abs().max()


def test_flex_attention_is_refused_where_it_crashes(opt_checkpoint: Path) -> None:
    with pytest.raises(ModelError, match="flex_attention' on device cpu"):
        load_backbone(opt_checkpoint, device="cpu", attention="flex_attention")
