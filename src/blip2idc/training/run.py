"""A training run from recipe to saved model: single process, torchrun or accelerate.

In: data sets, a recipe, an output folder. Out: an adapter folder (or in `full` mode a backbone folder) that
appears whole at the end, with settings, scores, run record and model card. Until then everything lies in
`OUTPUT.training`; a run that was interrupted finds it there and goes on exactly where its last checkpoint was.

Paper: Evennou et al., WACV 2025, arXiv 2412.15939.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from accelerate import PartialState
from transformers import EarlyStoppingCallback, PrinterCallback
from transformers.trainer_utils import get_last_checkpoint

from blip2idc.data.augment import AugmentedDataset
from blip2idc.data.collate import CaptionCollator, Preprocessor
from blip2idc.data.dataset import CaptionDataset, Sample
from blip2idc.data.joint_cache import JointCache
from blip2idc.data.readable import readable
from blip2idc.images.joint import JointLayout
from blip2idc.model.adapters.adapter import attach_adapter, describe_parameters, save_adapter
from blip2idc.model.backbone import Backbone, enable_gradient_checkpointing
from blip2idc.model.calibration import fit_calibration
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.files.settings import (
    Calibration,
    CaptionerSettings,
    read_settings,
)
from blip2idc.model.layers.casting import computes_in_float32
from blip2idc.model.layers.lean import compile_layers, use_lean_lora
from blip2idc.model.layers.products import use_plain_products
from blip2idc.model.layers.sharding import shard_frozen
from blip2idc.model.loading import load_backbone
from blip2idc.runs.files import atomic_write
from blip2idc.runs.lock import only_run
from blip2idc.runs.record import run_record
from blip2idc.runtime import seed_everything
from blip2idc.training.data import Stage, TrainingData, gather_data, no_change_captions
from blip2idc.training.fit import fit_to_backbone
from blip2idc.training.folders import begun_with, check_output, checkpoints_kept, open_work_folder
from blip2idc.training.log_callback import LOG_FILE, LogCallback
from blip2idc.training.mixing import DataShare, parse_data
from blip2idc.training.processes import check_sharding, device_of_process, processes_of, with_same_step
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.trainer import (
    CaptionTrainer,
    load_trained_weights,
    save_trained_weights,
    training_arguments,
)

DONE = "done"
_LEARNED = 0.98  # of the validation loss before training: what stays above it has learned nothing


@dataclass(frozen=True)
class TrainingResult:
    """Outcome of a run.

    Attributes:
        output: Folder of the trained model.
        settings: What was written beside it.
    """

    output: Path
    settings: CaptionerSettings


def train(
    data: Sequence[str | os.PathLike[str] | DataShare],
    output: str | os.PathLike[str],
    config: TrainConfig,
    *,
    validation: Sequence[str | os.PathLike[str]] = (),
    overwrite: bool = False,
    restart: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> TrainingResult:
    """Train a captioner.

    Example::

        train(["data/"], "adapter/", TrainConfig(epochs=3), say=print)
        DifferenceCaptioner.from_pretrained(adapter="adapter/")

    Args:
        data: Data sets to train on: folders, `FOLDER:SHARE` as text, or `DataShare`s; none for those of the recipe.
        output: Folder to write.
        config: The recipe.
        validation: Data sets to choose the checkpoint on; none for the data's own split or a share of it.
        overwrite: Replace a model that this program trained into `output` before.
        restart: Discard what an interrupted run left.
        say: Called with lines for a person.

    Returns:
        Folder and settings of the trained model.

    Raises:
        Blip2idcError: A setting, a data set or the backbone cannot be used; nothing has been trained then.
    """
    target = Path(output)
    lock = target.with_name(f".{target.name}.lock")
    processes = processes_of(config.device)
    check_sharding(config, processes.num_processes)
    alone = only_run(lock, target, remove=True) if processes.is_main_process else contextlib.nullcontext()
    with alone:
        check_output(target, overwrite)
        return _train(data, target, config, validation=validation, restart=restart, say=say)


def _train(
    data: Sequence[str | os.PathLike[str] | DataShare],
    target: Path,
    config: TrainConfig,
    *,
    validation: Sequence[str | os.PathLike[str]],
    restart: bool,
    say: Callable[[str], None],
) -> TrainingResult:
    """As `train`, where the output is free and nobody else writes it."""
    shares = [one if isinstance(one, DataShare) else parse_data(one) for one in data] or list(config.data)
    config = replace(config, data=tuple(shares))
    pairs = gather_data(
        shares,
        [Path(path) for path in validation],
        share=config.validation_share,
        seed=config.seed,
        order=config.order,
        stage_epochs=config.stage_epochs,
        keep=partial(readable, max_pixels=config.max_pixels, skip=config.skip_unreadable, say=say),
    )
    seed_everything(config.seed)
    config, backbone, base = prepare_backbone(config, len(pairs.train), say)
    assert base.layout is not None
    layout = base.layout
    say(f"pairs: {len(pairs.train):,} to train, {len(pairs.validation):,} to validate")
    work = target.with_name(f"{target.name}.training")
    processes = processes_of(config.device)
    open_work_folder(
        work, {"config": config.to_dict(), "data": pairs.account}, restart, processes.num_processes
    )
    processes.wait_for_everyone()  # none looks into the folder before the main one has opened it
    begun = begun_with(work)
    taken = with_same_step(config, begun, processes.num_processes)
    if taken != config:
        say(
            f"going on with {processes.num_processes} processes instead of {begun}: batch_size {taken.batch_size},"
            f" gradient_accumulation_steps {taken.gradient_accumulation_steps}"
        )
    trainer, steps = _train_stages(taken, backbone, layout, pairs, work, say)
    settings = _settings(trainer, config, base, pairs, steps, say)
    if trainer.is_world_process_zero():
        _save(trainer, config, target, work, settings)
        if not config.keep_checkpoints:
            shutil.rmtree(work)
    trainer.accelerator.wait_for_everyone()
    return TrainingResult(target, settings)


def _train_stages(
    config: TrainConfig,
    backbone: Backbone,
    layout: JointLayout,
    pairs: TrainingData,
    work: Path,
    say: Callable[[str], None],
) -> tuple[CaptionTrainer, int]:
    """Train stage after stage; each that is done is left as its best weights, from which the next one begins.

    Returns:
        The trainer of the last stage, and the optimizer steps of all.
    """
    trainer: CaptionTrainer | None = None
    steps = 0
    for number, stage in enumerate(pairs.stages, start=1):
        folder = work if len(pairs.stages) == 1 else work / f"stage-{number}"
        if len(pairs.stages) > 1:
            say(f"stage {number} of {len(pairs.stages)}")
        for line in stage.mix.lines():
            say(line)
        last = number == len(pairs.stages)
        if not last and (folder / DONE).is_file():
            load_trained_weights(backbone.model, folder)
            steps += int((folder / DONE).read_text(encoding="utf-8"))
            say("done before")
            continue
        seed_everything(config.seed)  # a stage draws alike, whether the one before was trained or loaded
        folder.mkdir(parents=True, exist_ok=True)
        trainer = make_trainer(config, backbone, layout, stage, pairs.validation, folder, say)
        with checkpoints_kept(folder):
            trainer.train(resume_from_checkpoint=trainer.resumes_from)
        steps += trainer.state.global_step
        if not last and trainer.is_world_process_zero():
            save_trained_weights(backbone.model, folder)
            with atomic_write(folder / DONE) as handle:
                handle.write(str(trainer.state.global_step))
        trainer.accelerator.wait_for_everyone()
    assert trainer is not None
    return trainer, steps


def _settings(
    trainer: CaptionTrainer,
    config: TrainConfig,
    base: CaptionerSettings,
    pairs: TrainingData,
    steps: int,
    say: Callable[[str], None],
) -> CaptionerSettings:
    """What is written beside the weights: how to use them, and how they came to be."""
    settings = CaptionerSettings(
        layout=base.layout,
        prompt=config.prompt,
        decoding=base.decoding,
        no_change_captions=no_change_captions(pairs.train) or base.no_change_captions,
        two_stream=config.two_stream,
        merge=config.merge,
        data=pairs.account,
        scores=_scores(trainer, say),
        run_record=run_record(recipe=config.to_dict(), steps=steps),
    )
    if config.shard or trainer.is_world_process_zero():  # whose weights are shared work together
        settings = replace(
            settings, calibration=_calibrated(trainer, settings, pairs.validation, config, say)
        )
    return settings


def _scores(trainer: CaptionTrainer, say: Callable[[str], None]) -> dict[str, float | None]:
    """Validation losses before training and at best; says so where training did not better it."""
    best = trainer.state.best_metric
    losses = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    before = losses[0] if losses else None
    if before is not None and best is not None and best > _LEARNED * before:
        say(
            f"nothing was learned: the validation loss was {before:.4g} before training and {best:.4g} at best; try"
            " --set learning_rate=... (higher), --set epochs=... (more) or --set lora.layers=linear, and look whether"
            " the captions can be told from the images"
        )
    return {"validation_loss": best, "validation_loss_before": before}


def prepare_backbone(
    config: TrainConfig, pairs: int, say: Callable[[str], None]
) -> tuple[TrainConfig, Backbone, CaptionerSettings]:
    """Load the backbone with its settings and the layout to train with, and make trainable what the recipe trains.

    Args:
        config: The recipe.
        pairs: To train on.
        say: Told device, dtype, defaults that were filled in, adapted modules and parameter counts.

    Returns:
        The recipe without gaps, the backbone, and the settings that it comes with.
    """
    dtype = "float32" if config.mode == "full" and config.dtype == "auto" else config.dtype
    backbone = load_backbone(
        config.model,
        revision=config.revision,
        device=device_of_process(config.device),
        dtype=dtype,
        attention=config.attention,
    )
    if config.step == "plain" or config.mode == "full":
        # Adam's first steps go by the signs of gradients, which rounding turns where they are zero but for it
        use_plain_products(backbone.model)
    say(backbone.describe())
    config, line = fit_to_backbone(config, backbone.parameter_count(), pairs)
    say(line)
    if config.gradient_checkpointing:
        enable_gradient_checkpointing(backbone)
    settings = read_settings(backbone.source.folder) or CaptionerSettings()
    layout = _layout(config, backbone, settings)
    backbone = backbone.arranged(layout, two_stream=config.two_stream, merge=config.merge)
    config = replace(config, prompt=config.prompt or backbone.default_prompt)
    if config.mode == "lora":
        backbone, line = attach_adapter(backbone, config.lora, config.seed)
        say(line)
        if config.step == "lean":
            use_lean_lora(backbone.model)
    else:
        backbone.model.requires_grad_(True)
    if config.shard:
        layers = shard_frozen(backbone.model, backbone.device.value)
        say(f"frozen weights of {layers} layers are shared by {PartialState().num_processes} processes")
    if config.compile:
        compile_layers(backbone.model)
    say(describe_parameters(backbone.model))
    return config, backbone, replace(settings, layout=layout)


def _layout(config: TrainConfig, backbone: Backbone, base: CaptionerSettings) -> JointLayout:
    if config.layout is not None:
        return config.layout
    own = None if config.two_stream else base.layout
    return own or backbone.default_layout(two_stream=config.two_stream)


def make_trainer(
    config: TrainConfig,
    backbone: Backbone,
    layout: JointLayout,
    stage: Stage,
    validation: Sequence[Sample],
    work: Path,
    say: Callable[[str], None],
) -> CaptionTrainer:
    """Put data, backbone and recipe together, and find the last checkpoint of the stage."""
    checkpoint: str | None = get_last_checkpoint(str(work))  # type: ignore[no-untyped-call]
    if checkpoint is not None:
        say(f"going on from {checkpoint}")
    epochs = stage.mix.epochs if stage.mix.epochs is not None else config.epochs
    config = replace(config, epochs=epochs)
    preprocessor = Preprocessor(layout, backbone.statistics)
    collator = CaptionCollator(
        preprocessor, backbone.text_format, backbone.tokenizer, config.prompt, config.max_caption_tokens
    )
    processes = PartialState().num_processes
    pairs_per_step = config.batch_size * config.gradient_accumulation_steps * processes
    arguments = training_arguments(
        config,
        work,
        steps_per_epoch=math.ceil(stage.pairs_an_epoch / pairs_per_step),
        device=backbone.device.value,
        dtype="float32" if computes_in_float32(backbone.model) else backbone.dtype.value,
    )
    started_at = int(checkpoint.rsplit("-", 1)[1]) if checkpoint is not None else 0
    gigabytes = 0.0 if config.augment else config.cache_gb  # what is augmented is new each time
    cache = JointCache.within(work, gigabytes, len(stage.train), preprocessor.layout)
    callbacks: list[Any] = (
        [LogCallback(work / LOG_FILE, say, started_at)] if PartialState().is_main_process else []
    )
    if config.patience:
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=config.patience))
    trainer = CaptionTrainer(
        backbone,
        config.seed,
        stage.parts,
        checkpoint,
        args=arguments,
        data_collator=collator,
        train_dataset=(
            AugmentedDataset(stage.train, preprocessor, config.augment, config.seed, config.max_pixels)
            if config.augment
            else CaptionDataset(stage.train, preprocessor, config.seed, config.max_pixels, cache)
        ),
        eval_dataset=CaptionDataset(validation, preprocessor, config.seed, config.max_pixels),
        callbacks=callbacks,
        lean=config.step == "lean",
    )
    trainer.remove_callback(PrinterCallback)  # it prints on stdout, which belongs to results
    return trainer


def calibrate(captioner: DifferenceCaptioner, samples: Sequence[Sample], batch_size: int = 16) -> Calibration:
    """Fit the change probability of a captioner on pairs whose kind of change is known.

    Args:
        captioner: Its own calibration is not used.
        samples: Validation pairs; those of unknown kind are left out.
        batch_size: Pairs that go through the model together.

    Raises:
        ConfigError: Changed or unchanged pairs are missing.
    """
    known = [sample for sample in samples if sample.record.kind is not None]
    log_odds = captioner.change_log_odds(
        (sample.manifest.paths(sample.record) for sample in known), batch_size
    )
    return fit_calibration(list(log_odds), [sample.record.kind != "none" for sample in known])


def _calibrated(
    trainer: CaptionTrainer,
    settings: CaptionerSettings,
    validation: Sequence[Sample],
    config: TrainConfig,
    say: Callable[[str], None],
) -> Calibration:
    """The calibration, or the uncalibrated default with the reason told."""
    kinds = {sample.record.kind == "none" for sample in validation if sample.record.kind is not None}
    if config.calibration_pairs == 0 or kinds != {True, False}:
        say(
            "change probability: not calibrated (needs validation pairs with and without a change, told by change.kind)"
        )
        return Calibration()
    trainer.backbone.model.eval()
    captioner = DifferenceCaptioner(_bare(trainer.backbone), settings, max_pixels=config.max_pixels)
    stride = max(1, math.ceil(len(validation) / config.calibration_pairs))
    calibration = calibrate(captioner, validation[::stride], config.batch_size)
    say(
        f"change probability: calibrated on {calibration.pairs} pairs, balanced accuracy"
        f" {calibration.balanced_accuracy:.3f} at threshold {calibration.threshold:.3g}"
    )
    return calibration


def _bare(backbone: Backbone) -> Backbone:
    """The network inside a `PeftModel`, its adapter layers in place."""
    base = getattr(backbone.model, "base_model", None)
    return (
        backbone.with_model(base.model)
        if hasattr(backbone.model, "peft_config") and base is not None
        else backbone
    )


def _save(
    trainer: CaptionTrainer, config: TrainConfig, target: Path, work: Path, settings: CaptionerSettings
) -> None:
    if config.mode == "lora":
        save_adapter(trainer.model, target, settings)
    else:
        trainer.backbone.save(target, settings)
    logs = [work / LOG_FILE] if (work / LOG_FILE).is_file() else sorted(work.glob(f"stage-*/{LOG_FILE}"))
    with atomic_write(target / f"training_{LOG_FILE}") as handle:
        handle.writelines(log.read_text(encoding="utf-8") for log in logs)
