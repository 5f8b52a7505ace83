"""The engine without torch says what torch says: captions, probabilities, searches, adapters, layouts, exports."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tests.fixtures.checkpoints import random_images

from blip2idc.difference import Difference
from blip2idc.errors import Blip2idcError, ConfigError, InputError, MissingExtraError, ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import ImagePair
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.export import export_onnx
from blip2idc.model.files.packaged import TINY_MODEL
from blip2idc.model.joint_model import change_log_odds as change_log_odds_of_torch
from blip2idc.model.onnx import network
from blip2idc.model.onnx.captioner import OnnxCaptioner, change_log_odds
from blip2idc.model.pair_captioner import PairCaptioner
from blip2idc.worlds.scenes.world import ScenesWorld

#: Sums are rounded in another order: 1e-6 in the network, more where the odds are large.
PROBABILITY = 1e-4


@pytest.fixture(scope="module")
def pairs() -> list[ImagePair]:
    """Rendered scenes, and noise."""
    world = ScenesWorld(seed=5, height=80, width=160)
    made = [world.pair(index) for index in range(6)]
    images = random_images(np.random.default_rng(3), 8)
    return [
        *(ImagePair(Image.fromarray(pair.before), Image.fromarray(pair.after)) for pair in made),
        *(ImagePair(images[index], images[index + 1]) for index in range(0, 8, 2)),
    ]


@pytest.fixture(scope="module")
def engines(opt_checkpoint: Path) -> list[tuple[PairCaptioner, PairCaptioner]]:
    """The packaged model and a random one, each without torch and with it."""
    return [
        (OnnxCaptioner.from_pretrained(model), DifferenceCaptioner.from_pretrained(model, device="cpu"))
        for model in (None, opt_checkpoint)
    ]


def same(found: Sequence[Difference], expected: Sequence[Difference]) -> None:
    """What is told but for the places that torch reads from its heatmaps."""
    assert [one.tokens for one in found] == [one.tokens for one in expected]
    assert [(one.caption, one.changed) for one in found] == [(one.caption, one.changed) for one in expected]
    assert [one.change_probability for one in found] == pytest.approx(
        [one.change_probability for one in expected], abs=PROBABILITY
    )


def test_the_vit_sees_a_few_at_a_time(pairs: list[ImagePair], monkeypatch: pytest.MonkeyPatch) -> None:
    captioner = OnnxCaptioner.from_pretrained()
    joints = [captioner.join(pair) for pair in pairs]
    vision, counts = captioner.network._vision, []

    class Counted:
        def run(self, wanted: Any, given: dict[str, np.ndarray]) -> Any:
            counts.append(len(given["pixel_values"]))
            return vision.run(wanted, given)

    together = captioner.caption_joints(joints)
    monkeypatch.setattr(captioner.network, "_vision", Counted())
    same(captioner.caption_joints(joints), together)
    assert counts == [4, 4, 2]


def test_parts_of_a_batch_go_side_by_side(pairs: list[ImagePair], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "usable_cores", lambda: 2)
    captioner = OnnxCaptioner.from_pretrained()
    assert captioner.lanes == 2
    threads: set[str] = set()
    both = threading.Barrier(2, timeout=60)

    def encode(joints: Sequence[Any]) -> Any:
        threads.add(threading.current_thread().name)
        both.wait()  # neither goes on before the other has begun
        return OnnxCaptioner.encode(captioner, joints)

    monkeypatch.setattr(captioner, "encode", encode)
    found = list(captioner.stream([*pairs, *pairs], 10, max_changes=0))
    assert len(threads) == 2
    monkeypatch.undo()
    same(found, [*captioner.stream(pairs, max_changes=0)] * 2)


@pytest.mark.parametrize("adapter", ["default", "scenes", None])
def test_the_packaged_model(adapter: str | None, pairs: list[ImagePair]) -> None:
    plain, torch_one = (
        OnnxCaptioner.from_pretrained(adapter=adapter),
        DifferenceCaptioner.from_pretrained(adapter=adapter, device="cpu"),
    )
    assert plain.describe() == {**torch_one.describe(), "engine": "onnx"}
    assert plain.settings == torch_one.settings
    found = list(plain.stream(pairs))
    same(found, list(torch_one.stream(pairs)))
    same([plain(pair.before, pair.after) for pair in pairs[:3]], found[:3])
    assert len({one.caption for one in found}) > 3 or adapter is None


@pytest.mark.filterwarnings(
    "ignore:Passing `:UserWarning"
)  # that torch's search penalises what is said alone
@pytest.mark.parametrize(
    "decoding",
    [
        {"num_beams": 3},
        {"num_beams": 4, "length_penalty": 2.0, "max_new_tokens": 7},
        {"num_beams": 2, "length_penalty": -1.0},
        {"repetition_penalty": 1.8},
        {"no_repeat_ngram_size": 2},
        {"num_beams": 3, "repetition_penalty": 1.5, "no_repeat_ngram_size": 2, "max_new_tokens": 12},
        {"max_new_tokens": 1},
    ],
)
def test_searches(
    decoding: dict[str, Any], pairs: list[ImagePair], engines: list[tuple[PairCaptioner, PairCaptioner]]
) -> None:
    for both in engines:
        found, expected = (list(one.stream(pairs, max_changes=0, **decoding)) for one in both)
        same(found, expected)


@pytest.mark.parametrize("layout", [JointLayout("horizontal", 32, 64), JointLayout("vertical", 64, 32)])
def test_other_layouts_and_a_prompt(
    layout: JointLayout, opt_checkpoint: Path, pairs: list[ImagePair], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(opt_checkpoint, tmp_path / "model"))
    (folder / "blip2idc.json").write_text(json.dumps({"prompt": "what changed?"}), encoding="utf-8")
    plain = OnnxCaptioner.from_pretrained(folder, layout=layout)
    torch_one = DifferenceCaptioner.from_pretrained(folder, layout=layout, device="cpu")
    same(list(plain.stream(pairs, max_changes=0)), list(torch_one.stream(pairs, max_changes=0)))


def test_a_checkpoint_laid_out_as_the_released_ones(
    released_checkpoint: Path, pairs: list[ImagePair]
) -> None:
    if not (released_checkpoint / "tokenizer.json").is_file():
        with pytest.raises(ModelError, match=r"tokenizer\.json is missing"):
            OnnxCaptioner.from_pretrained(released_checkpoint)
        return
    plain = OnnxCaptioner.from_pretrained(released_checkpoint)
    torch_one = DifferenceCaptioner.from_pretrained(released_checkpoint, device="cpu")
    same(list(plain.stream(pairs, max_changes=0)), list(torch_one.stream(pairs, max_changes=0)))


def test_log_odds() -> None:
    scores = torch.tensor([[-3.0, -2.0], [-1e-9, -40.0], [-80.0, -90.0]])
    expected = change_log_odds_of_torch(scores).numpy()
    assert change_log_odds(scores.numpy()) == pytest.approx(expected, rel=1e-12)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_onnx(tmp_path_factory.mktemp("export") / "model", None, "default")


def test_an_export_says_the_same_in_both_engines(exported: Path, pairs: list[ImagePair]) -> None:
    expected = list(OnnxCaptioner.from_pretrained().stream(pairs))
    same(list(OnnxCaptioner.from_pretrained(exported).stream(pairs)), expected)
    same(list(DifferenceCaptioner.from_pretrained(exported, device="cpu").stream(pairs)), expected)


def test_the_graphs_run_by_themselves(exported: Path, pairs: list[ImagePair]) -> None:
    """As `docs/guide-onnx.md` shows, with nothing of ours: the first token of each caption."""
    import onnxruntime

    vision, qformer, language = (
        onnxruntime.InferenceSession(exported / f"{name}.onnx") for name in ("vision", "qformer", "language")
    )
    captioner = OnnxCaptioner.from_pretrained(exported)
    joints = [captioner.join(pair) for pair in pairs]
    pixels = (np.stack(joints).transpose(0, 3, 1, 2) / 255 - 0.5) / 0.5
    patches = vision.run(None, {"pixel_values": pixels.astype(np.float32)})[0]
    prefix = qformer.run(None, {"patches": patches})[0]
    length = prefix.shape[1] + 1
    past = {
        entry.name: np.zeros((len(pairs), entry.shape[1], 0, entry.shape[3]), np.float32)
        for entry in language.get_inputs()
        if entry.name.startswith("past_")
    }
    inputs = {
        "prefix": prefix,
        "input_ids": np.full((len(pairs), 1), 1),
        "positions": np.arange(length)[None],
        "mask": np.triu(np.full((1, 1, length, length), -1e9, np.float32), 1),
        "keep": np.array([length - 1]),
    }
    logits = language.run(["logits"], {**inputs, **past})[0]
    first = [one.tokens[0] for one in captioner.stream(pairs, max_changes=0)]
    assert logits[:, -1].argmax(-1).tolist() == first


def test_the_graphs_are_valid(exported: Path) -> None:
    onnx = pytest.importorskip("onnx")
    for name in ("vision", "qformer", "language"):
        onnx.checker.check_model(str(exported / f"{name}.onnx"), full_check=True)


def test_an_export_keeps_words_of_ones_own(tmp_path: Path) -> None:
    adapter = Path(shutil.copytree(TINY_MODEL / "adapters" / "default", tmp_path / "mine"))
    assert OnnxCaptioner.from_pretrained(adapter=adapter).own_words
    written = export_onnx(tmp_path / "model", None, adapter)
    assert OnnxCaptioner.from_pretrained(written).own_words
    with pytest.raises(InputError, match="is there already"):
        export_onnx(written, None, adapter)


def refused(model: Path | str | None, adapter: Path | str | None = None) -> str:
    with pytest.raises(Blip2idcError) as caught:
        OnnxCaptioner.from_pretrained(model, adapter)
    return str(caught.value)


def test_refusals(opt_checkpoint: Path, t5_checkpoint: Path, tmp_path: Path) -> None:
    assert "the language model is of type 't5'" in refused(t5_checkpoint)
    assert "is no folder, and --engine onnx reads from folders" in refused("Salesforce/blip2-opt-2.7b")
    assert "is no folder" in refused(opt_checkpoint, "owner/adapter")
    assert "does not fit" in refused(opt_checkpoint, TINY_MODEL / "adapters" / "default")
    adapter = Path(shutil.copytree(TINY_MODEL / "adapters" / "default", tmp_path / "dora"))
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    (adapter / "adapter_config.json").write_text(json.dumps({**config, "use_dora": True}), encoding="utf-8")
    assert "is more than a plain LoRA (use_dora); merge it with blip2idc export" in refused(None, adapter)
    empty = Path(shutil.copytree(opt_checkpoint, tmp_path / "empty"))
    (empty / "model.safetensors").unlink()
    assert "model.safetensors is missing" in refused(empty)
    cut = Path(shutil.copytree(opt_checkpoint, tmp_path / "cut"))
    data = (cut / "model.safetensors").read_bytes()
    (cut / "model.safetensors").write_bytes(data[: len(data) // 2])
    assert "its files cannot be used" in refused(cut)


def test_no_heatmaps(pairs: list[ImagePair]) -> None:
    captioner = OnnxCaptioner.from_pretrained()
    difference = captioner(pairs[0].before, pairs[0].after)
    assert not captioner.shows_heatmaps
    with pytest.raises(ModelError, match="does not show where it looks"):
        difference.heatmaps()
    with pytest.raises(ConfigError, match="key beams is not known"):
        captioner(pairs[0].before, pairs[0].after, beams=3)


def test_without_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'blip2idc\[onnx\]'"):
        OnnxCaptioner.from_pretrained()


WITHOUT = """
import sys
for name in ("torch", "transformers", "peft", "accelerate", "matplotlib", "huggingface_hub"):
    sys.modules[name] = None
