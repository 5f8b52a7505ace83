"""The tiny model's own training: its data with exact truth, its losses, its optimizer, its stages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from blip2idc.config import load_config
from blip2idc.errors import ConfigError
from blip2idc.model.loading import load_backbone
from blip2idc.tiny.batches import (
    BACKGROUND,
    CELL_QUESTIONS,
    STATUS,
    SceneShards,
    ViewShards,
    draw_batch,
    merged,
)
from blip2idc.tiny.heads import MOST_KINDS, KindNumbers, cell_loss, pair_loss
from blip2idc.tiny.muon import Muon, orthogonal
from blip2idc.tiny.network import TinySize, build_tiny, save_tiny, train_tokenizer
from blip2idc.tiny.recipe import TinyRecipe, TinyStage
from blip2idc.tiny.shards import majority, make_edit_shard, make_scene_shard
from blip2idc.tiny.train import main, train_tiny
from blip2idc.tiny.trainer import TinyTrainer
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS

SMALL = TinySize(vision_width=32, vision_layers=1, width=32, qformer_layers=2, text_layers=1, vocabulary=400)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "shards"
    folder.mkdir()
    make_scene_shard(folder / "scenes_0000.npz", 1, 24)
    make_edit_shard(folder / "edits_0000.npz", 2, 12)
    return folder


def test_scene_pairs_tell_the_truth_about_every_cell(shards: Path) -> None:
    source, rng = SceneShards([shards / "scenes_0000.npz"]), np.random.default_rng(0)
    batch = draw_batch(source, rng, 60, 0.4)
    assert batch.joints.shape == (60, 128, 128, 3)
    half = 8 * 16
    for k in range(60):
        caption, kind = batch.captions[k], batch.kinds[k]
        assert caption in batch.references[k]
        status, color = batch.cells["status"][k], batch.cells["color"][k]
        assert ((status >= 0) == (color != BACKGROUND)).all()
        before, after = set(status[:half]) - {-1, 0}, set(status[half:]) - {-1, 0}
        if kind == "none":
            assert caption in NO_CHANGE_CAPTIONS
            assert not before | after
        elif kind == "add":
            assert not before
            assert after <= {STATUS["add"]}
        elif kind == "drop":
            assert before <= {STATUS["drop"]}
            assert not after
        else:
            assert before | after <= {STATUS[kind]}
    assert {"add", "drop"} & set(batch.kinds)


def test_edit_pairs_mark_the_cells_they_touch(shards: Path) -> None:
    batch = draw_batch(ViewShards([shards / "edits_0000.npz"]), np.random.default_rng(0), 40, 0.3)
    for k, kind in enumerate(batch.kinds):
        touched = (batch.cells["status"][k] == STATUS["edit"]).any()
        assert batch.captions[k] in batch.references[k]
        if kind == "none":
            assert not touched
        if kind == "region_cover":
            assert touched
        assert (batch.cells["color"][k] == -1).all()


def test_majority_takes_what_covers_most_of_a_cell() -> None:
    seen = np.full((64, 128), -1, dtype=np.int8)
    seen[0:8, 0:4] = 2  # half of the first cell
    seen[0:8, 8:9] = 3  # an eighth of the second, too little
    cells = majority(seen)
    assert cells.shape == (8, 16)
    assert cells[0, 0] == 2
    assert (cells.reshape(-1)[1:] == -1).all()


def test_losses_count_only_what_is_asked() -> None:
    logits = {name: torch.randn(2, 6, n, requires_grad=True) for name, n in CELL_QUESTIONS.items()}
    nothing = {name: torch.full((2, 6), -1) for name in CELL_QUESTIONS}
    assert cell_loss(logits, nothing).item() == 0.0
    asked = {**nothing, "shape": torch.tensor([[0, -1, -1, -1, -1, -1]] * 2)}
    cell_loss(logits, asked).backward()
    grown = logits["shape"].grad
    assert grown is not None
    assert grown[:, 0].abs().sum() > 0
    assert grown[:, 1:].abs().sum() == 0
    answers = {"kind": torch.zeros(3, MOST_KINDS)}
    # one of three pairs is asked; all answers are equally likely
    expected = np.log(MOST_KINDS) / 3
    assert pair_loss(answers, {"kind": torch.tensor([1, -1, -1])}).item() == pytest.approx(expected, rel=1e-5)


def test_orthogonal_matrices_have_even_singular_values() -> None:
    torch.manual_seed(0)
    found = orthogonal(torch.randn(3, 16, 40))
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.4
    assert values.max() < 1.4


def test_muon_fits_a_matrix() -> None:
    torch.manual_seed(0)
    goal, weight = torch.randn(8, 8), torch.nn.Parameter(torch.zeros(8, 8))
    optimizer = Muon([weight], lr=0.05)
    first = (goal - weight).pow(2).mean().item()
    for _ in range(300):
        optimizer.zero_grad()
        (goal - weight).pow(2).mean().backward()
        optimizer.step()
    assert (goal - weight).pow(2).mean().item() < 0.1 * first


def test_the_network_starts_with_eyes_and_matching_halves(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["the large red cube is gone", *NO_CHANGE_CAPTIONS], 400)
    network = build_tiny(tokenizer, SMALL)
    for name, weight in network.named_parameters():
        if weight.ndim > 1:
            assert weight.detach().std() > 1e-3, name
    codes = network.vision_model.embeddings.position_embedding[0, 1:].detach()
    difference = codes[: len(codes) // 2] - codes[len(codes) // 2 :]
    assert torch.allclose(difference, difference[:1].expand_as(difference), atol=1e-6)
    save_tiny(network, tokenizer, tmp_path / "tiny")
    backbone = load_backbone(tmp_path / "tiny", device="cpu")
    assert backbone.text_format.image_tokens == SMALL.query_tokens
    assert (backbone.image_size, backbone.patch_size) == (128, 8)
    text = "any words, éven these"
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]).strip() == text


def test_stages_run_resume_and_leave_a_backbone(shards: Path) -> None:
    folder = shards.parent
    eyes = TinyStage(pairs=8, scenes=2, edits=2, kept=20, captions=0.0)
    torch.set_num_threads(1)
    train_tiny(TinyRecipe((eyes,), scene_shards=0, edit_shards=0, size=SMALL), folder)
    checkpoint = torch.load(folder / "checkpoint.pt", weights_only=True)
    assert checkpoint["seen"] == 8
    # a second stage whose learning rate is 0 ends with the very weights that the first one left
    still = TinyStage(pairs=16, scenes=2, edits=2, kept=0, rate=0.0)
    train_tiny(TinyRecipe((eyes, still), 0, 0, 0, SMALL), folder)
    resumed = torch.load(folder / "checkpoint.pt", weights_only=True)
    assert resumed["seen"] == 16
    assert all(torch.equal(resumed["network"][name], kept) for name, kept in checkpoint["network"].items())
    assert all(torch.equal(resumed["heads"][name], kept) for name, kept in checkpoint["heads"].items())
    backbone = load_backbone(folder / "backbone", device="cpu")
    assert backbone.parameter_count() < 500_000


def test_leaving_patches_out_keeps_those_with_objects(shards: Path) -> None:
    torch.manual_seed(0)
    tokenizer = train_tokenizer(NO_CHANGE_CAPTIONS, 400)
    trainer = TinyTrainer(build_tiny(tokenizer, SMALL), tokenizer)
    batch = draw_batch(SceneShards([shards / "scenes_0000.npz"]), np.random.default_rng(1), 6, 0.5)
    cells = {name: torch.from_numpy(labels) for name, labels in batch.cells.items()}
    pixels = torch.from_numpy(batch.joints).permute(0, 3, 1, 2).float() / 127.5 - 1
    vision, chosen = trainer._see(pixels, cells, 100)
    assert chosen is not None
    assert vision.shape[:2] == (6, 201)
    for k in range(6):
        objects = torch.nonzero((cells["color"][k] != BACKGROUND) & (cells["color"][k] >= 0)).flatten()
        assert set(objects.tolist()) <= set(chosen[k].tolist())


def test_recipes_are_strict() -> None:
    recipe = load_config(TinyRecipe, Path(__file__).parents[2] / "recipes" / "tiny.yaml")
    assert [stage.pairs for stage in recipe.stages] == sorted(stage.pairs for stage in recipe.stages)
    with pytest.raises(ConfigError, match="rising"):
        TinyRecipe((TinyStage(5), TinyStage(5)))
    with pytest.raises(ConfigError, match="kept"):
        load_config(TinyRecipe, None, ["stages=[{pairs: 3, keept: 4}]"])


def test_kinds_keep_their_numbers() -> None:
    kinds = KindNumbers()
    assert kinds(["none", "blur", "none"]).tolist() == [0, 1, 0]
    again = KindNumbers(kinds.known())
    assert again(["shadow", "blur"]).tolist() == [2, 1]
    assert KindNumbers(map(str, range(MOST_KINDS)))(["one more", "0"]).tolist() == [-1, 0]


def test_captions_have_the_loss_of_every_training(shards: Path) -> None:
    """The sum of the parts by hand is what BLIP-2's own forward gives with the labels of the one collator."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["the large red cube is gone", *NO_CHANGE_CAPTIONS], 400)
    trainer = TinyTrainer(build_tiny(tokenizer, SMALL), tokenizer)
    batch = draw_batch(SceneShards([shards / "scenes_0000.npz"]), np.random.default_rng(2), 3, 0.5)
    collated = trainer.collator(
        [
            {"id": "", "pixels": joint, "caption": caption}
            for joint, caption in zip(batch.joints, batch.captions, strict=True)
        ]
    )
    with torch.no_grad():
        loss = trainer.losses(batch, TinyStage(1), 0)["caption"]
        expected = trainer.network(**collated).loss
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)


