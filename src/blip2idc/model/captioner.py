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
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import torch

from blip2idc.difference import Difference, Explanation
from blip2idc.errors import ModelError
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import MAX_PIXELS, ImagePair, ImageSource
from blip2idc.model.adapter import merge_adapter, read_adapter
from blip2idc.model.backbone import TINY_MODEL, Backbone, is_packaged, load_backbone
from blip2idc.model.calibration import change_probability
from blip2idc.model.close_look import MAX_CHANGES, CloseLook, look_closely
from blip2idc.model.explain.methods import BATCH_SIZE as EXPLAIN_BATCH_SIZE
from blip2idc.model.explain.methods import DEFAULT_METHOD, check_method, explain_encoded
from blip2idc.model.joint_model import Encoded, JointArray, JointModel
from blip2idc.model.language import generate
from blip2idc.model.settings import CaptionerSettings, read_settings
from blip2idc.model.telling import change_of_heatmap, tell
from blip2idc.model.two_stream import as_two_stream, two_stream_layout

Pair: TypeAlias = ImagePair | tuple[ImageSource, ImageSource]

DEFAULT_ADAPTER = "default"
BATCH_SIZE = 32
_ROOM = 1 + MAX_CHANGES  # joint images of one pair
_OPENERS = 4  # threads that open images while the model works; decoding releases Python's lock


