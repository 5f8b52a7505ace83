"""What is done with one batch of edits: open, edit, measure, encode. The same in one process and in Ray's.

In: a batch of `WorkItem`s of one image size. Out: an `Outcome` for each, images as PNG bytes. Nothing is written to
disk here and nothing stops a batch: what fails is tried again, image by image and after a pause, then told as a
fault.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image

from blip2idc.errors import ImageError
from blip2idc.images.pair import MAX_PIXELS, open_image
from blip2idc.synthesis.editors.editor import Editor, EditRequest, EditResult
from blip2idc.synthesis.filters.filters import Embedder, Measures, measure
from blip2idc.synthesis.instructions.instruction import Instruction
from blip2idc.synthesis.pipeline.plan import WorkItem

#: Faults that may pass: their edits are tried again when the command is run again.
UNREADABLE, EDITOR_FAILED, MEASURING_FAILED = "unreadable", "editor-failed", "measuring-failed"
FAILURES = (UNREADABLE, EDITOR_FAILED, MEASURING_FAILED)

#: Seconds before the second try at an edit that raised; it doubles with each further one.
FIRST_PAUSE = 0.5

#: Requests in a row that are given up, after which an editor is taken to be broken: further ones are tried once each,
#: until one succeeds.
MOST_GIVEN_UP = 10

#: zlib level of the PNG files: about half of the time of the default, a few per cent larger.
PNG_LEVEL = 4


class Loader(Protocol):
    """Something that is named here and loaded where it runs: `EditorSettings`, `ClipSettings`."""

    def load(self) -> Any:
        """The thing itself."""
        ...


@dataclass(frozen=True, eq=False)
class _Made:
    """An edited image with what it is measured against."""

    before: Image.Image
    after: Image.Image
    instruction: Instruction


@dataclass(frozen=True, eq=False)
class Edited:
    """An edit between the two halves of the work.

    Attributes:
        item: What was asked for.
        before: RGB at the editor's size; None where the source cannot be opened.
        images: RGB of each candidate; None where it has a fault.
        faults: Of each candidate: a code, with details in brackets; None where there is an image.
    """

    item: WorkItem
    before: Image.Image | None
    images: tuple[Image.Image | None, ...]
    faults: tuple[str | None, ...]

    def made(self) -> list[_Made]:
        """The candidates that have an image."""
        if self.before is None:
            return []
        return [
            _Made(self.before, image, self.item.instruction) for image in self.images if image is not None
        ]


@dataclass(frozen=True, eq=False)
class Outcome:
    """An edit when all is done.

    Attributes:
        item: What was asked for.
        before: PNG of the image before at the size of the edited ones; None where the source cannot be opened.
        images: PNG of each candidate; None where it has a fault.
        faults: Of each candidate: a code, with details in brackets.
        measures: Of each candidate with an image.
    """

    item: WorkItem
    before: bytes | None
    images: tuple[bytes | None, ...]
    faults: tuple[str | None, ...]
    measures: tuple[Measures | None, ...]


@dataclass
class EditWork:
    """Opens and edits.

    Attributes:
        settings: Names the editor.
        attempts: Tries at an edit that raises.
        sleep: Waits between them.
        max_pixels: Limit for the images before.
    """

    settings: Loader
    attempts: int = 3
    sleep: Callable[[float], None] = time.sleep
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        self._editor: Editor | None = None
        self._given_up = 0  # requests in a row

    def load(self) -> Editor:
        """The editor, loaded on first use."""
        if self._editor is None:
            self._editor = self.settings.load()
        return self._editor

    def __call__(self, batch: Sequence[WorkItem]) -> list[Edited]:
        """Open and edit a batch of one image size."""
        return self.edit(batch, self.open(batch))

    def open(self, batch: Sequence[WorkItem]) -> list[Image.Image | str]:
        """The images before at the editor's size; for one that cannot be opened, the fault."""
        return [_open(item, self.max_pixels) for item in batch]

    def edit(self, batch: Sequence[WorkItem], opened: Sequence[Image.Image | str]) -> list[Edited]:
        """All candidates of a batch: one call of the editor for each point of the grid."""
        editor = self.load()
        good = [
            (item, image) for item, image in zip(batch, opened, strict=True) if isinstance(image, Image.Image)
        ]
        columns = [
            self._try([_request(item, image, index) for item, image in good], editor)
            for index in range(len(batch[0].candidates))
        ]
        rows = iter(zip(*columns, strict=True))
        return [
            _edited(item, image, next(rows) if isinstance(image, Image.Image) else ())
            for item, image in zip(batch, opened, strict=True)
        ]

    def _try(self, requests: list[EditRequest], editor: Editor) -> list[EditResult]:
        """Results of one call; where it raises, of single ones, each tried `attempts` times in all."""
        if not requests:
            return []
        try:
            return editor.edit(requests)
        except Exception as error:
            if len(requests) == 1:
                return [self._insist(requests[0], editor, error)]
        return [self._insist(request, editor, None) for request in requests]

    def _insist(self, request: EditRequest, editor: Editor, error: Exception | None) -> EditResult:
        """The result of a request alone, which may have raised before; pauses between tries grow."""
        attempts = self.attempts if self._given_up < MOST_GIVEN_UP else 1
        for attempt in range(0 if error is None else 1, attempts):
            if attempt:
                self.sleep(FIRST_PAUSE * 2 ** (attempt - 1) * random.Random(request.seed).uniform(1.0, 1.5))
            try:
                result = editor.edit([request])[0]
            except Exception as raised:
                error = raised
            else:
                self._given_up = 0
                return result
        assert error is not None
        self._given_up += 1
        return EditResult(None, _fault(EDITOR_FAILED, error))


