"""A run as a whole: what it writes and refuses, exact resuming, gradients that do not depend on how batches are cut."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tests.fixtures.checkpoints import write_dataset
from transformers import Blip2ForConditionalGeneration, TrainerCallback, TrainerState
from transformers.models.blip_2 import modeling_blip_2

from blip2idc.config import load_config
from blip2idc.data.dataset import EpochSampler
from blip2idc.errors import ConfigError, ImageError, InputError, ManifestError, ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.model.adapters.adapter import LoraSettings
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.files.settings import read_settings
from blip2idc.runs.lock import only_run
from blip2idc.training import run
from blip2idc.training.data import gather_data, no_change_captions
from blip2idc.training.folders import begun_with, check_output, open_work_folder
from blip2idc.training.log_callback import LogCallback
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.run import train


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("training") / "data", 22)


@pytest.fixture
def recipe(opt_checkpoint: Path) -> TrainConfig:
    return TrainConfig(
        model=str(opt_checkpoint), lora=LoraSettings(rank=4, layers="attention"), epochs=2, batch_size=3,
        learning_rate=5e-3, workers=0,
        validation_share=0.2, log_every=1, patience=0,
    )  # fmt: skip


def trained(folder: Path) -> dict[str, torch.Tensor]:
    name = (
        "adapter_model.safetensors"
        if (folder / "adapter_model.safetensors").exists()
        else "model.safetensors"
    )
    return dict(load_file(folder / name))


class Stop(TrainerCallback):
    """Interrupts a run after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == self.step:
            raise KeyboardInterrupt


def interrupted(monkeypatch: pytest.MonkeyPatch, step: int, *arguments: Any, **keywords: Any) -> None:
    original = run.make_trainer

    def with_stop(*inner: Any) -> Any:
        trainer = original(*inner)
        trainer.add_callback(Stop(step))
        return trainer

    with monkeypatch.context() as patch:
        patch.setattr(run, "make_trainer", with_stop)
        with pytest.raises(KeyboardInterrupt):
            train(*arguments, **keywords)


@pytest.mark.parametrize(("mode", "every", "stop"), [("lora", 2, 5), ("lora", 6, 8), ("full", 4, 7)])
def test_interrupted_and_resumed_is_undisturbed(
    dataset: Path,
    recipe: TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: Any,
    every: int,
    stop: int,
) -> None:
    recipe = replace(recipe, mode=mode, evaluate_every=every, gradient_accumulation_steps=1)
    train([dataset], tmp_path / "whole", recipe)
    interrupted(monkeypatch, stop, [dataset], tmp_path / "resumed", recipe)
    assert not (tmp_path / "resumed").exists()
    said: list[str] = []
    train([dataset], tmp_path / "resumed", recipe, say=said.append)
    assert any("going on from" in line and f"checkpoint-{stop // every * every}" in line for line in said)
    whole, resumed = trained(tmp_path / "whole"), trained(tmp_path / "resumed")
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    logs = [
        (tmp_path / name / "training_log.jsonl").read_text().splitlines() for name in ("whole", "resumed")
    ]
    losses = [
        [(entry["step"], entry["loss"]) for line in log if "loss" in (entry := json.loads(line))]
        for log in logs
    ]
    assert losses[0] == losses[1]
    assert not (tmp_path / "resumed.training").exists()


class Spoil(TrainerCallback):
    """Puts what is no number into a weight after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if state.global_step == self.step:
            weight = next(parameter for parameter in model.parameters() if parameter.requires_grad)
            with torch.no_grad():
                weight.fill_(float("nan"))


@pytest.mark.parametrize("step", [3, 4])
def test_a_run_that_breaks_keeps_its_last_good_checkpoint(
    step: int, dataset: Path, recipe: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After step 3 the loss of the next step tells it, after step 4 the checkpoint that would be written."""
    original = run.make_trainer

    def spoiled(*inner: Any) -> Any:
        trainer = original(*inner)
        trainer.add_callback(Spoil(step))
        return trainer

    monkeypatch.setattr(run, "make_trainer", spoiled)
    with pytest.raises(
        ModelError, match=r"training: .*the last good checkpoint is kept in .*model\.training"
    ):
        train([dataset], tmp_path / "model", replace(recipe, evaluate_every=2))
    kept = sorted((tmp_path / "model.training").glob("checkpoint-*/trained.safetensors"))
    assert [path.parent.name for path in kept] == ["checkpoint-2"]
    assert all(torch.isfinite(weight).all() for weight in load_file(kept[0]).values())
    assert not (tmp_path / "model").exists()