class DifferenceCaptioner:
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

    @property
    def _own_words(self) -> bool:
        """Whether the adapter is one that somebody trained, and none of the packaged model's."""
        packaged = TINY_MODEL / "adapters"
        return self.adapter is not None and self.adapter not in {folder.name for folder in packaged.glob("*")}

    def describe(self) -> dict[str, Any]:
        """`model`, `adapter` and `layout`, as reports name them."""
        return {"model": self.backbone.source.name, "adapter": self.adapter, "layout": self.layout.to_dict()}

    def __call__(
        self, before: ImageSource, after: ImageSource, *, max_changes: int = MAX_CHANGES, **decoding: Any
    ) -> Difference:
        """Caption one pair.

        Args:
            before: Path, bytes, PIL image or array.
            after: Likewise.
            max_changes: Most places that are looked at closely; 0 to look at the whole alone.
            **decoding: Fields of `Decoding`, such as `num_beams=5`.
        """
        (said,) = next(self._said([(before, after)], 1, max_changes, decoding))
        (difference,) = self._placed([said])

        def look(method: str | None) -> Explanation:
            explanation = self._explained([said], method or DEFAULT_METHOD)[0]
            return replace(explanation, difference=difference)

        return replace(difference, _look=look)

    def stream(
        self,
        pairs: Iterable[Pair],
        batch_size: int = BATCH_SIZE,
        *,
        max_changes: int = MAX_CHANGES,
        **decoding: Any,
    ) -> Iterator[Difference]:
        """Caption many pairs, in their order, opening images ahead in threads.

        Args:
            pairs: Opened pairs, or tuples (before, after) of anything that opens; read as they are needed.
            batch_size: Joint images that go through the model together.
            max_changes: Most places of a pair that are looked at closely; 0 to look at the whole alone.
            **decoding: Fields of `Decoding`.

        Yields:
            One difference a pair.
        """
        for said in self._said(pairs, batch_size, max_changes, decoding):
            yield from self._placed(said)

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
        max_changes: int = MAX_CHANGES,
        **decoding: Any,
    ) -> Iterator[Explanation]:
        """Explain many pairs, in their order; the differences are those of `stream`.

        Args:
            pairs: Opened pairs, or tuples (before, after) of anything that opens; read as they are needed.
            method: One of `blip2idc.model.explain.methods.METHODS`.
            batch_size: Pairs that go through the model together; gradients need far more memory than captions.
            words: Whether single words get maps too; the sentence alone is several times faster.
            suppress_unchanged: Whether pairs that count as unchanged have empty maps; off to study the maps themselves.
            max_changes: Most places of a pair that are looked at closely; 0 to look at the whole alone.
            **decoding: Fields of `Decoding`.
        """
        check_method(method)
        for said in self._said(pairs, batch_size, max_changes, decoding):
            explained = self._explained(said, method, words=words, suppress_unchanged=suppress_unchanged)
            placed = self._placed(said, [one.sentence for one in explained])
            for one, difference in zip(explained, placed, strict=True):
                yield replace(one, difference=difference)

    def change_log_odds(self, pairs: Iterable[Pair], batch_size: int = BATCH_SIZE) -> Iterator[float]:
        """Raw log-odds of change of each pair, without a caption: what calibration is fitted on."""
        opened = self._open_ahead(pairs, ahead=2 * batch_size, max_changes=0)
        while batch := list(islice(opened, batch_size)):
            with torch.inference_mode():
                encoded = self.joint_model.encode([one.joint for one in batch])
                odds: list[float] = self.joint_model.log_odds(encoded.prefix).tolist()
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
        self, pairs: Iterable[Pair], batch_size: int, max_changes: int, decoding: Mapping[str, Any]
    ) -> Iterator[list[_Said]]:
        """The one way of a pair: opened and measured ahead, joined, encoded once, captioned, told; batch by batch."""
        opened = self._open_ahead(pairs, ahead=2 * batch_size, max_changes=max_changes)
        while batch := list(islice(opened, batch_size)):
            wholes = [one.joint for one in batch]
            crops = [crop for one in batch if one.look for crop in one.look.crops if crop is not None]
            room = max(batch_size, _ROOM)  # the close looks of one pair share its batch
            with torch.inference_mode():
                encoded = self.joint_model.encode([*wholes, *crops[: room - len(wholes)]])
                found = self._caption(encoded, decoding)
                for start in range(room - len(wholes), len(crops), room):
                    found += self._caption(self.joint_model.encode(crops[start : start + room]), decoding)
                kept = encoded.rows(range(len(wholes)))
            close = iter(found[len(wholes) :])
            yield [
                _Said(kept, row, one.look, whole, self._told(whole, one.look, close))
                for row, (one, whole) in enumerate(zip(batch, found, strict=False))
            ]

    def _told(self, whole: Difference, look: CloseLook | None, close: Iterator[Difference]) -> Difference:
        """What was said of the whole, with what the close look adds.

        Args:
            whole: Said of the joint image.
            look: At the same pair; None where only the whole was looked at.
            close: What was said of crops; those of this pair come next.
        """
        if look is None:
            return whole
        said = [whole if crop is None else next(close) for crop in look.crops]
        seen = look.seen_in(self.layout.part_size, self.backbone.patch_size)
        return tell(whole, look, said, seen=seen, own_words=self._own_words)

    def _explained(self, said: Sequence[_Said], method: str, **settings: bool) -> list[Explanation]:
        """Where the captioner looked for what it said of the whole, from what was encoded for that."""
        encoded = said[0].encoded.rows([one.row for one in said])
        seen = [replace(one.whole, changed=one.whole.changed and one.difference.changed) for one in said]
        return explain_encoded(self.joint_model, encoded, seen, method, **settings)

    def _placed(
        self, said: Sequence[_Said], heatmaps: Sequence[PairHeatmap] | None = None
    ) -> list[Difference]:
        """What was said, with places from the heatmap where a change was seen that nothing measured.

        Args:
            said: Of one batch.
            heatmaps: Of the sentences, where they are known already.
        """
        differences = [one.difference for one in said]
        rows = [row for row, one in enumerate(said) if one.needs_places]
        if not rows:
            return differences
        if heatmaps is None:
            try:
                looked = self._explained([said[row] for row in rows], DEFAULT_METHOD, words=False)
                found: list[PairHeatmap | None] = [one.sentence for one in looked]
            except ModelError:  # no attention to read places from
                found = [None] * len(rows)
        else:
            found = [heatmaps[row] for row in rows]
        for row, heatmap in zip(rows, found, strict=True):
            look = said[row].look
            assert look is not None
            differences[row] = replace(
                differences[row], changes=(change_of_heatmap(differences[row], heatmap, look.sizes),)
            )
        return differences

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

    def _open_ahead(self, pairs: Iterable[Pair], ahead: int, max_changes: int) -> Iterator[_Opened]:
        """Pairs in order, opened, joined and measured by threads while the caller works."""
        waiting: deque[Future[_Opened]] = deque()
        with ThreadPoolExecutor(max_workers=min(_OPENERS, os.cpu_count() or 1)) as pool:
            try:
                for pair in pairs:
                    waiting.append(pool.submit(self._open, pair, max_changes))
                    if len(waiting) >= ahead:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def join(self, pair: Pair) -> JointArray:
        """The joint image of a pair, opened where it is not yet."""
        return self._open(pair, 0).joint

    def _open(self, pair: Pair, max_changes: int) -> _Opened:
        if not isinstance(pair, ImagePair):
            pair = ImagePair.open(*pair, max_pixels=self.max_pixels)
        join = self.joint_model.preprocessor.join
        look = look_closely(pair, self.layout.part_size, join, max_changes) if max_changes else None
        return _Opened(join(pair), look)


@dataclass(frozen=True, eq=False)
class _Opened:
    """A pair ready for the model: its joint image, and the close look where one is wanted."""

    joint: JointArray
    look: CloseLook | None


@dataclass(frozen=True, eq=False)
class _Said:
    """What was said of a pair, and what is needed to explain it.

    Attributes:
        encoded: The joint images of its batch.
        row: Which of them is its own.
        look: The close look, where one was wanted.
        whole: What was said of the joint image.
        difference: Caption, probability, verdict, and the changes that were measured.
    """

    encoded: Encoded
    row: int
    look: CloseLook | None
    whole: Difference
    difference: Difference

    @property
    def needs_places(self) -> bool:
        """Whether a change was seen whose place nothing has measured."""
        return self.look is not None and self.difference.changed and not self.difference.changes


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
    packaged_model = is_packaged(model)
    if adapter is None or (not packaged_model and adapter == DEFAULT_ADAPTER):
        return None
    name = str(adapter)
    if not packaged_model or Path(name).is_dir() or "/" in name:
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
