"""Mixing data sets: shares, order, and that an interrupted run with several stages goes on exactly."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.fixtures.checkpoints import write_dataset
from tests.training.test_run import interrupted, trained, without_dropout

from blip2idc.cli.main import run
from blip2idc.config import load_config
from blip2idc.data.dataset import CaptionDataset, EpochSampler, drawn
from blip2idc.errors import ConfigError, ManifestError
from blip2idc.model.adapters.adapter import LoraSettings
from blip2idc.training import run as training_run
from blip2idc.training.data import gather_data
from blip2idc.training.mixing import DataShare, parse_data, stages_of
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.run import train


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("mixing") / "real", 12)


@pytest.fixture(scope="module")
def synthetic(real: Path) -> Path:
    return write_dataset(real.parent / "synthetic", 16)


@pytest.fixture(scope="module")
def recipe(opt_checkpoint: Path) -> TrainConfig:
    return TrainConfig(
        model=str(opt_checkpoint), lora=LoraSettings(rank=4), epochs=2, batch_size=3, learning_rate=5e-3, workers=0,
        validation_share=0.2, log_every=1, patience=0, evaluate_every=2, calibration_pairs=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(
    real: Path, synthetic: Path, recipe: TrainConfig, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Any], Path]:
    """What a run in an order leaves that nobody interrupted, trained once."""

    @functools.cache
    def trained_in(order: Any) -> Path:
        output = tmp_path_factory.mktemp("undisturbed") / "out"
        train([f"{synthetic}:0.5", str(real)], output, replace(recipe, order=order))
        return output

    return trained_in


@pytest.mark.parametrize(
    ("text", "path", "share"),
    [
        ("data/a", "data/a", 1.0),
        ("data/a:0.5", "data/a", 0.5),
        ("a:2", "a", 2.0),
        ("C:\\data\\a", "C:\\data\\a", 1.0),
    ],
)
def test_a_share_follows_the_last_colon(text: str, path: str, share: float) -> None:
    assert parse_data(text) == DataShare(Path(path), share)


def test_a_folder_whose_name_looks_like_a_share_is_meant(tmp_path: Path) -> None:
    (tmp_path / "a:0.5").mkdir()
    assert parse_data(str(tmp_path / "a:0.5")) == DataShare(tmp_path / "a:0.5")
    (tmp_path / "a").mkdir()
    with pytest.raises(ConfigError, match=r"'half' is no share; expected PATH or PATH:SHARE"):
        parse_data(f"{tmp_path / 'a'}:half")


@pytest.mark.parametrize("share", ["0", "-1", "nan", "inf"])
def test_a_share_is_above_zero(share: str) -> None:
    with pytest.raises(ConfigError, match="expected a number above 0"):
        parse_data(f"a:{share}")


@pytest.mark.parametrize(
    ("size", "count"), [(10, 5), (10, 3), (10, 9), (7, 2), (5, 12), (10, 12), (4, 4), (3, 1), (1, 3)]
)
def test_no_pair_comes_again_before_all_others_came(size: int, count: int) -> None:
    """Over `size` epochs every pair is seen equally often, and at any time within one of any other."""
    seen: Counter[int] = Counter()
    for epoch in range(size):
        found = drawn(size, count, seed=1, epoch=epoch)
        assert len(found) == count
        often = Counter(dict.fromkeys(range(size), 0)) + Counter(found)
        assert max(often.values()) == -(-count // size), "twice in an epoch although others were left"
        assert count < size or len(often) == size
        seen.update(found)
        assert max(seen.values()) - min(seen[index] for index in range(size)) <= 1
    assert set(seen.values()) == {count}
    assert drawn(size, count, 1, 1) == drawn(size, count, 1, 1)


def test_half_of_a_data_set_comes_in_every_second_epoch() -> None:
    for epoch in range(0, 8, 2):
        first, second = drawn(10, 5, 3, epoch), drawn(10, 5, 3, epoch + 1)
        assert sorted(first + second) == list(range(10))
    assert drawn(10, 5, 3, 0) != drawn(10, 5, 3, 2)


def test_what_is_drawn_depends_on_seed_epoch_and_data_set() -> None:
    one = drawn(100, 30, seed=1, epoch=0)
    assert one != drawn(100, 30, seed=2, epoch=0)
    assert not set(one) & set(drawn(100, 30, seed=1, epoch=1))
    assert one != drawn(100, 30, seed=1, epoch=0, number=1)


def test_the_sampler_gives_each_data_set_its_share() -> None:
    sampler = EpochSampler(30, 0, [(10, 10), (20, 5)])
    epochs = []
    for epoch in range(4):
        sampler.set_epoch(epoch)
        epochs.append([index for _, index in sampler])
        assert len(epochs[-1]) == len(sampler) == 15
        assert set(range(10)) <= set(epochs[-1])
    assert set().union(*epochs) == set(range(30))
    with pytest.raises(ValueError, match="do not make 31"):
        EpochSampler(31, 0, [(10, 10), (20, 5)])


def test_stages_have_their_epochs() -> None:
    sets = [("synthetic", 100, 0.5), ("real", 20, 1.0)]
    (mixed,) = stages_of(sets, "mixed", None)
    assert mixed.counts == (50, 20)
    assert mixed.lines()[0] == "synthetic: 50 of 100 pairs an epoch, 71% of the mix"
    first, second = stages_of(sets, "in-turn", [3, 10])
    assert (first.names, first.epochs, second.names, second.epochs) == (("synthetic",), 3, ("real",), 10)
    with pytest.raises(ConfigError, match="stage_epochs has 1 numbers and order in-turn makes 2 stages"):
        stages_of(sets, "in-turn", [3])


def test_in_turn_validates_on_the_last_data_set_alone(real: Path, synthetic: Path) -> None:
    pairs = gather_data([DataShare(synthetic, 0.5), DataShare(real)], share=0.25, order="in-turn")
    assert {sample.manifest.root.name for sample in pairs.validation} == {"real"}
    assert [stage.mix.names for stage in pairs.stages] == [("synthetic",), ("real",)]
    assert [len(stage.train) for stage in pairs.stages] == [16, 9]
    assert [(entry["name"], entry["share"], entry["stage"]) for entry in pairs.account["train"]] == [
        ("synthetic", 0.5, 1),
        ("real", 1.0, 2),
    ]
    mixed = gather_data([DataShare(synthetic), DataShare(real)], share=0.5)
    assert {sample.manifest.root.name for sample in mixed.validation} == {"real", "synthetic"}
    assert [entry["stage"] for entry in mixed.account["train"]] == [1, 1]


def test_no_stage_trains_on_held_out_pairs(real: Path, synthetic: Path) -> None:
    """The data set that validation pairs are drawn from may train in an earlier stage too."""
    pairs = gather_data([DataShare(real), synthetic, real], share=0.25, order="in-turn")
    held = {sample.record.id for sample in pairs.validation}
    assert held
    for number, size in ((0, 9), (2, 9)):
        ids = {sample.record.id for sample in pairs.stages[number].train}
        assert len(ids) == size
        assert not ids & held
    assert len(pairs.stages[1].train) == 16, "the same ids in another folder are other pairs"


def test_validation_splits_of_earlier_stages_are_left_alone(tmp_path: Path, real: Path) -> None:
    write_dataset(tmp_path / "made" / "train", 6, seed=3)
    write_dataset(tmp_path / "made" / "val", 4, seed=4)
    turn = gather_data([tmp_path / "made", real], share=0.25, order="in-turn")
    assert {sample.manifest.root for sample in turn.validation} == {real}
    mixed = gather_data([tmp_path / "made", real], share=0.25)
    assert {sample.manifest.root for sample in mixed.validation} == {tmp_path / "made" / "val"}


class Recorded:
    """The names of the data sets whose pairs were opened, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        original = CaptionDataset.__getitem__

        def recorded(dataset: CaptionDataset, key: Any) -> Any:
            if isinstance(key, tuple):  # the training sampler's; validation asks by plain index
                self.names.append(dataset.samples[key[1]].manifest.root.name)
            return original(dataset, key)

        monkeypatch.setattr(CaptionDataset, "__getitem__", recorded)


