"""transformers' Trainer, taught what this task needs.

In: a backbone (with an adapter or not), data sets and a recipe. Out: trained weights in place. The differences
from the
plain Trainer: the loss is averaged over caption tokens across accumulated steps and processes; pairs and captions
of an epoch depend on (seed, epoch) only, so that resuming continues exactly; a checkpoint holds trained weights
alone, as safetensors; validation is an exact average over tokens.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import Trainer, TrainingArguments

from blip2idc.data.dataset import EpochSampler
from blip2idc.errors import ModelError
from blip2idc.model.backbone import Backbone
from blip2idc.runtime import usable_cores
from blip2idc.training.log_callback import remedy
from blip2idc.training.loss import (
    caption_loss,
    caption_places,
    count_caption_tokens,
    losses_at_head,
    positions_at_once,
)
from blip2idc.training.recipe import TrainConfig

TRAINED_WEIGHTS = "trained.safetensors"


class CaptionTrainer(Trainer):
    """Trains a backbone to caption pairs.

    Args:
        backbone: Its network is trained where its parameters require gradients.
        seed: Of the order of pairs.
        lean: Logits only where a caption token is predicted.
        parts: Data sets that the training pairs are of: (pairs, pairs that an epoch sees).
        resumes_from: Checkpoint to go on from; None to begin.
        **settings: For `Trainer`.
    """

    def __init__(
        self,
        backbone: Backbone,
        seed: int,
        parts: Sequence[tuple[int, int]] | None = None,
        resumes_from: str | None = None,
        *,
        lean: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(model=backbone.model, compute_loss_func=caption_loss, **settings)
        self.backbone = backbone
        self.lean = lean
        self.order_seed = seed
        self.order_parts = parts
        self.resumes_from = resumes_from
        self.sampler: EpochSampler | None = None

    @property
    def _network(self) -> Any:
        """The network, which transformers declares as optional."""
        return self.model

    def _examples(self, given: Any) -> Any:
        return given or self.train_dataset

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochSampler:
        self.sampler = EpochSampler(len(self._examples(train_dataset)), self.order_seed, self.order_parts)
        return self.sampler

    def get_batch_samples(
        self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device
    ) -> tuple[list[Any], torch.Tensor | int | None]:
        """Fetch the batches of one optimizer step, and count their caption tokens over all processes."""
        batches = list(itertools.islice(epoch_iterator, num_batches))
        if not batches:
            return batches, None
        tokens = torch.stack([count_caption_tokens(batch["labels"]) for batch in batches]).sum().to(device)
        return batches, self.accelerator.gather(tokens).sum()

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Loss of one batch: its share of the average over all caption tokens of the optimizer step."""
        total, tokens = self._token_losses(model, inputs)
        if num_items_in_batch is None:
            return total / tokens
        # gradients are averaged over processes, so that each contributes its sum times their number
        return total * self.accelerator.num_processes / num_items_in_batch

    def training_step(self, *arguments: Any, **settings: Any) -> torch.Tensor:
        """One forward and backward pass.

        Raises:
            ModelError: The loss is not finite; the weights have not been moved by it.
        """
        loss: torch.Tensor = super().training_step(*arguments, **settings)
        if not torch.isfinite(loss):
            raise ModelError(
                f"training: the loss is {loss.item()} after step {self.state.global_step};"
                f" {remedy(self.args.output_dir)}"
            )
        return loss

    def _token_losses(self, model: Any, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        inputs = dict(inputs)
        labels = inputs.pop("labels")
        shifted = not self.backbone.text_format.encoder_decoder
        inputs = self.backbone.inputs_of(inputs)
        if not self.lean:
            return caption_loss(model(**inputs).logits, labels, shifted=shifted)
        network = self._network
        positions = positions_at_once(int(network.config.get_text_config().vocab_size))
        places, wanted = caption_places(labels, shifted=shifted)
        with losses_at_head(network.get_output_embeddings(), places, wanted, positions):
            losses = model(**inputs).logits
        return losses.sum(), torch.tensor(len(wanted), device=losses.device)

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Mean loss over all caption tokens of the validation pairs, each counted once."""
        loader = self.get_eval_dataloader(eval_dataset)
        training = self._network.training
        self._network.eval()
        sums = []
        for batch in loader:
            with torch.no_grad(), self.compute_loss_context_manager():
                total, tokens = self._token_losses(self._network, self._prepare_inputs(batch))
            pair = torch.stack([total.double(), tokens.double()])[
                None
            ]  # [1, 2]; duplicates of the last batch drop out
            sums.append(self.accelerator.gather_for_metrics(pair, use_gather_object=False).cpu())
        self._network.train(training)
        total_loss, count = torch.cat(sums).sum(dim=0).tolist()
        metrics = {f"{metric_key_prefix}_loss": total_loss / count}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        save_trained_weights(self._network, folder)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        load_trained_weights(self._network, Path(resume_from_checkpoint))

    def _load_best_model(self) -> None:
        best = self.state.best_model_checkpoint
        if best is not None:
            load_trained_weights(self._network, Path(best))


def trained_weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Parameters that require gradients, on the CPU."""
    return {
        name: parameter.detach().cpu().contiguous()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def save_trained_weights(model: torch.nn.Module, folder: Path) -> None:
    """Write the parameters that require gradients as safetensors.

    Raises:
        ModelError: One of them is not finite.
    """
    weights = trained_weights(model)
    for name, weight in weights.items():
        if not torch.isfinite(weight).all():
            raise ModelError(f"training: {name} holds numbers that are not finite; {remedy(folder.parent)}")
    save_file(weights, folder / TRAINED_WEIGHTS, metadata={"format": "pt"})


def load_trained_weights(model: torch.nn.Module, checkpoint: Path) -> None:
    """Put the weights of a checkpoint back.

    Raises:
        ModelError: The checkpoint has other weights than the model trains.
    """
    saved = load_file(checkpoint / TRAINED_WEIGHTS)
    parameters = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if saved.keys() != parameters.keys():
        odd = sorted(saved.keys() ^ parameters.keys())[0]
        raise ModelError(
            f"checkpoint {checkpoint}: differs in {odd} from what this recipe trains; start afresh"
        )
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(saved[name])


def training_arguments(
    config: TrainConfig, work: Path, steps_per_epoch: int, device: str, dtype: str
) -> TrainingArguments:
    """Translate a recipe for the Trainer.

    Args:
        config: The recipe.
        work: Folder for checkpoints and logs.
        steps_per_epoch: Optimizer steps.
        device: Chosen device.
        dtype: Chosen type of computation. The lean step computes in it; the plain one is autocast to it.
    """
    assert config.epochs is not None  # see `training.fit`
    assert config.learning_rate is not None
    steps = config.max_steps or max(1, round(config.epochs * steps_per_epoch))
    every = config.evaluate_every or steps_per_epoch
    return TrainingArguments(
        output_dir=str(work),
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        num_train_epochs=config.epochs,
        max_steps=config.max_steps or -1,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=round(config.warmup_ratio * steps),
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        bf16=dtype == "bfloat16" and config.step == "plain",
        use_cpu=device == "cpu",
        dataloader_num_workers=min(config.workers, usable_cores()),  # torch warns of more
        dataloader_pin_memory=device.startswith("cuda"),
        remove_unused_columns=False,
        seed=config.seed,
        logging_steps=config.log_every,
        logging_nan_inf_filter=False,
        eval_strategy="steps",
        eval_on_start=True,
        eval_steps=min(every, steps),
        save_strategy="steps",
        save_steps=min(every, steps),
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="loss",
        greater_is_better=False,
        restore_callback_states_from_checkpoint=True,
        report_to=["tensorboard"] if config.tensorboard else [],
        disable_tqdm=True,
        ddp_find_unused_parameters=False,
    )