def test_training_goes_on_from_a_backbone_with_more_words(shards: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["the cube is gone", *NO_CHANGE_CAPTIONS], 300)
    save_tiny(build_tiny(tokenizer, SMALL), tokenizer, tmp_path / "start")
    wordnet = tmp_path / "wordnet"
    wordnet.mkdir()
    for part in ("noun", "verb", "adj", "adv"):
        (wordnet / f"data.{part}").write_text(
            '0 06 n 01 house 0 000 | a dwelling that serves as living quarters; "he has a house"\n' * 6
        )
    (wordnet / "cntlist.rev").write_text("house%1:06:00:: 1 9\n")
    folder = tmp_path / "run"
    (folder / "shards").mkdir(parents=True)
    for name, new in (
        ("scenes_0000.npz",) * 2,
        ("edits_0000.npz",) * 2,
        ("edits_0000.npz", "looks-0_0000.npz"),
    ):
        (folder / "shards" / new).write_bytes((shards / name).read_bytes())
    config = tmp_path / "recipe.yaml"
    config.write_text(
        f"start: {tmp_path / 'start'}\nwordnet: {wordnet}\nscene_shards: 0\nedit_shards: 0\nviews: {{looks: 1}}\n"
        "size: {vocabulary: 320}\n"
        "stages: [{pairs: 12, scenes: 2, edits: 2, views: 2, sentences: 2, kept: 0}]\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("blip2idc.tiny.start._CHANGE_SENTENCES", 50)
        patch.setattr("blip2idc.tiny.start._OWN_CAPTIONS", 2)
        main(["--config", str(config), "--output", str(folder)])
    assert torch.load(folder / "checkpoint.pt", weights_only=True)["seen"] == 12
    backbone = load_backbone(folder / "backbone", device="cpu")
    assert len(backbone.tokenizer) == 320
    assert backbone.model.config.text_config.vocab_size == 320


def test_pairs_of_several_sources_go_through_the_network_together(shards: Path) -> None:
    """The merged batch has the losses of its parts, each by its share of the pairs."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer(NO_CHANGE_CAPTIONS, 400)
    trainer = TinyTrainer(build_tiny(tokenizer, SMALL), tokenizer)
    rng = np.random.default_rng(3)
    scenes = draw_batch(SceneShards([shards / "scenes_0000.npz"]), rng, 4, 0.5)
    edits = draw_batch(ViewShards([shards / "edits_0000.npz"]), rng, 2, 0.5)
    both = merged([scenes, edits])
    assert merged([scenes]) is scenes
    assert both.captions == [*scenes.captions, *edits.captions]
    assert both.cells["status"].shape == (6, 256)
    with torch.no_grad():
        whole, parts = trainer.losses(both, TinyStage(1), 0), []
        for part, share in ((scenes, 4 / 6), (edits, 2 / 6)):
            parts.append({name: share * loss for name, loss in trainer.losses(part, TinyStage(1), 0).items()})
    for name in ("whole", "queries"):
        assert whole[name].item() == pytest.approx(sum(part[name].item() for part in parts), rel=1e-5)


def test_a_cell_question_counts_by_the_pairs_that_are_asked_it() -> None:
    answers = {"color": torch.zeros(4, 8, 9)}
    asked = torch.zeros(4, 8, dtype=torch.long)
    one_of_four = torch.full((4, 8), -1)
    one_of_four[0] = 0
    alone, among = (cell_loss(answers, {"color": labels}).item() for labels in (asked, one_of_four))
    assert among == pytest.approx(alone / 4)
