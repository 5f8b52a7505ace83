"""The captioner: pairs of images in, differences out.

For Python users and every command that captions. A `DifferenceCaptioner` is a backbone, an adapter and the
settings that belong to them (`blip2idc.json`). Each joint image goes through ViT and Q-Former once; the result
serves the caption, the scoring of the no-change sentences and, where it is asked for, the explanation. Results keep
the order of the pairs and do not depend on how they are batched.

Paper: Evennou et al., WACV 2025, arXiv 2412.15939.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import torch

from blip2idc.difference import Difference, Explanation
from blip2idc.errors import ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import MAX_PIXELS, ImagePair, ImageSource
from blip2idc.model.adapter import merge_adapter, read_adapter
from blip2idc.model.backbone import TINY_MODEL, Backbone, load_backbone
from blip2idc.model.calibration import change_probability
from blip2idc.model.explain.methods import BATCH_SIZE as EXPLAIN_BATCH_SIZE
from blip2idc.model.explain.methods import DEFAULT_METHOD, check_method, explain_encoded
from blip2idc.model.joint_model import Encoded, JointArray, JointModel
from blip2idc.model.language import generate
from blip2idc.model.settings import CaptionerSettings, read_settings
from blip2idc.model.two_stream import as_two_stream, two_stream_layout

Pair: TypeAlias = ImagePair | tuple[ImageSource, ImageSource]

DEFAULT_ADAPTER = "default"
BATCH_SIZE = 32
_OPENERS = 4  # threads that open images while the model works; decoding releases Python's lock


class DifferenceCaptioner:
    """Says what changed between two images.

    Args:
        backbone: With the adapter merged in, or without one.
        settings: Layout, prompt, decoding, no-change sentences, calibration.
        adapter: Name of the adapter, for reports.
        max_pixels: Limit for each image.
    """

    def __init__(
        self,
        backbone: Backbone,
        settings: CaptionerSettings | None = None,
        adapter: str | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        settings = settings or CaptionerSettings()
        self.layout = settings.layout or (
            two_stream_layout if settings.two_stream else Backbone.default_layout
        )(backbone)
        self.layout.grid(backbone.patch_size)  # refuses a layout that the patches do not tile
        self.backbone = as_two_stream(backbone, self.layout) if settings.two_stream else backbone
        self.settings = replace(settings, layout=self.layout)
        self.adapter = adapter
        self.max_pixels = max_pixels
        self.joint_model = JointModel(
            self.backbone, self.layout, settings.prompt, settings.no_change_captions
        )

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path | None = None,
        adapter: str | Path | None = DEFAULT_ADAPTER,
        *,
        layout: JointLayout | None = None,
        device: str = "auto",
        dtype: str = "auto",
        attention: str | None = None,
        revision: str | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> DifferenceCaptioner:
        """Load a captioner.

        Args:
            model: Backbone: hub id or folder; None for the tiny model in the package.
            adapter: Folder or hub id, or for the packaged model the name of one of its adapters; `default` is the
                packaged model's own and none for any other; None for none.
            layout: Geometry of the joint image; None for the one that the adapter (or backbone) was trained with.
            device: `auto`, `cpu`, `cuda`, ...
            dtype: `auto`, `float32`, `bfloat16`.
            attention: `sdpa`, `eager`, or None for transformers' choice.
            revision: Of the backbone on the hub.
            max_pixels: Limit for each image.

        Raises:
            ModelError: Backbone or adapter cannot be used.
        """
        backbone = load_backbone(model, revision=revision, device=device, dtype=dtype, attention=attention)
        settings = read_settings(backbone.source.folder)
        location = find_adapter(model, adapter)
        if location is not None:
            weights = read_adapter(location)
            backbone = merge_adapter(backbone, weights)
            settings = weights.settings or settings
        settings = settings or CaptionerSettings()
        if layout is not None:
            settings = replace(settings, layout=layout)
        return cls(backbone, settings, adapter=_adapter_name(location), max_pixels=max_pixels)

    def describe(self) -> dict[str, Any]:
        """`model`, `adapter` and `layout`, as reports name them."""
        return {"model": self.backbone.source.name, "adapter": self.adapter, "layout": self.layout.to_dict()}

    def __call__(self, before: ImageSource, after: ImageSource, **decoding: Any) -> Difference:
        """Caption one pair.

        Args:
            before: Path, bytes, PIL image or array.
            after: Likewise.
            **decoding: Fields of `Decoding`, such as `num_beams=5`.
        """
        encoded, (difference,) = next(self._said([(before, after)], 1, decoding))

        def look(method: str | None) -> Explanation:
            return explain_encoded(self.joint_model, encoded, [difference], method or DEFAULT_METHOD)[0]

        return replace(difference, _look=look)

    def stream(
        self, pairs: Iterable[Pair], batch_size: int = BATCH_SIZE, **decoding: Any
    ) -> Iterator[Difference]:
        """Caption many pairs, in their order, opening images ahead in threads.

        Args:
            pairs: Opened pairs, or tuples (before, after) of anything that opens; read as they are needed.
            batch_size: Pairs that go through the model together.
            **decoding: Fields of `Decoding`.

        Yields:
            One difference a pair.
        """
        for _, differences in self._said(pairs, batch_size, decoding):
            yield from differences

    def explain(
        self, before: ImageSource, after: ImageSource, method: str = DEFAULT_METHOD, **decoding: Any
    ) -> Explanation:
        """Caption one pair and show where the captioner looked.

        Args:
            before: Path, bytes, PIL image or array.
            after: Likewise.
            method: One of `blip2idc.model.explain.methods.METHODS`.
            **decoding: Fields of `Decoding`.

        Raises:
            ConfigError: The method is unknown.
            ModelError: The model shows no attention; the method `occlusion` needs none.
        """
        return next(self.explain_stream([(before, after)], method, **decoding))

    def explain_stream(
        self,
        pairs: Iterable[Pair],
        method: str = DEFAULT_METHOD,
        batch_size: int = EXPLAIN_BATCH_SIZE,
        *,
        words: bool = True,
        suppress_unchanged: bool = True,
        **decoding: Any,
    ) -> Iterator[Explanation]:
        """Explain many pairs, in their order; the differences are those of `stream`.

        Args:
            pairs: Opened pairs, or tuples (before, after) of anything that opens; read as they are needed.
            method: One of `blip2idc.model.explain.methods.METHODS`.
            batch_size: Pairs that go through the model together; gradients need far more memory than captions.
            words: Whether single words get maps too; the sentence alone is several times faster.
            suppress_unchanged: Whether pairs that count as unchanged have empty maps; off to study the maps themselves.
            **decoding: Fields of `Decoding`.
        """
        check_method(method)
        for encoded, differences in self._said(pairs, batch_size, decoding):
            yield from explain_encoded(
                self.joint_model,
                encoded,
                differences,
                method,
                words=words,
                suppress_unchanged=suppress_unchanged,
            )

    def change_log_odds(self, pairs: Iterable[Pair], batch_size: int = BATCH_SIZE) -> Iterator[float]:
        """Raw log-odds of change of each pair, without a caption: what calibration is fitted on."""
        joints = self._open_ahead(pairs, ahead=2 * batch_size)
        while batch := list(islice(joints, batch_size)):
            with torch.inference_mode():
                odds: list[float] = self.joint_model.log_odds(self.joint_model.encode(batch).prefix).tolist()
            yield from odds

    def caption_joints(self, joints: Sequence[JointArray], **decoding: Any) -> list[Difference]:
        """Caption one batch of joint images.

        Args:
            joints: B joint images of this captioner's layout, uint8 [H, W, 3].
            **decoding: Fields of `Decoding`.
        """
        with torch.inference_mode():
            return self._caption(self.joint_model.encode(joints), decoding)

    def _said(
        self, pairs: Iterable[Pair], batch_size: int, decoding: Mapping[str, Any]
    ) -> Iterator[tuple[Encoded, list[Difference]]]:
        """The one way of a pair: opened ahead, joined, encoded once, captioned; batch by batch."""
        joints = self._open_ahead(pairs, ahead=2 * batch_size)
        while batch := list(islice(joints, batch_size)):
            with torch.inference_mode():
                encoded = self.joint_model.encode(batch)
                differences = self._caption(encoded, decoding)
            yield encoded, differences

    def _caption(self, encoded: Encoded, decoding: Mapping[str, Any]) -> list[Difference]:
        """What is said of encoded joint images."""
        chosen = self.settings.decoding.changed_by(decoding)
        captions = generate(self.backbone, encoded.prefix, chosen)
        log_odds = self.joint_model.log_odds(encoded.prefix).tolist()
        return [self._difference(*values) for values in zip(captions, log_odds, strict=True)]

    def with_settings(self, settings: CaptionerSettings) -> DifferenceCaptioner:
        """The same captioner with other settings, such as a calibration."""
        return DifferenceCaptioner(self.backbone, settings, self.adapter, self.max_pixels)

    def _difference(self, tokens: list[int], log_odds: float) -> Difference:
        calibration = self.settings.calibration
        probability = change_probability(log_odds, calibration)
        caption = self.backbone.tokenizer.decode(tokens, skip_special_tokens=True)
        return Difference(
            " ".join(caption.split()), probability, probability >= calibration.threshold, tokens=tuple(tokens)
        )

    def _open_ahead(self, pairs: Iterable[Pair], ahead: int) -> Iterator[JointArray]:
        """Joint images in order, opened by threads while the caller works."""
        waiting: deque[Future[JointArray]] = deque()
        with ThreadPoolExecutor(max_workers=min(_OPENERS, os.cpu_count() or 1)) as pool:
            try:
                for pair in pairs:
                    waiting.append(pool.submit(self.join, pair))
                    if len(waiting) >= ahead:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def join(self, pair: Pair) -> JointArray:
        """The joint image of a pair, opened where it is not yet."""
        if not isinstance(pair, ImagePair):
            pair = ImagePair.open(*pair, max_pixels=self.max_pixels)
        return self.joint_model.preprocessor.join(pair)


def find_adapter(model: str | Path | None, adapter: str | Path | None) -> str | None:
    """Decide which adapter is meant.

    Args:
        model: What the user gave; None for the packaged model.
        adapter: What the user gave: None, `default`, the name of a packaged adapter, a folder or a hub id.

    Returns:
        Folder or hub id; None for no adapter.

    Raises:
        ModelError: The packaged model has no adapter of that name.
    """
    if adapter is None or (model is not None and adapter == DEFAULT_ADAPTER):
        return None
    name = str(adapter)
    if model is not None or Path(name).is_dir() or "/" in name:
        return name
    packaged = TINY_MODEL / "adapters"
    if not (packaged / name).is_dir():
        names = sorted(folder.name for folder in packaged.iterdir()) if packaged.is_dir() else []
        raise ModelError(
            f"adapter '{name}': neither a folder nor an adapter of the packaged model"
            f" ({', '.join(names) or 'which has none'}); check --adapter."
        )
    return str(packaged / name)


def _adapter_name(location: str | None) -> str | None:
    """A packaged adapter is told by its name, any other by its location."""
    if location is not None and Path(location).parent == TINY_MODEL / "adapters":
        return Path(location).name
    return location