def _open(item: WorkItem, max_pixels: int) -> Image.Image | str:
    try:
        image = open_image(item.path, max_pixels=max_pixels)
    except ImageError as error:
        return _fault(UNREADABLE, error)
    return image.resize((item.width, item.height), Image.Resampling.LANCZOS)


def _request(item: WorkItem, image: Image.Image, index: int) -> EditRequest:
    plan = item.candidates[index]
    return EditRequest(image, item.instruction.text, plan.seed, plan.guidance, plan.image_guidance)


def _edited(item: WorkItem, image: Image.Image | str, results: Sequence[EditResult]) -> Edited:
    if isinstance(image, str):
        nothing = (None,) * len(item.candidates)
        return Edited(item, None, nothing, (image,) * len(item.candidates))
    images = tuple(None if result.image is None else result.image.convert("RGB") for result in results)
    return Edited(item, image, images, tuple(result.fault for result in results))


def _fault(code: str, error: Exception) -> str:
    sentence = " ".join(str(error).split())[:200]
    return (
        f"{code} ({sentence})"
        if isinstance(error, ImageError)
        else f"{code} ({type(error).__name__}: {sentence})"
    )


@dataclass
class MeasureWork:
    """Measures and encodes.

    Attributes:
        settings: Names the embedder; None for none.
    """

    settings: Loader | None = None

    def __post_init__(self) -> None:
        self._embedder: Embedder | None = None

    def load(self) -> Embedder | None:
        """The embedder, loaded on first use."""
        if self._embedder is None and self.settings is not None:
            self._embedder = self.settings.load()
        return self._embedder

    def __call__(self, batch: Sequence[Edited]) -> list[Outcome]:
        """Measure all candidates of a batch together, then encode them."""
        embedder = self.load()
        found = [made for edited in batch for made in edited.made()]
        try:
            values: list[Measures | str] = list(_measured(found, embedder))
        except Exception:
            values = [_measured_alone(made, embedder) for made in found]
        coming = iter(values)
        return [
            _outcome(edited, [None if image is None else next(coming) for image in edited.images])
            for edited in batch
        ]


def _measured(found: Sequence[_Made], embedder: Embedder | None) -> list[Measures]:
    return measure(
        [made.before for made in found],
        [made.after for made in found],
        [made.instruction.before_caption for made in found],
        [made.instruction.after_caption for made in found],
        embedder,
    )


def _measured_alone(one: _Made, embedder: Embedder | None) -> Measures | str:
    try:
        return _measured([one], embedder)[0]
    except Exception as error:
        return _fault(MEASURING_FAILED, error)


def _outcome(edited: Edited, values: Sequence[Measures | str | None]) -> Outcome:
    faults = tuple(
        value if isinstance(value, str) else fault for value, fault in zip(values, edited.faults, strict=True)
    )
    images = tuple(
        None if image is None or isinstance(value, str) else _png(image)
        for image, value in zip(edited.images, values, strict=True)
    )
    measures = tuple(None if isinstance(value, str) else value for value in values)
    before = None if edited.before is None else _png(edited.before)
    return Outcome(edited.item, before, images, faults, measures)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=PNG_LEVEL)
    return buffer.getvalue()


def work_here(
    batches: Iterable[Sequence[WorkItem]], editing: EditWork, measuring: MeasureWork
) -> Iterator[list[Outcome]]:
    """Do batches one after another in this process; the next one is opened while the editor is at one.

    A batch is measured, and written by the caller, before the next one is edited: a run that is killed loses the
    batch in flight and no other.
    """
    with ThreadPoolExecutor(1) as ahead:
        for batch, opened in _opened_ahead(batches, editing, ahead):
            yield measuring(editing.edit(batch, opened))


def _opened_ahead(
    batches: Iterable[Sequence[WorkItem]], editing: EditWork, pool: ThreadPoolExecutor
) -> Iterator[tuple[Sequence[WorkItem], list[Image.Image | str]]]:
    """Each batch with its images, the next one being opened meanwhile."""
    coming: tuple[Sequence[WorkItem], Future[list[Image.Image | str]]] | None = None
    for batch in batches:
        after = batch, pool.submit(editing.open, batch)
        if coming is not None:
            yield coming[0], coming[1].result()
        coming = after
    if coming is not None:
        yield coming[0], coming[1].result()