def test_resuming_is_not_repeating(dataset: Path, recipe: TrainConfig, tmp_path: Path) -> None:
    """The control of the test above: another seed, or fewer steps, gives other weights."""
    train([dataset], tmp_path / "one", recipe)
    train([dataset], tmp_path / "other", replace(recipe, seed=1))
    train([dataset], tmp_path / "shorter", replace(recipe, max_steps=3))
    one = trained(tmp_path / "one")
    for name in ("other", "shorter"):
        assert any(not torch.equal(value, trained(tmp_path / name)[key]) for key, value in one.items())


@pytest.mark.parametrize("language", ["opt", "t5"])
def test_cutting_a_batch_into_steps_changes_nothing(
    dataset: Path, tmp_path: Path, request: pytest.FixtureRequest, language: str
) -> None:
    checkpoint = without_dropout(request.getfixturevalue(f"{language}_checkpoint"), tmp_path / "model")
    weights = []
    for batch_size, accumulate in ((8, 1), (4, 2), (2, 4)):
        config = TrainConfig(
            model=str(checkpoint),
            mode="full",
            max_steps=1,
            batch_size=batch_size,
            gradient_accumulation_steps=accumulate,
            warmup_ratio=0.0,
            learning_rate=1e-3,
            workers=0,
            validation_share=0.2,
            calibration_pairs=0,
        )
        output = tmp_path / f"{batch_size}"
        train([dataset], output, config)
        losses = [json.loads(line) for line in (output / "training_log.jsonl").read_text().splitlines()]
        weights.append(
            (next(entry["eval_loss"] for entry in losses if "eval_loss" in entry), trained(output))
        )
    for loss, found in weights[1:]:
        assert loss == pytest.approx(weights[0][0], abs=1e-5)
        # Adam's first step has the size of the learning rate whatever the gradient's, so that only signs of gradients
        # that are zero but for rounding can differ: few weights, by at most twice the rate
        differing = sum(
            int(((found[key] - value).abs() > 1e-5).sum()) for key, value in weights[0][1].items()
        )
        assert differing < 2e-3 * sum(value.numel() for value in found.values())


def without_dropout(checkpoint: Path, folder: Path) -> Path:
    """A copy whose passes are repeatable, so that gradients can be compared."""
    folder.mkdir()
    for file in checkpoint.iterdir():
        if file.name != "config.json":
            (folder / file.name).symlink_to(file)
    values = json.loads((checkpoint / "config.json").read_text())
    for part in values.values():
        if isinstance(part, dict):
            part.update({key: 0.0 for key in part if "dropout" in key and isinstance(part[key], float)})
    (folder / "config.json").write_text(json.dumps(values))
    return folder


