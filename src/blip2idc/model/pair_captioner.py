"""The one way of a pair, whoever speaks: opened, measured, joined, looked at whole and closely, told, placed.

In: pairs of images. Out: `Difference`s and `Explanation`s in their order, which do not depend on how they are batched.
A `PairCaptioner` says what a batch of joint images shows; everything around that is here, without torch, so that what
is told of a pair is the same whether the network runs in torch, in another engine, or on a server.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Any, ClassVar, TypeAlias, TypeVar

import numpy as np

from blip2idc.difference import Difference, Explanation
from blip2idc.errors import ModelError
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.images.joint import JointArray, JointLayout
from blip2idc.images.pair import MAX_PIXELS, ImagePair, ImageSource
from blip2idc.model.explain.choice import BATCH_SIZE as EXPLAIN_BATCH_SIZE
from blip2idc.model.explain.choice import DEFAULT_METHOD, check_method
from blip2idc.model.files.packaged import is_packaged_adapter
from blip2idc.model.files.settings import CaptionerSettings
from blip2idc.model.look.close_look import MAX_CHANGES, CloseLook, look_closely
from blip2idc.model.look.places import change_of_heatmap
from blip2idc.model.look.telling import tell

BATCH_SIZE = 32
_ROOM = 1 + MAX_CHANGES  # joint images of one pair
_WORTH_A_LANE = 8  # pairs; of fewer there is more to do around the products than in them
_OPENERS = 4  # threads that open images while the model works; decoding releases Python's lock


Part = TypeVar("Part")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class OpenedPair:
    """A pair ready for a captioner, see `PairCaptioner.open`.

    Attributes:
        joint: Its joint image.
        look: The close look; None where only the whole is looked at.
    """

    joint: JointArray
    look: CloseLook | None


Pair: TypeAlias = ImagePair | OpenedPair | tuple[ImageSource, ImageSource]


class PairCaptioner(ABC):
    """Says what changed between two images, by asking what a joint image shows.

    Attributes:
        adapter: By which name its adapter is told; None without.
        layout: Of its joint images.
        settings: Layout, prompt, decoding, no-change sentences, calibration.
        max_pixels: Limit for each image.
        shows_heatmaps: Whether it can show where it looked.
        asks_about_crops: Whether it says what changed in each place; otherwise what was measured speaks there.
        lanes: Parts of a batch that it works on side by side.
    """

    adapter: str | None = None
    layout: JointLayout
    settings: CaptionerSettings
    max_pixels: int = MAX_PIXELS
    shows_heatmaps: ClassVar[bool] = False
    asks_about_crops: bool = True
    lanes: int = 1

    @property
    @abstractmethod
    def patch_size(self) -> int:
        """Side in pixels of what is told apart in a joint image."""

    @property
    def default_method(self) -> str:
        """How it is explained best, among `blip2idc.model.explain.choice.METHODS`."""
        return DEFAULT_METHOD

    @property
    def own_words(self) -> bool:
        """Whether its adapter is one that somebody trained, and none of the packaged model's; see `telling.tell`."""
        trained = self.adapter is not None and not is_packaged_adapter(self.adapter)
        return trained or self.settings.own_words

    @property
    def is_packaged(self) -> bool:
        """Whether its adapter is the one of the packaged model."""
        return self.adapter is not None and is_packaged_adapter(self.adapter) and not self.settings.own_words

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """`model`, `adapter` and `layout`, as reports name them."""

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """What decides what it says beside `describe` and its settings: weights, types, versions, as JSON values."""

    def marks(self) -> dict[str, Any]:
        """What every prediction of a data set carries beside what is said; nothing where the run is known otherwise."""
        return {}

    @abstractmethod
    def encode(self, joints: Sequence[JointArray]) -> Any:
        """Look at joint images, once for every question after that.

        Args:
            joints: B joint images of this captioner's layout, uint8 [H, W, 3].

        Returns:
            What the captioner made of them; its `rows(numbers)` are some of them, in that order.
        """

    @abstractmethod
    def say(self, encoded: Any, decoding: Mapping[str, Any]) -> list[Difference]:
        """What is said of joint images: caption, probability, verdict, tokens.

        Args:
            encoded: From `encode`.
            decoding: Fields of `Decoding`.
        """

    def side_by_side(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """Work on parts of a batch, as many at once as there are lanes.

        Args:
            work: From a part to its result.
            parts: No more than `lanes`.
        """
        if len(parts) == 1:
            return [work(parts[0])]
        with ThreadPoolExecutor(len(parts), "lane") as pool:
            return list(pool.map(work, parts))

    def beside_others(self) -> AbstractContextManager[None]:
        """While the block lasts, it takes one core for each lane, and outside of them one: others need the rest."""
        return nullcontext()

    def words(self, difference: Difference) -> tuple[str, ...]:
        """The words of what it said of the whole; the caption's where that is all that is known."""
        return tuple(difference.caption.split())

    def explain_encoded(
        self,
        encoded: Any,
        said: Sequence[Difference],
        method: str,
        *,
        words: bool = True,
        suppress_unchanged: bool = True,
        roughly: bool = False,
    ) -> list[Explanation]:
        """Where it looked for what it said.

        Args:
            encoded: From `encode`.
            said: Of the same joint images.
            method: One of `blip2idc.model.explain.choice.METHODS`.
            words: Whether single words get maps too.
            suppress_unchanged: Whether pairs that count as unchanged have empty maps.
            roughly: Whether a box is all that is wanted of the map.

        Raises:
            ModelError: It cannot show that.
        """
        raise ModelError(
            f"heatmaps: the captioner '{self.describe()['model']}' does not show where it looks; choose another"
            " --model or --engine for that"
        )

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
            explanation = self._explained([said], method or self.default_method)[0]
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
            batch_size: Joint images that go through the model together, in each of its `lanes`.
            max_changes: Most places of a pair that are looked at closely; 0 to look at the whole alone.
            **decoding: Fields of `Decoding`.

        Yields:
            One difference a pair.
        """
        for said in self._said(pairs, batch_size, max_changes, decoding):
            yield from self._placed(said)

    def explain(
        self, before: ImageSource, after: ImageSource, method: str | None = None, **decoding: Any
    ) -> Explanation:
        """Caption one pair and show where the captioner looked.

        Args:
            before: Path, bytes, PIL image or array.
            after: Likewise.
            method: One of `blip2idc.model.explain.choice.METHODS`; None for what suits the model best.
            **decoding: Fields of `Decoding`.

        Raises:
            ConfigError: The method is unknown.
            ModelError: The model shows no attention; the method `occlusion` needs none.
        """
        return next(self.explain_stream([(before, after)], method, **decoding))

    def explain_stream(
        self,
        pairs: Iterable[Pair],
        method: str | None = None,
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
            method: One of `blip2idc.model.explain.choice.METHODS`; None for what suits the model best.
            batch_size: Pairs that go through the model together; gradients need far more memory than captions.
            words: Whether single words get maps too; the sentence alone is several times faster.
            suppress_unchanged: Whether pairs that count as unchanged have empty maps; off to study the maps themselves.
            max_changes: Most places of a pair that are looked at closely; 0 to look at the whole alone.
            **decoding: Fields of `Decoding`.
        """
        method = method or self.default_method
        check_method(method)
        for said in self._said(pairs, batch_size, max_changes, decoding):
            explained = self._explained(said, method, words=words, suppress_unchanged=suppress_unchanged)
            placed = self._placed(said, [one.sentence for one in explained])
            for one, difference in zip(explained, placed, strict=True):
                yield replace(one, difference=difference)

    def caption_joints(self, joints: Sequence[JointArray], **decoding: Any) -> list[Difference]:
        """Caption one batch of joint images.

        Args:
            joints: B joint images of this captioner's layout, uint8 [H, W, 3].
            **decoding: Fields of `Decoding`.
        """
        return self.say(self.encode(joints), decoding)

    def _said(
        self, pairs: Iterable[Pair], batch_size: int, max_changes: int, decoding: Mapping[str, Any]
    ) -> Iterator[list[_Said]]:
        """The one way of a pair: opened and measured ahead, joined, encoded once, captioned, told; batch by batch."""
        together = self.lanes * batch_size
        opened = self._open_ahead(pairs, ahead=2 * together, max_changes=max_changes)
        room = max(batch_size, _ROOM)  # the close looks of one pair share its batch
        while batch := list(islice(opened, together)):
            yield from self.side_by_side(
                lambda part: self._said_of(part, room, decoding), _parts(batch, self.lanes)
            )

    def _said_of(self, batch: Sequence[OpenedPair], room: int, decoding: Mapping[str, Any]) -> list[_Said]:
        """What is said of pairs that go through the model together.

        Args:
            batch: The pairs.
            room: Most joint images of a batch, close looks among them.
            decoding: Fields of `Decoding`.
        """
        wholes = [one.joint for one in batch]
        crops = [
            crop
            for one in batch
            if one.look
            for crop, asked in zip(one.look.crops, self._asked(one.look), strict=True)
            if crop is not None and asked
        ]
        encoded = self.encode([*wholes, *crops[: room - len(wholes)]])
        found = self.say(encoded, decoding)
        for start in range(room - len(wholes), len(crops), room):
            found += self.say(self.encode(crops[start : start + room]), decoding)
        kept = encoded.rows(range(len(wholes)))
        close = iter(found[len(wholes) :])
        return [
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
        said = [
            (whole if crop is None else next(close)) if asked else None
            for crop, asked in zip(look.crops, self._asked(look), strict=True)
        ]
        seen = look.seen_in(self.layout.part_size, self.patch_size)
        return tell(whole, look, said, seen=seen, own_words=self.own_words)

    def _asked(self, look: CloseLook) -> list[bool]:
        """Which places it is asked about: none that are told by words that were read there.

        The packaged model was taught nothing of pages, so that facts that are sure of them need no sentence of it.
        """
        return [
            self.asks_about_crops
            and not (look.certain and change.is_read)
            and not (look.certain and look.drawn and change.facts and self.is_packaged)
            for change in look.measured
        ]

    def _explained(self, said: Sequence[_Said], method: str, **settings: bool) -> list[Explanation]:
        """Where the captioner looked for what it said of the whole, from what was encoded for that."""
        encoded = said[0].encoded.rows([one.row for one in said])
        seen = [replace(one.whole, changed=one.whole.changed and one.difference.changed) for one in said]
        return self.explain_encoded(encoded, seen, method, **settings)

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
                looked = self._explained(
                    [said[row] for row in rows], self.default_method, words=False, roughly=True
                )
                found: list[PairHeatmap | None] = [one.sentence for one in looked]
            except ModelError:  # no attention to read places from
                found = [None] * len(rows)
        else:
            found = [heatmaps[row] for row in rows]
        for row, heatmap in zip(rows, found, strict=True):
            look = said[row].look
            assert look is not None
            change = change_of_heatmap(differences[row], heatmap, look.sizes)
            differences[row] = replace(differences[row], changes=(change,))
        return differences

    def _open_ahead(self, pairs: Iterable[Pair], ahead: int, max_changes: int) -> Iterator[OpenedPair]:
        """Pairs in order, opened, joined and measured by threads while the caller works."""
        waiting: deque[Future[OpenedPair]] = deque()
        with ThreadPoolExecutor(max_workers=min(_OPENERS, os.cpu_count() or 1)) as pool:
            try:
                for pair in pairs:
                    waiting.append(pool.submit(self.open, pair, max_changes))
                    if len(waiting) >= ahead:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def join(self, pair: Pair) -> JointArray:
        """The joint image of a pair, opened where it is not yet."""
        return self.open(pair, 0).joint

    def open(self, pair: Pair, max_changes: int = MAX_CHANGES) -> OpenedPair:
        """Open a pair and measure it: everything that needs no model, so that threads can do it ahead.

        Args:
            pair: An opened pair, or (before, after) of anything that opens; one that is ready stays as it is.
            max_changes: Most places that are looked at closely; 0 to look at the whole alone.
        """
        if isinstance(pair, OpenedPair):
            return pair
        if not isinstance(pair, ImagePair):
            pair = ImagePair.open(*pair, max_pixels=self.max_pixels)
        return measured(pair, self.layout, max_changes)


def measured(pair: ImagePair, layout: JointLayout, max_changes: int = MAX_CHANGES) -> OpenedPair:
    """Join a pair and look at it closely.

    Args:
        pair: Opened.
        layout: Of the joint images.
        max_changes: Most places that are looked at closely; 0 to look at the whole alone.
    """

    def join(one: ImagePair) -> JointArray:
        return np.asarray(layout.join(one.before, one.after))

    look = look_closely(pair, layout.part_size, join, max_changes) if max_changes else None
    return OpenedPair(join(pair), look)


def _parts(batch: Sequence[OpenedPair], lanes: int) -> list[Sequence[OpenedPair]]:
    """A batch in nearly equal parts, in order: as many as there are lanes, and fewer where they would be small."""
    count = max(1, min(lanes, len(batch) // _WORTH_A_LANE))
    ends = [len(batch) * number // count for number in range(count + 1)]
    return [batch[start:end] for start, end in pairwise(ends)]


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

    encoded: Any
    row: int
    look: CloseLook | None
    whole: Difference
    difference: Difference

    @property
    def needs_places(self) -> bool:
        """Whether a change was seen whose place nothing has measured."""
        return self.look is not None and self.difference.changed and not self.difference.changes
