"""The captioner: pairs of images in, differences out.

For Python users and every command that captions. A `DifferenceCaptioner` is a backbone, an adapter and the
settings that belong to them (`blip2idc.json`). Each joint image goes through ViT and Q-Former once; the result
serves the caption, the scoring of the no-change sentences and, where it is asked for, the explanation. Results keep
the order of the pairs and do not depend on how they are batched.

Paper: Evennou et al., WACV 2025, arXiv 2412.15939.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from blip2idc.difference import Difference, Explanation
from blip2idc.errors import ModelError
from blip2idc.images.joint import JointArray, JointLayout
from blip2idc.images.pair import MAX_PIXELS
from blip2idc.model.adapters.adapter import merge_adapter, read_adapter
from blip2idc.model.backbone import Backbone
from blip2idc.model.calibration import change_probability
from blip2idc.model.confidence import Confidence, features_of, read_confidence
from blip2idc.model.explain.choice import DEFAULT_METHOD, WITHOUT_ATTENTION
from blip2idc.model.explain.methods import explain_encoded
from blip2idc.model.files.digest import weights_digest
from blip2idc.model.files.foreign import foreign
from blip2idc.model.files.packaged import DEFAULT_ADAPTER, adapter_name, find_adapter
from blip2idc.model.files.settings import CaptionerSettings, Encoding, read_settings
from blip2idc.model.joint_model import Encoded, JointModel
from blip2idc.model.layers.eight_bits import keep_in_eight_bits
from blip2idc.model.layers.four_bits import keep_in_four_bits
from blip2idc.model.layers.lanes import lanes_for, one_thread, side_by_side
from blip2idc.model.loading import load_backbone
from blip2idc.model.pair_captioner import BATCH_SIZE, Pair, PairCaptioner, Part, Result
from blip2idc.runtime import INT4, INT8, Choice

#: Types of weights alone -> what rounds to them.
_ROUNDED = {INT8: keep_in_eight_bits, INT4: keep_in_four_bits}


class DifferenceCaptioner(PairCaptioner):
    """Says what changed between two images.

    Example::

        captioner = DifferenceCaptioner.from_pretrained()  # the tiny model in the package
        difference = captioner("before.png", "after.png")
        difference.caption, difference.changed, difference.changes
        difference.heatmaps().sentence  # where it looked
        for difference in captioner.stream(pairs, batch_size=32):
            ...

    Args:
        backbone: With the adapter merged in, or without one.
        settings: Layout, prompt, decoding, no-change sentences, calibration.
        adapter: Name of the adapter, for reports.
        max_pixels: Limit for each image.
        confidence: How sure its sentences are; None to state none.
    """

    shows_heatmaps = True

    def __init__(
        self,
        backbone: Backbone,
        settings: CaptionerSettings | None = None,
        adapter: str | None = None,
        max_pixels: int = MAX_PIXELS,
        confidence: Confidence | None = None,
    ) -> None:
        settings = settings or CaptionerSettings()
        self.layout = settings.layout or backbone.default_layout(two_stream=settings.two_stream)
        self.backbone = backbone.arranged(self.layout, two_stream=settings.two_stream, merge=settings.merge)
        prompt = settings.prompt or self.backbone.default_prompt
        self.settings = replace(settings, layout=self.layout, prompt=prompt)
        self.adapter = adapter
        self.max_pixels = max_pixels
        self.confidence = confidence
        self.lanes = lanes_for(self.backbone.device.value, self.backbone.parameter_count())
        self.joint_model = JointModel(self.backbone, self.layout, prompt, settings.no_change_captions)

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path | None = None,
        adapter: str | Path | None = DEFAULT_ADAPTER,
        *,
        layout: JointLayout | None = None,
        encoding: Encoding | None = None,
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
            encoding: `joint` shows one joint image; `pair` and `two-stream` both images apart, as two pictures of one
                question to a chat model, as two streams to a BLIP-2. None for what the adapter was trained with.
            device: `auto`, `cpu`, `cuda`, ...
            dtype: `auto`, `float32`, `bfloat16`; `int8` and `int4` keep the weights of linear layers in
                eight and four bits.
            attention: `sdpa`, `eager`, or None for transformers' choice.
            revision: Of the backbone on the hub.
            max_pixels: Limit for each image.

        Raises:
            ModelError: Backbone or adapter cannot be used.
        """
        backbone = load_backbone(
            model,
            revision=revision,
            device=device,
            dtype="bfloat16" if dtype in _ROUNDED else dtype,
            attention=attention,
            in_float32=dtype in _ROUNDED,  # eight bits of mantissa besides would say other words
        )
        settings = read_settings(backbone.source.folder)
        location = find_adapter(model, adapter)
        if location is not None:
            weights = read_adapter(location)
            backbone = merge_adapter(backbone, weights)
            settings = weights.settings or settings
        if dtype in _ROUNDED:
            _ROUNDED[dtype](backbone.model)
            backbone = replace(backbone, dtype=Choice(dtype, "as asked; weights of linear layers only"))
        settings = settings or CaptionerSettings()
        confidence = weights.confidence if location is not None else _confidence_beside(backbone)
        if encoding is not None and settings.two_stream == (encoding == "joint"):
            apart = encoding != "joint"  # the confidence was fitted on the other encoding
            settings, confidence = replace(settings, two_stream=apart, layout=None, prompt=""), None
        if layout is not None and layout != settings.layout:
            settings, confidence = replace(settings, layout=layout), None  # it was fitted on the other layout
        with _running(backbone):
            return cls(backbone, settings, adapter_name(location), max_pixels, confidence)

    @property
    def default_method(self) -> str:
        """By attention where the backbone has cross-attention, else by the gradient."""
        return DEFAULT_METHOD if self.backbone.cross_attention else WITHOUT_ATTENTION

    @property
    def patch_size(self) -> int:
        """Side of a patch in pixels."""
        return self.backbone.patch_size

    def describe(self) -> dict[str, Any]:
        """`model`, `adapter` and `layout`, as reports name them."""
        told = {"model": self.backbone.source.name, "adapter": self.adapter, "layout": self.layout.to_dict()}
        return {**told, "encoding": "pair"} if self.settings.two_stream else told

    def identity(self) -> dict[str, Any]:
        """Revision, type and weights."""
        return {
            "revision": self.backbone.source.revision,
            "dtype": self.backbone.dtype.value,
            "weights": weights_digest(self.backbone.model),
        }

    def change_log_odds(self, pairs: Iterable[Pair], batch_size: int = BATCH_SIZE) -> Iterator[float]:
        """Raw log-odds of change of each pair, without a caption: what calibration is fitted on."""
        opened = self._open_ahead(pairs, ahead=2 * batch_size, max_changes=0)
        while batch := list(islice(opened, batch_size)):
            with torch.inference_mode(), _running(self.backbone):
                encoded = self.joint_model.encode([one.joint for one in batch])
                odds: list[float] = self.joint_model.log_odds(encoded.seen).tolist()
            yield from odds

    def side_by_side(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """In threads, each with its share of the cores; see `layers.lanes`."""
        return side_by_side(work, parts)

    def beside_others(self) -> AbstractContextManager[None]:
        """One thread of torch here, and one in each lane."""
        return one_thread()

    def encode(self, joints: Sequence[JointArray]) -> Encoded:
        """Look at joint images: ViT and Q-Former; see `JointModel.encode`."""
        with torch.inference_mode(), _running(self.backbone):
            return self.joint_model.encode(joints)

    def say(self, encoded: Encoded, decoding: Mapping[str, Any]) -> list[Difference]:
        """What is said of encoded joint images; see `PairCaptioner.say`."""
        chosen = self.settings.decoding.changed_by(decoding)
        with torch.inference_mode(), _running(self.backbone):
            captions = self.backbone.generate(encoded.seen, chosen)
            log_odds = self.joint_model.log_odds(encoded.seen)
        if not torch.isfinite(log_odds).all():
            raise ModelError(
                f"model '{self.backbone.source.name}': gives numbers that are not finite; check its config.json and"
                " its weights, or choose another --dtype"
            )
        sure: Sequence[float | None] = [None] * len(captions)
        if self.confidence is not None:
            sure = self.confidence.of(features_of(encoded.seen, log_odds))
        return [self._difference(*values) for values in zip(captions, log_odds.tolist(), sure, strict=True)]

    def words(self, difference: Difference) -> tuple[str, ...]:
        """The words of what it said of the whole."""
        said: str = self.backbone.tokenizer.decode(list(difference.tokens), skip_special_tokens=True)
        return tuple(said.split())

    def explain_encoded(
        self,
        encoded: Encoded,
        said: Sequence[Difference],
        method: str,
        *,
        words: bool = True,
        suppress_unchanged: bool = True,
        roughly: bool = False,
    ) -> list[Explanation]:
        """Where it looked for what it said; see `PairCaptioner.explain_encoded`."""
        with _running(self.backbone):
            return explain_encoded(
                self.joint_model,
                encoded,
                said,
                method,
                words=words,
                suppress_unchanged=suppress_unchanged,
                roughly=roughly,
            )

    def with_settings(self, settings: CaptionerSettings) -> DifferenceCaptioner:
        """The same captioner with other settings, such as a calibration."""
        return DifferenceCaptioner(self.backbone, settings, self.adapter, self.max_pixels, self.confidence)

    def _difference(self, tokens: list[int], log_odds: float, sure: float | None) -> Difference:
        calibration = self.settings.calibration
        probability = change_probability(log_odds, calibration)
        caption = self.backbone.tokenizer.decode(tokens, skip_special_tokens=True)
        changed = probability >= calibration.threshold
        return Difference(
            " ".join(caption.split()), probability, changed, confidence=sure, tokens=tuple(tokens)
        )


@contextmanager
def _running(backbone: Backbone) -> Iterator[None]:
    """Turn what a library raises while a network runs, whose files fit together less than they seemed, into a sentence.

    A lack of memory stays what it is.
    """
    out_of_memory: Exception | None = None
    with foreign(f"model '{backbone.source.name}'"):
        try:
            yield
        except (MemoryError, torch.OutOfMemoryError) as error:
            out_of_memory = error
    if out_of_memory is not None:
        raise out_of_memory


def _confidence_beside(backbone: Backbone) -> Confidence | None:
    """What an export of an adapter keeps of its confidence."""
    folder = backbone.source.folder
    return read_confidence(folder) if folder is not None else None
