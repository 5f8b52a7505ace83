"""Guards of paraphrases: whether a variation still says what its original says.

In: an original and its variation. Out: None, or a short code of what changed. `WordGuard` compares facts and words by
tables (`meaning`), in English and without a model. `EntailmentGuard` compares the facts that language models get wrong,
and leaves the rest to a cross-encoder for natural-language inference: two sentences say the same where each follows
from the other. torch and transformers are imported when a model is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

from blip2idc.config import Range, check_ranges
from blip2idc.errors import ConfigError, ModelError
from blip2idc.synthesis.paraphrase.meaning import CODES, FACTS, drift

#: What `EntailmentGuard` may answer beside `FACTS`: the variation says more than the original, or less.
ADDS, LOSES = "adds", "loses"


class Guard(Protocol):
    """Decides whether a variation may stand for its original."""

    def reason_against(self, original: str, variation: str) -> str | None:
        """A short code of what changed; None where nothing did."""
        ...


class WordGuard:
    """Compares words by tables, see `meaning.drift`.

    Args:
        codes: What is looked at, among `meaning.CODES`.

    Example:
        >>> guard = WordGuard()
        >>> guard.reason_against("Add a red hat.", "Put on a hat of red colour.")
        >>> guard.reason_against("Add a red hat.", "Add a green hat.")
        'colour'
    """

    def __init__(self, codes: Sequence[str] = CODES) -> None:
        self._codes = tuple(codes)

    def reason_against(self, original: str, variation: str) -> str | None:
        """The first code that applies."""
        return drift(original, variation, self._codes)


@dataclass(frozen=True)
class EntailmentSettings:
    """Which model judges whether sentences follow from each other.

    Attributes:
        model: Hub id or folder of a sequence classifier in safetensors with a label called entailment.
        revision: Commit on the hub.
        threshold: Least probability of entailment, in both directions.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.

    Raises:
        ConfigError: A value is out of range.
    """

    model: str
    revision: str | None = None
    threshold: Annotated[float, Range(0, 1)] = 0.5
    device: str = "auto"

    def __post_init__(self) -> None:
        check_ranges(self, "entailment.")
        if not self.model.strip():
            raise ConfigError("entailment.model is empty; expected a hub id or a folder")


class EntailmentGuard:
    """Compares facts by tables, and all else by a model: each sentence must follow from the other.

    Args:
        settings: Which model.

    Raises:
        ModelError: There is no such model, its weights are incomplete or not in safetensors, or it has no label called
            entailment.
        ConfigError: There is no such device.
    """

    def __init__(self, settings: EntailmentSettings) -> None:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        from blip2idc.model.files.checkpoint import ModelSource, loading
        from blip2idc.runtime import choose_device

        self._facts, self._threshold = WordGuard(FACTS), settings.threshold
        name = settings.model
        revision = None if Path(name).is_dir() else settings.revision
        classifier: Any = AutoModelForSequenceClassification
        with loading(ModelSource(name, name, revision)):
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                name, revision=revision, trust_remote_code=False
            )
            network, report = classifier.from_pretrained(
                name,
                revision=revision,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
        if report["missing_keys"]:
            raise ModelError(
                f"entailment model '{name}': {len(report['missing_keys'])} weights are missing from its files (first:"
                f" {sorted(report['missing_keys'])[0]}); give a checkpoint that was trained for inference"
            )
        labels = {str(label).lower(): number for number, label in network.config.id2label.items()}
        if "entailment" not in labels:
            raise ModelError(
                f"entailment model '{name}': its labels are {', '.join(labels)}; expected one called entailment"
            )
        self._label = int(labels["entailment"])
        self._network = network.to(choose_device(settings.device).value).eval()

    def reason_against(self, original: str, variation: str) -> str | None:
        """A code of `meaning.FACTS`, `ADDS` or `LOSES`."""
        fault = self._facts.reason_against(original, variation)
        if fault is not None:
            return fault
        follows, implies = self.entailment([(original, variation), (variation, original)])
        if follows < self._threshold:
            return ADDS
        return LOSES if implies < self._threshold else None

    def entailment(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Probability, 0..1, that the second sentence of each pair follows from the first."""
        import torch

        firsts, seconds = zip(*pairs, strict=True)
        inputs = self._tokenizer(
            list(firsts), list(seconds), padding=True, truncation=True, return_tensors="pt"
        ).to(self._network.device)
        with torch.inference_mode():
            logits = self._network(**inputs).logits.float()
        return [float(one) for one in logits.softmax(-1)[:, self._label]]