def test_synthetic_pairs_come_first_and_then_real_ones(
    real: Path, synthetic: Path, recipe: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = Recorded(monkeypatch)
    settings = replace(recipe, order="in-turn", stage_epochs=(2, 1))
    said: list[str] = []
    result = train([f"{synthetic}:0.5", str(real)], tmp_path / "out", settings, say=said.append)
    asked = Counter(recorded.names)
    first_real = recorded.names.index("real")
    assert set(recorded.names[:first_real]) == {"synthetic"}
    assert set(recorded.names[first_real:]) == {"real"}
    assert asked["synthetic"] == 16  # two epochs of half of it
    assert "synthetic: 8 of 16 pairs an epoch, 100% of the mix" in said
    assert [line for line in said if line.startswith("stage")] == ["stage 1 of 2", "stage 2 of 2"]
    written = json.loads((result.output / "blip2idc.json").read_text())
    assert written["data"]["order"] == "in-turn"
    assert written["run_record"]["recipe"]["data"][0]["share"] == 0.5
    steps = [
        json.loads(line)["step"] for line in (result.output / "training_log.jsonl").read_text().splitlines()
    ]
    assert steps.count(1) == 2  # the logs of both stages
    assert written["run_record"]["steps"] == (result.output / "training_log.jsonl").read_text().count(
        '"loss"'
    )


def test_mixed_epochs_see_both(
    real: Path, synthetic: Path, recipe: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = Recorded(monkeypatch)
    train(
        [f"{synthetic}:0.25", f"{real}:2"], tmp_path / "out", replace(recipe, epochs=1, validation_share=0.1)
    )
    asked = Counter(recorded.names)
    sizes = gather_data([synthetic, real], share=0.1, seed=recipe.seed).stages[0].mix.sizes
    assert asked == {"synthetic": round(0.25 * sizes[0]), "real": 2 * sizes[1]}


# steps: synthetic 16 pairs of which half make 3 steps an epoch, real 9 or 10 pairs make 4 at most
@pytest.mark.parametrize(
    ("order", "stop"),
    [("in-turn", 3), ("in-turn", 5), ("mixed", 5)],
    ids=["stage 1", "stage 1 later", "mixed"],
)
def test_an_interrupted_mix_goes_on_exactly(
    real: Path,
    synthetic: Path,
    undisturbed: Callable[[Any], Path],
    recipe: TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    order: Any,
    stop: int,
) -> None:
    settings = replace(recipe, order=order)
    data = [f"{synthetic}:0.5", str(real)]
    interrupted(monkeypatch, stop, data, tmp_path / "resumed", settings)
    train(data, tmp_path / "resumed", settings)
    same(undisturbed(order), tmp_path / "resumed")


@pytest.mark.slow
def test_a_run_interrupted_in_its_second_stage_goes_on_exactly(
    real: Path, synthetic: Path, recipe: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(recipe, order="in-turn", stage_epochs=(1, 3))  # 3 steps, then more
    data = [f"{synthetic}:0.5", str(real)]
    train(data, tmp_path / "whole", settings)
    for stop in (7, 9):
        interrupted(monkeypatch, stop, data, tmp_path / "resumed", settings)
        assert (tmp_path / "resumed.training" / "stage-1" / "done").is_file()
    said: list[str] = []
    train(data, tmp_path / "resumed", settings, say=said.append)
    assert "done before" in said
    same(tmp_path / "whole", tmp_path / "resumed")
    counts = [json.loads((tmp_path / name / "blip2idc.json").read_text())["run_record"]["steps"]
              for name in ("whole", "resumed")]  # fmt: skip
    assert counts[0] == counts[1] > 9
    # the comparison can fail, and the first stage matters
    train([str(real)], tmp_path / "alone", replace(recipe, epochs=3))
    one, other = trained(tmp_path / "whole"), trained(tmp_path / "alone")
    assert any(not torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.slow
def test_a_second_stage_without_a_checkpoint_begins_with_the_weights_of_the_first(
    real: Path, synthetic: Path, recipe: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(recipe, order="in-turn", stage_epochs=(1, 3), evaluate_every=6)
    data = [f"{synthetic}:0.5", str(real)]
    train(data, tmp_path / "whole", settings)
    interrupted(monkeypatch, 5, data, tmp_path / "resumed", settings)  # the first stage has 3 steps
    assert not list((tmp_path / "resumed.training" / "stage-2").glob("checkpoint-*"))
    train(data, tmp_path / "resumed", settings)
    same(tmp_path / "whole", tmp_path / "resumed")


@pytest.mark.slow
def test_a_stage_whose_end_was_not_written_down_is_ended_again(
    real: Path, synthetic: Path, recipe: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the last checkpoint of the first stage and before its result was kept."""
    settings = replace(recipe, order="in-turn", stage_epochs=(2, 1), evaluate_every=3)
    data = [f"{synthetic}:0.5", str(real)]
    train(data, tmp_path / "whole", settings)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training_run, "save_trained_weights", killed)
        with pytest.raises(KeyboardInterrupt):
            train(data, tmp_path / "resumed", settings)
    first = tmp_path / "resumed.training" / "stage-1"
    assert (first / "checkpoint-6").is_dir()
    assert not (first / "done").exists()
    train(data, tmp_path / "resumed", settings)
    same(tmp_path / "whole", tmp_path / "resumed")


def same(one: Path, other: Path) -> None:
    first, second = trained(one), trained(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    logs = [(folder / "training_log.jsonl").read_text().splitlines() for folder in (one, other)]
    losses = [[entry["loss"] for line in log if "loss" in (entry := json.loads(line))] for log in logs]
    assert losses[0] == losses[1]


def test_another_share_or_order_is_another_run(
    real: Path, synthetic: Path, recipe: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(monkeypatch, 1, [f"{synthetic}:0.5", str(real)], tmp_path / "out", recipe)
    with pytest.raises(ConfigError, match=r"other settings \(data\)"):
        train([f"{synthetic}:0.6", str(real)], tmp_path / "out", recipe)
    with pytest.raises(ConfigError, match=r"other settings \(order\)"):
        train([f"{synthetic}:0.5", str(real)], tmp_path / "out", replace(recipe, order="in-turn"))


def test_a_recipe_names_its_data(
    real: Path, synthetic: Path, tmp_path: Path, opt_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(
        f"data: [{{path: {synthetic}, share: 0.5}}, {{path: {real}}}]\norder: in-turn\nstage_epochs: [1, 1]\n"
        f"model: {opt_checkpoint}\nbatch_size: 8\nworkers: 0\nvalidation_share: 0.2\ncalibration_pairs: 0\n"
    )
    config = load_config(TrainConfig, file)
    assert config.data == (DataShare(synthetic, 0.5), DataShare(real))
    assert run(["train", "--config", str(file), "--output", str(tmp_path / "out")]) == 0
    err = capsys.readouterr().err
    assert "synthetic: 8 of 16 pairs an epoch" in err
    # --data takes the place of the recipe's
    words = ["train", "--config", str(file), "--data", f"{real}:0.5", "--output", str(tmp_path / "other")]
    assert run([*words, "--order", "mixed", "--set", "stage_epochs=null", "--set", "epochs=1"]) == 0
    assert "synthetic" not in capsys.readouterr().err


def test_wrong_data_is_told(tmp_path: Path, recipe: TrainConfig, real: Path) -> None:
    with pytest.raises(ManifestError, match="expected --data once or more, or data in the recipe"):
        train([], tmp_path / "out", recipe)
    with pytest.raises(ManifestError, match="no such data set"):
        train([str(tmp_path / "nowhere:0.5")], tmp_path / "out", recipe)
    with pytest.raises(ConfigError, match=r"stage_epochs is \(0,\)"):
        replace(recipe, stage_epochs=(0,))
    with pytest.raises(ConfigError, match="makes 1 stages"):
        train([str(real)], tmp_path / "out", replace(recipe, stage_epochs=(1, 2)))


def launched(processes: int, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """`blip2idc train` under torchrun."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *launcher, "-m", "blip2idc", "train", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(command, check=True, env=environment, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_processes_take_the_stages_of_one(
    real: Path, synthetic: Path, tmp_path: Path, opt_checkpoint: Path
) -> None:
    checkpoint = without_dropout(opt_checkpoint, tmp_path / "model")
    losses = []
    for processes in (1, 2):
        output = tmp_path / f"of-{processes}"
        settings = [
            "order=in-turn", "stage_epochs=[2,1]", f"batch_size={4 // processes}", "workers=0", "validation_share=0.34",
            "calibration_pairs=0", "log_every=1", "lora.rank=2", "lora.dropout=0", "keep_checkpoints=true",
        ]  # fmt: skip
        arguments = ["--data", f"{synthetic}:0.5", "--data", str(real), "--model", str(checkpoint)]
        arguments += ["--output", str(output), *(part for one in settings for part in ("--set", one))]
        launched(processes, arguments)
        entries = [json.loads(line) for line in (output / "training_log.jsonl").read_text().splitlines()]
        losses.append([(entry["step"], entry["loss"]) for entry in entries if "loss" in entry])
    assert [step for step, _ in losses[0]] == [1, 2, 3, 4, 1, 2]
    assert [step for step, _ in losses[1]] == [1, 2, 3, 4, 1, 2]
    for (_, one), (_, two) in zip(*losses, strict=True):
        assert two == pytest.approx(one, rel=1e-3)
    # the finished stage is found by both processes, and both begin again where that is asked for
    again = launched(2, [*arguments, "--overwrite"])
    assert again.stderr.count("done before") == 2
    anew = launched(2, [*arguments, "--overwrite", "--restart"])
    assert "done before" not in anew.stderr
    assert anew.stderr.count("going on from") == 0
