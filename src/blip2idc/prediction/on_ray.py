"""Captioning by the workers of a Ray cluster, each of which loads a captioner of its own.

In: a captioner, and pairs by their names and files. Out: what the workers say of them, in whatever order they are done.
They caption the same pairs together as one process does, so that they say the same. Needs `[ray]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blip2idc.errors import ConfigError, ModelError
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.confidence import Confidence
from blip2idc.model.files.digest import weights_digest
from blip2idc.model.files.settings import CaptionerSettings
from blip2idc.model.layers.casting import computes_in_float32
from blip2idc.model.pair_captioner import PairCaptioner
from blip2idc.prediction.predictions import Said, Task, caption_here
from blip2idc.runs.cluster import Stage, work_with_ray


@dataclass(frozen=True)
class OnRay:
    """A way to caption for `predict`; a worker that dies costs the batch in flight.

    Attributes:
        address: `local`, or the address of a cluster.
        workers: Captioners at work at a time; None for one a GPU of the cluster, else one a core but one.
    """

    address: str = "local"
    workers: int | None = None

    def __call__(
        self,
        captioner: PairCaptioner,
        tasks: Sequence[Task],
        batch_size: int,
        decoding: Mapping[str, Any],
    ) -> Iterator[Said]:
        """Caption pairs.

        Raises:
            ConfigError: The captioner is none that a worker could load.
        """
        if not isinstance(captioner, DifferenceCaptioner):
            raise ConfigError(
                "--ray is for captioners in torch; expected --engine torch and a model that is loaded"
            )
        tasks = [Task(task.name, task.before.absolute(), task.after.absolute()) for task in tasks]
        batches = [tasks[start : start + batch_size] for start in range(0, len(tasks), batch_size)]
        work = CaptionWork.like(captioner, batch_size, decoding)
        for said in work_with_ray(batches, [Stage(work)], address=self.address, workers=self.workers):
            yield from said


@dataclass
class CaptionWork:
    """What a worker does: it loads a captioner, and captions batches.

    Attributes:
        model: As `DifferenceCaptioner.from_pretrained` takes it, like all that follow.
        adapter: Folder, hub id or name; None for none.
        revision: Of the backbone on the hub.
        settings: Of the captioner.
        confidence: Likewise.
        dtype: That the first captioner has, so that all say the same.
        max_pixels: Limit for each image.
        batch_size: Pairs that go through the model together.
        decoding: Fields of `Decoding`.
        weights: Digest of the weights, which a worker's must have as well; None where they need not.
    """

    model: str
    adapter: str | None
    revision: str | None
    settings: CaptionerSettings
    confidence: Confidence | None
    dtype: str
    max_pixels: int
    batch_size: int
    decoding: dict[str, Any]
    weights: str | None
    _captioner: DifferenceCaptioner | None = field(default=None, repr=False)

    @classmethod
    def like(
        cls, captioner: DifferenceCaptioner, batch_size: int, decoding: Mapping[str, Any]
    ) -> CaptionWork:
        """Work that says what this captioner would say."""
        backbone = captioner.backbone
        # weights that are cast layer by layer for want of units for their type are held otherwise where there are some
        comparable = not computes_in_float32(backbone.model)
        return cls(
            _found_everywhere(backbone.source.name),
            None if captioner.adapter is None else _found_everywhere(captioner.adapter),
            backbone.source.revision,
            captioner.settings,
            captioner.confidence,
            backbone.dtype.value,
            captioner.max_pixels,
            batch_size,
            dict(decoding),
            weights_digest(backbone.model) if comparable else None,
        )

    def load(self) -> None:
        """Load the captioner.

        Raises:
            ModelError: It is not there, or another one.
        """
        loaded = DifferenceCaptioner.from_pretrained(
            self.model, self.adapter, layout=self.settings.layout, revision=self.revision, dtype=self.dtype
        )
        captioner = DifferenceCaptioner(
            loaded.backbone, self.settings, loaded.adapter, self.max_pixels, self.confidence
        )
        if self.weights not in (None, weights_digest(captioner.backbone.model)):
            raise ModelError(
                f"model '{self.model}': a worker found other weights under this name than the process that started it;"
                " expected the same files on every machine"
            )
        self._captioner = captioner

    def __call__(self, batch: Sequence[Task]) -> list[Said]:
        """Caption one batch."""
        assert self._captioner is not None
        return list(caption_here(self._captioner, batch, self.batch_size, self.decoding))


def _found_everywhere(name: str) -> str:
    """A folder by its whole path, since a worker may run in another one; any other name as it is."""
    return str(Path(name).absolute()) if Path(name).is_dir() else name