def test_each_pair_is_seen_once_an_epoch(
    dataset: Path, recipe: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    from blip2idc.data.dataset import CaptionDataset

    original = CaptionDataset.__getitem__

    def note(self: CaptionDataset, key: Any) -> Any:
        if isinstance(key, tuple):
            asked.append(key)
        return original(self, key)

    monkeypatch.setattr(CaptionDataset, "__getitem__", note)
    train([dataset], tmp_path / "model", replace(recipe, gradient_accumulation_steps=2, calibration_pairs=0))
    size = len(gather_data([dataset], share=0.2).train)
    assert sorted(asked) == [(epoch, index) for epoch in range(2) for index in range(size)]
    assert list(EpochSampler(size, 0)) == asked[:size]


def test_what_a_run_leaves(dataset: Path, recipe: TrainConfig, tmp_path: Path, opt_checkpoint: Path) -> None:
    said: list[str] = []
    layout = JointLayout("horizontal", 32, 32)
    result = train(
        [dataset], tmp_path / "model", replace(recipe, layout=layout, prompt="now"), say=said.append
    )
    settings = read_settings(result.output)
    assert settings is not None
    assert settings.layout == layout
    assert settings.prompt == "now"
    assert settings.calibration.fitted
    assert settings.run_record["recipe"]["lora"]["rank"] == 4
    assert settings.data["train"][0]["name"] == "data"
    assert settings.scores["validation_loss"] > 0
    assert set(settings.no_change_captions) == {
        "there is no change", "nothing has changed", "the two scenes seem identical"
    }  # fmt: skip
    lines = "\n".join(said)
    for expected in ("device cpu (", "dtype float32 (", "rank 4 on 26 modules", "trainable of", "pairs: "):
        assert expected in lines
    log = [json.loads(line) for line in (result.output / "training_log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log if "loss" in entry] == list(range(1, log[-1]["step"] + 1))
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, result.output)
    assert captioner.layout == layout
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


def test_full_training_leaves_a_backbone(dataset: Path, recipe: TrainConfig, tmp_path: Path) -> None:
    result = train([dataset], tmp_path / "model", replace(recipe, mode="full", max_steps=2))
    model = Blip2ForConditionalGeneration.from_pretrained(result.output)
    assert model.config.num_query_tokens == 6
    captioner = DifferenceCaptioner.from_pretrained(result.output)
    assert captioner.settings == result.settings


def test_the_best_checkpoint_is_kept_and_training_stops_early(
    dataset: Path, recipe: TrainConfig, tmp_path: Path
) -> None:
    recipe = replace(
        recipe, mode="full", learning_rate=0.05, warmup_ratio=0.0, epochs=30, patience=1, evaluate_every=1
    )
    result = train([dataset], tmp_path / "model", recipe)
    log = [json.loads(line) for line in (result.output / "training_log.jsonl").read_text().splitlines()]
    losses = [entry["eval_loss"] for entry in log if "eval_loss" in entry]
    assert len(losses) < 180
    assert result.settings.scores["validation_loss"] == pytest.approx(min(losses))
    assert losses[-1] > min(losses), "the last is not the best, or this test shows nothing"
    again = replace(recipe, model=str(result.output), learning_rate=1e-12, max_steps=1, evaluate_every=None)
    same = train([dataset], tmp_path / "again", again)
    assert same.settings.scores["validation_loss"] == pytest.approx(min(losses), abs=1e-3)


def counted(function: Callable[..., Any], calls: list[int]) -> Callable[..., Any]:
    """The function, which notes every call."""

    def noted(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        return function(*arguments, **named)

    return noted


def test_gradient_checkpointing_changes_no_gradient(
    dataset: Path, opt_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = without_dropout(opt_checkpoint, tmp_path / "plain")
    found, passes, forwards = [], list[int](), list[int]()
    inside = modeling_blip_2.Blip2Attention  # inside a layer: the layer's own forward is what gets wrapped
    monkeypatch.setattr(inside, "forward", counted(inside.forward, passes))
    for number, on in enumerate((False, True)):
        config = TrainConfig(
            model=str(checkpoint),
            lora=LoraSettings(rank=4, dropout=0.0),
            max_steps=2,
            batch_size=4,
            workers=0,
            warmup_ratio=0.0,
            validation_share=0.2,
            calibration_pairs=0,
            gradient_checkpointing=on,
            learning_rate=1e-3,
        )
        found.append(trained(train([dataset], tmp_path / str(number), config).output))
        forwards.append(len(passes))
        passes.clear()
    # as many again in each training pass, and none in the validations before and after
    assert forwards[1] >= 1.5 * forwards[0], "the backward pass computes the activations again"
    assert all(torch.allclose(found[0][key], found[1][key], atol=1e-5) for key in found[0])


def test_other_settings_do_not_continue_a_run(
    dataset: Path, recipe: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(monkeypatch, 3, [dataset], tmp_path / "model", replace(recipe, evaluate_every=2))
    with pytest.raises(ConfigError, match=r"other settings \(learning_rate\).*--restart"):
        train([dataset], tmp_path / "model", replace(recipe, evaluate_every=2, learning_rate=1e-3))
    train([dataset], tmp_path / "model", replace(recipe, max_steps=1), restart=True)
    assert (tmp_path / "model" / "blip2idc.json").is_file()


def test_output_is_never_overwritten_by_accident(tmp_path: Path) -> None:
    check_output(tmp_path / "new", overwrite=False)
    (tmp_path / "empty").mkdir()
    check_output(tmp_path / "empty", overwrite=False)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.tex").write_text("years of work")
    with pytest.raises(ConfigError, match="not written by this program"):
        check_output(tmp_path / "foreign", overwrite=True)
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "blip2idc.json").write_text("{}")
    with pytest.raises(ConfigError, match="--overwrite"):
        check_output(tmp_path / "ours", overwrite=False)
    check_output(tmp_path / "ours", overwrite=True)
    for name in ("adapter_config.json", "model-00001-of-00002.safetensors", "model.safetensors.index.json",
                 "training_log.jsonl", "tokenizer.json", "chat_template.jinja", "README.md", "merges.txt"):  # fmt: skip
        (tmp_path / "ours" / name).touch()
    check_output(tmp_path / "ours", overwrite=True)
    (tmp_path / "ours" / "notes.txt").write_text("years of work")
    with pytest.raises(ConfigError, match=r"ours: holds notes\.txt beside a trained model"):
        check_output(tmp_path / "ours", overwrite=True)


@pytest.mark.parametrize("content", ["", "{", "[1]", "{}", '{"config": 3}', "[" * 100_000, '{"a": 1e999}'])
def test_a_recipe_that_is_damaged_is_a_sentence(content: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(content)
    with pytest.raises(ConfigError, match=r"recipe\.json"):
        begun_with(tmp_path)
    with pytest.raises(ConfigError, match=r"recipe\.json"):
        open_work_folder(tmp_path, {"config": {}, "data": []}, restart=False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["dtype=float16"], r"NaN \(peft issue 376\)"),
        (["dtype=int8"], "expected auto, float32 or bfloat16"),
        (["batch_size=0"], "batch_size is 0"),
        (["learning_rat=1"], "did you mean learning_rate"),
        (["lora.rank=0"], "lora.rank is 0"),
        (["weight_decay=.nan"], "weight_decay is nan; expected a number from 0 to 10"),
        (["learning_rate=.inf", "epochs=-.inf"], "learning_rate is inf.*epochs is -inf"),
        (["stage_epochs=[]"], "stage_epochs is"),
        (["seed=-1"], "seed is -1; expected a whole number from 0 to"),
        (["validation_share=1.5"], "validation_share is 1.5; expected a number above 0, below 1"),
    ],
)
def test_wrong_recipes_are_refused(settings: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(TrainConfig, None, settings)


@pytest.mark.parametrize("name", ["lora", "full-tiny", "synthetic-first", "hardware/gpus", "hardware/shared"])
def test_recipes_that_ship_are_valid(name: str) -> None:
    config = load_config(TrainConfig, Path(__file__).parents[2] / "recipes" / f"{name}.yaml")
    plan = config.lora.fitted(3_700_000_000)
    assert plan.effective_alpha == 2 * plan.rank


def test_splits_of_data(tmp_path: Path) -> None:
    write_dataset(tmp_path / "data" / "train", 6)
    write_dataset(tmp_path / "data" / "val", 4)
    other = write_dataset(tmp_path / "other", 8, seed=1)
    own = gather_data([tmp_path / "data"])
    assert (len(own.train), len(own.validation)) == (6, 4)
    given = gather_data([tmp_path / "data"], [other])
    assert (len(given.train), len(given.validation)) == (6, 8)
    both = gather_data([tmp_path / "data", other])
    assert (len(both.train), len(both.validation)) == (14, 4)
    assert [entry["pairs"] for entry in both.account["train"]] == [6, 8]
    share = gather_data([other], share=0.25)
    assert (len(share.train), len(share.validation)) == (6, 2)
    assert no_change_captions(own.train)[0] in {"there is no change", "nothing has changed"}
    with pytest.raises(ManifestError, match="no data set was given"):
        gather_data([])


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    class State:
        is_world_process_zero = True
        global_step = 3

    journal = LogCallback(tmp_path / "log.jsonl", lambda line: None)
    journal.on_log(None, State(), None, {"loss": 1.0})
    with pytest.raises(ModelError, match="loss is nan at step 3"):
        journal.on_log(None, State(), None, {"loss": float("nan")})
    with pytest.raises(
        ModelError, match=f"grad norm is inf at step 3; the last good checkpoint is kept in {tmp_path}"
    ):
        journal.on_log(None, State(), None, {"loss": 1.0, "grad_norm": float("inf")})
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 1


def test_a_run_that_learns_nothing_says_so(dataset: Path, recipe: TrainConfig, tmp_path: Path) -> None:
    said: list[str] = []
    result = train(
        [dataset], tmp_path / "model", replace(recipe, learning_rate=1e-9, max_steps=1), say=said.append
    )
    scores = result.settings.scores
    assert scores["validation_loss"] == pytest.approx(scores["validation_loss_before"], rel=1e-3)
    assert any(line.startswith("nothing was learned: the validation loss was") for line in said)
    said.clear()
    train([dataset], tmp_path / "other", replace(recipe, max_steps=8, learning_rate=1e-2), say=said.append)
    assert not any(line.startswith("nothing was learned") for line in said)


@pytest.mark.parametrize("workers", [0, 2])
def test_truncated_images_are_told_in_one_sentence_before_anything_is_trained(
    dataset: Path, recipe: TrainConfig, tmp_path: Path, workers: int
) -> None:
    broken, lines = shutil.copytree(dataset, tmp_path / "broken"), list[str]()
    for image in sorted(broken.rglob("*_before.png"))[:3]:
        image.write_bytes(image.read_bytes()[:60])
    recipe = replace(recipe, workers=workers)
    with pytest.raises(
        ImageError, match=r"^3 of \d+ image files cannot be read .*truncated.*show them \(3\)$"
    ):
        train([broken], tmp_path / "model", recipe, say=lines.append)
    assert not lines, "not even the backbone was loaded"
    train([broken], tmp_path / "model", replace(recipe, skip_unreadable=True, max_steps=1), say=lines.append)
    assert "their 3 pairs are left out" in lines[0]


def test_two_runs_do_not_write_the_same_model(dataset: Path, recipe: TrainConfig, tmp_path: Path) -> None:
    lock = tmp_path / ".model.lock"
    refused = pytest.raises(InputError, match="model: another run is writing into it")
    with only_run(lock, tmp_path / "model", remove=True), refused:
        train([dataset], tmp_path / "model", recipe)
    assert not list(tmp_path.iterdir())


def test_a_log_that_a_full_disk_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1, "loss": 2.0}\n{"loss": 3}\n[1]\n{"step": 2, "lo')
    LogCallback(path, lambda line: None, started_at=5)
    assert path.read_text() == '{"step": 1, "loss": 2.0}\n'


def test_a_log_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    written = LogCallback(tmp_path / "log.jsonl", lambda line: None)
    state = TrainerState(is_world_process_zero=True, global_step=1)
    written.path = Path("/dev/full")
    with pytest.raises(
        InputError, match=r"/dev/full: cannot be written \(No space left.*goes on from the last"
    ):
        written.on_log(None, state, None, {"loss": 1.0})
