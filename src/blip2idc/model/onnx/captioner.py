"""The captioner without torch and transformers: onnxruntime, tokenizers, numpy and Pillow do its work.

For `--engine onnx`. In: a BLIP-2 with OPT in a folder, or the packaged model, and a plain LoRA. Out: the same
differences as `DifferenceCaptioner`'s, to the rounding of sums; it starts several times faster. It shows no heatmaps:
for these, and for the place of a change that nothing measured, attention is needed, which a graph does not hand out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from blip2idc.difference import Difference
from blip2idc.errors import ModelError
from blip2idc.images.joint import JointArray, JointLayout
from blip2idc.images.pair import MAX_PIXELS
from blip2idc.model.calibration import CERTAIN, change_probability
from blip2idc.model.files.foreign import foreign
from blip2idc.model.files.packaged import (
    DEFAULT_ADAPTER,
    TINY_MODEL,
    TINY_NAME,
    adapter_name,
    find_adapter,
    is_packaged,
)
from blip2idc.model.files.settings import CaptionerSettings, read_settings
from blip2idc.model.onnx.network import Network, Read
from blip2idc.model.onnx.weights import CONFIDENCE, read_confidence
from blip2idc.model.pair_captioner import PairCaptioner

#: Log-odds beyond which a change is as sure as it can be; `confidence` has the same.
LARGEST_ODDS = 20.0


@dataclass(frozen=True, eq=False)
class _Looked:
    """Joint images that were looked at.

    Attributes:
        joints: B joint images.
        read: What the language model has read of them.
    """

    joints: tuple[JointArray, ...]
    read: Read

    def rows(self, wanted: Sequence[int]) -> _Looked:
        """Some of them, in that order."""
        return _Looked(tuple(self.joints[row] for row in wanted), self.read.rows(wanted))


class OnnxCaptioner(PairCaptioner):
    """Says what changed between two images, in onnxruntime.

    Example::

        captioner = OnnxCaptioner.from_pretrained()  # the tiny model in the package
        captioner("before.png", "after.png").caption

    Args:
        network: With the adapter merged in, or without one, for joint images of the layout.
        settings: With the layout.
        adapter: Name of the adapter, for reports.
        max_pixels: Limit for each image.
        confidence: Weights and bias of how sure its sentences are; None to state none.
    """

    def __init__(
        self,
        network: Network,
        settings: CaptionerSettings,
        adapter: str | None = None,
        max_pixels: int = MAX_PIXELS,
        confidence: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        assert settings.layout is not None
        self.layout = settings.layout
        self.layout.grid(network.patch_size)  # refuses a layout that the patches do not tile
        self.network = network
        self.lanes = network.lanes
        self.settings = settings
        self.adapter = adapter
        self.max_pixels = max_pixels
        self.confidence = confidence

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path | None = None,
        adapter: str | Path | None = DEFAULT_ADAPTER,
        *,
        layout: JointLayout | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> OnnxCaptioner:
        """Load a captioner.

        Args:
            model: Folder of a BLIP-2 with OPT in safetensors, such as `blip2idc export` writes; None for the tiny model
                in the package.
            adapter: Folder of a plain LoRA, or for the packaged model the name of one of its adapters.
            layout: Geometry of the joint image; None for the one that the adapter (or backbone) was trained with.
            max_pixels: Limit for each image.

        Raises:
            ModelError: Model or adapter cannot be used by this engine.
            MissingExtraError: onnxruntime is not installed.
        """
        name, folder = _locate(model)
        location = find_adapter(model, adapter)
        if location is not None and not Path(location).is_dir():
            raise ModelError(
                f"adapter '{location}': is no folder; --engine onnx reads from folders; merge it with blip2idc export"
            )
        where = Path(location) if location is not None else None
        settings = (read_settings(where) if where else None) or read_settings(folder) or CaptionerSettings()
        if settings.two_stream:
            raise ModelError("two streams: --engine onnx encodes jointly only; use --engine torch")
        confidence = read_confidence(where or folder) if layout in (None, settings.layout) else None
        layout = layout or settings.layout
        with foreign(f"model '{name}'"):
            network = Network(folder, name, layout.size if layout else None, where)
        layout = layout or JointLayout("vertical", *network.size)
        return cls(network, replace(settings, layout=layout), adapter_name(location), max_pixels, confidence)

    @property
    def patch_size(self) -> int:
        """Side of a patch in pixels."""
        return self.network.patch_size

    def describe(self) -> dict[str, Any]:
        """`model`, `adapter`, `layout` and `engine`, as reports name them."""
        facts = {"model": self.network.name, "adapter": self.adapter, "layout": self.layout.to_dict()}
        return {**facts, "engine": "onnx"}

    def identity(self) -> dict[str, Any]:
        """The weights."""
        return {"weights": self.network.digest}

    def encode(self, joints: Sequence[JointArray]) -> _Looked:
        """Look at joint images, and read the prompt after them."""
        with foreign(f"model '{self.network.name}'"):
            return _Looked(tuple(joints), self.network.look(joints, self._prompt))

    def say(self, encoded: _Looked, decoding: Mapping[str, Any]) -> list[Difference]:
        """What is said of joint images; see `PairCaptioner.say`."""
        chosen = self.settings.decoding.changed_by(decoding)
        with foreign(f"model '{self.network.name}'"):
            captions = self.network.generate(encoded.read, chosen)
            odds = change_log_odds(self.network.score(encoded.read, self._no_change_tokens))
        if not np.isfinite(odds).all():
            raise ModelError(
                f"model '{self.network.name}': gives numbers that are not finite; check its config.json and its weights"
            )
        sure = self._confidence(encoded.read, odds)
        return [self._difference(*values) for values in zip(captions, odds.tolist(), sure, strict=True)]

    def words(self, difference: Difference) -> tuple[str, ...]:
        """The words of what it said of the whole."""
        return tuple(self.network.tokenizer.decode(difference.tokens, skip_special_tokens=True).split())

    @cached_property
    def _prompt(self) -> list[int]:
        return self.network.text_format.prompt_suffix(self.settings.prompt, self.network.tokenizer)

    @cached_property
    def _no_change_tokens(self) -> list[list[int]]:
        text_format, prompt = self.network.text_format, bool(self.settings.prompt)
        tokens = [
            text_format.caption_tokens(caption, self.network.tokenizer, after_prompt=prompt)
            for caption in self.settings.no_change_captions
        ]
        return [list(sentence) for sentence in dict.fromkeys(map(tuple, tokens))]

    def _confidence(self, read: Read, odds: np.ndarray) -> list[float | None]:
        """How sure the sentences are; `confidence.Confidence` in numpy."""
        if self.confidence is None:
            return [None] * len(odds)
        assert read.embeddings is not None
        weights, bias = self.confidence
        told = np.clip(odds.astype(np.float32), -LARGEST_ODDS, LARGEST_ODDS)[:, None]
        features = np.concatenate([read.embeddings.reshape(len(odds), -1), told], axis=1)
        if features.shape[1] != len(weights):
            raise ModelError(
                f"{CONFIDENCE}: made for {len(weights)} features, this model has {features.shape[1]}; it belongs to"
                " another backbone"
            )
        sure: list[float | None] = (1 / (1 + np.exp(-(features @ weights + bias[0])))).tolist()
        return sure

    def _difference(self, tokens: list[int], log_odds: float, sure: float | None) -> Difference:
        calibration = self.settings.calibration
        probability = change_probability(log_odds, calibration)
        caption = self.network.tokenizer.decode(tokens, skip_special_tokens=True)
        changed = probability >= calibration.threshold
        return Difference(
            " ".join(caption.split()), probability, changed, confidence=sure, tokens=tuple(tokens)
        )


def change_log_odds(scores: np.ndarray) -> np.ndarray:
    """`joint_model.change_log_odds` in numpy: from [B, K] to [B]."""
    scores = scores.astype(np.float64)
    top = scores.max(axis=1)
    no_change = np.minimum(top + np.log(np.exp(scores - top[:, None]).sum(axis=1)), math.log1p(-CERTAIN))
    odds: np.ndarray = np.log(-np.expm1(no_change)) - no_change
    return odds


def _locate(model: str | Path | None) -> tuple[str, Path]:
    """Name and folder of a model.

    Raises:
        ModelError: It is no folder.
    """
    if is_packaged(model):
        return TINY_NAME, TINY_MODEL / "backbone"
    if not Path(str(model)).is_dir():
        raise ModelError(
            f"model '{model}': is no folder, and --engine onnx reads from folders; write one with"
            f" blip2idc export none FOLDER --model {model}"
        )
    return str(model), Path(str(model))
