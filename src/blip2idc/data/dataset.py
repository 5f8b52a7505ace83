"""From records to training examples: joint images with one caption each.

For the trainer. What comes in are manifests; what goes out are `Example`s, drawn so that nothing but (seed, epoch,
id) decides which of a pair's captions is used: not the number of workers, not the order, not where a run was
interrupted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from blip2idc.data.collate import Example, Preprocessor
from blip2idc.data.joint_cache import JointCache
from blip2idc.data.records import Manifest, PairRecord
from blip2idc.errors import ManifestError
from blip2idc.images.pair import MAX_PIXELS, ImagePair


def draw_caption(record: PairRecord, seed: int, epoch: int) -> str:
    """Choose one caption of a record, the same one for the same (seed, epoch, id) everywhere."""
    key = f"{seed}/{epoch}/{record.id}".encode()
    number = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big")
    return record.captions[number % len(record.captions)]


@dataclass(frozen=True)
class Sample:
    """A record together with the data set that it lies in."""

    manifest: Manifest
    record: PairRecord

    def open(self, max_pixels: int = MAX_PIXELS) -> ImagePair:
        """Open both images."""
        before, after = self.manifest.paths(self.record)
        return ImagePair.open(before, after, max_pixels=max_pixels)


class CaptionDataset(torch.utils.data.Dataset[Example]):
    """Captioned pairs of one or more manifests.

    An item is asked for by (epoch, index), as `EpochSampler` gives them; a plain index means epoch 0.

    Args:
        samples: Records with at least one caption each.
        preprocessor: Makes the joint image.
        seed: Decides, with epoch and id, which caption is drawn.
        max_pixels: Limit for each image.
        cache: Of joint images that were made before; None to open the files each time.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        preprocessor: Preprocessor,
        seed: int = 0,
        max_pixels: int = MAX_PIXELS,
        cache: JointCache | None = None,
    ) -> None:
        for sample in samples:
            if not sample.record.captions:
                raise ManifestError(
                    f"{sample.manifest.root}: record {sample.record.id!r} has no captions; training needs at least one"
                )
        self.samples = list(samples)
        self.preprocessor = preprocessor
        self.seed = seed
        self.max_pixels = max_pixels
        self.cache = cache

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, key: int | tuple[int, int]) -> Example:
        epoch, index = key if isinstance(key, tuple) else (0, key)
        sample = self.samples[index]
        return {
            "id": sample.record.id,
            "pixels": self._joint(index),
            "caption": draw_caption(sample.record, self.seed, epoch),
        }

    def _joint(self, index: int) -> npt.NDArray[np.uint8]:
        found = None if self.cache is None else self.cache.get(index)
        if found is None:
            found = self.preprocessor.join(self.samples[index].open(self.max_pixels))
            if self.cache is not None:
                self.cache.put(index, found)
        return found


def drawn(size: int, count: int, seed: int, epoch: int, number: int = 0) -> list[int]:
    """Which of `size` items an epoch sees, if each sees `count` of them.

    Epochs go through one shuffled order after another, so that no item comes again before all others came; nor does it
    come twice in an epoch in which one order ends and the next begins. Where an epoch sees each exactly once, that is
    all of them in their own order.

    Args:
        size: Number of items.
        count: Of those that an epoch sees; more than `size` for some to come more than once.
        seed: Of the orders.
        epoch: Which one, from 0.
        number: Of the data set, so that two of one size are not drawn alike.

    Returns:
        `count` numbers in 0..size - 1.
    """
    if count == size:
        return list(range(size))
    found = np.empty(0, dtype=np.int64)
    rest = np.empty(0, dtype=np.int64)  # of the order that the last epoch began
    orders = 0
    for _ in range(epoch + 1):  # from the first on, since where an order ends decides how the next begins
        found, rest = rest[:count], rest[count:]
        while len(found) < count:
            order = np.random.default_rng((seed, number, orders)).permutation(size)
            orders += 1
            missing = count - len(found)
            if missing < size:  # those that this epoch has already had do not come at once
                times = np.bincount(found, minlength=size)
                had = times[order] > times.min()
                taken = np.concatenate([order[~had], order[had]])[:missing]
                rest = order[~np.isin(order, taken)]
            else:
                taken = order
            found = np.concatenate([found, taken])
    return [int(index) for index in found]


class EpochSampler(torch.utils.data.Sampler[tuple[int, int]]):
    """The items of an epoch, which and in which order only (seed, epoch) decides.

    Args:
        size: Number of items.
        seed: Of the order.
        parts: Data sets that the items are of, one after another: (items, items that an epoch sees); None for one
            data set of which each epoch sees all.
    """

    def __init__(self, size: int, seed: int, parts: Sequence[tuple[int, int]] | None = None) -> None:
        self.parts = list(parts) if parts is not None else [(size, size)]
        if sum(items for items, _ in self.parts) != size:
            raise ValueError(f"parts {self.parts} do not make {size} items")
        self.size = sum(count for _, count in self.parts)
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before an epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[tuple[int, int]]:
        epoch = self.epoch
        indices: list[int] = []
        first = 0
        for number, (items, count) in enumerate(self.parts):
            indices += [first + index for index in drawn(items, count, self.seed, epoch, number)]
            first += items
        order = np.random.default_rng((self.seed, epoch)).permutation(self.size)
        return iter([(epoch, indices[place]) for place in order])


def all_samples(manifests: Sequence[Manifest]) -> list[Sample]:
    """The records of several manifests, one after another."""
    return [Sample(manifest, record) for manifest in manifests for record in manifest]


def hold_out(samples: Sequence[Sample], share: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """Set part of the samples aside for validation.

    Pairs that share an image file stay on one side, so that no picture is in both.

    Args:
        samples: What there is.
        share: Of it, in 0..1, to set aside; at least one sample, and at least one is left.
        seed: Of the draw.

    Returns:
        Samples for training, samples for validation, each in the given order.
    """
    groups = _linked_by_image(samples)
    order = np.random.default_rng((seed, len(samples))).permutation(len(groups))
    wanted = max(1, round(share * len(samples)))
    aside: set[int] = set()
    for group in order:
        if len(aside) >= wanted or len(aside) + len(groups[group]) >= len(samples):
            continue
        aside.update(groups[group])
    return (
        [sample for number, sample in enumerate(samples) if number not in aside],
        [sample for number, sample in enumerate(samples) if number in aside],
    )


def _linked_by_image(samples: Sequence[Sample]) -> list[list[int]]:
    """Numbers of the samples, grouped so that samples with an image file in common are together (union-find)."""
    parent = list(range(len(samples)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    first_with: dict[tuple[str, str], int] = {}
    for number, sample in enumerate(samples):
        for name in (sample.record.before_file_name, sample.record.after_file_name):
            other = first_with.setdefault((str(sample.manifest.root), name), number)
            parent[root(number)] = root(other)
    groups: dict[int, list[int]] = {}
    for number in range(len(samples)):
        groups.setdefault(root(number), []).append(number)
    return list(groups.values())