from blip2idc.cli.main import main
main(sys.argv[1:])
"""


def test_commands_without_torch(tmp_path: Path) -> None:
    """`caption` of a pair and of a data set, and `compare`, where torch and transformers cannot be imported."""
    world = ScenesWorld(seed=5, height=80, width=160)
    for folder in ("before", "after"):
        (tmp_path / folder).mkdir()
    for index in range(2):
        pair = world.pair(index)
        Image.fromarray(pair.before).save(tmp_path / "before" / f"{index}.png")
        Image.fromarray(pair.after).save(tmp_path / "after" / f"{index}.png")
    table = tmp_path / "pairs.csv"
    table.write_text("before,after\nbefore/0.png,after/0.png\nbefore/1.png,after/1.png\n", encoding="utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WITHOUT, *arguments]
        return subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, timeout=300, check=False)

    single = run("caption", "before/0.png", "after/0.png")  # the engine that is there
    assert (single.returncode, single.stderr) == (0, "")
    many = run("caption", "--data", str(table), "--output", "out.json", "--engine", "onnx")
    assert many.returncode == 0, many.stderr
    told = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert told[0]["caption"] == single.stdout.strip()
    compared = run("compare", "before", "after", "--html", "page.html", "--json", "out.json")
    assert compared.returncode == 1, compared.stderr
    assert "2 changed" in compared.stdout
    assert (tmp_path / "page.html").is_file()


@pytest.mark.parametrize(
    ("key", "value"),
    [("activation_function", {}), ("eos_token_id", "x"), ("num_attention_heads", 7), ("eos_token_id", [[1]])],
)
def test_what_a_description_makes_this_engine_do(key: str, value: object, tmp_path: Path) -> None:
    """Whatever is raised where it is read or run is told of the model."""
    folder = shutil.copytree(TINY_MODEL / "backbone", tmp_path / "model")
    content = json.loads((folder / "config.json").read_text())
    content["text_config"][key] = value
    (folder / "config.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match=f"model '{folder}'"):
        OnnxCaptioner.from_pretrained(folder, None)(
            *random_images(np.random.default_rng(0), 2), max_changes=0
        )
