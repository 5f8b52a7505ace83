"""Which pairs train and which validate.

In: paths of data sets, as given with `--data` and `--validation`. Out: samples for training and for validation,
and an account of both for the run record. Validation data comes from `--validation`, else from the data sets' own
`val` splits, else from a seeded share of the training pairs, of which no image is then trained on in any stage.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blip2idc.data.dataset import Sample, all_samples, hold_out
from blip2idc.data.records import MANIFEST_NAME, NO_CHANGE, Manifest, find_splits, read_records
from blip2idc.errors import ManifestError
from blip2idc.training.mixing import DataShare, Mix, stages_of

_MOST_NO_CHANGE_CAPTIONS = 32


@dataclass(frozen=True)
class Stage:
    """What is trained on in one go.

    Attributes:
        train: Pairs of all its data sets, one after another.
        mix: What an epoch sees of each.
    """

    train: list[Sample]
    mix: Mix

    @property
    def parts(self) -> list[tuple[int, int]]:
        """(pairs, pairs that an epoch sees) of each data set."""
        return list(zip(self.mix.sizes, self.mix.counts, strict=True))

    @property
    def pairs_an_epoch(self) -> int:
        """Pairs that an epoch sees."""
        return sum(self.mix.counts)


@dataclass(frozen=True)
class TrainingData:
    """Pairs of a run.

    Attributes:
        train: To learn from, of all stages.
        validation: To choose the checkpoint and to calibrate on.
        account: Names, sizes, shares, stages (from 1) and hashes of the manifests, as JSON values.
        stages: In order; one with everything unless the data sets train in turn.
    """

    train: list[Sample]
    validation: list[Sample]
    account: dict[str, Any]
    stages: tuple[Stage, ...] = ()


def gather_data(
    data: Sequence[Path | DataShare],
    validation: Sequence[Path] = (),
    *,
    share: float = 0.05,
    seed: int = 0,
    order: str = "mixed",
    stage_epochs: Sequence[float] | None = None,
    keep: Callable[[Sequence[Sample]], Mapping[int, bool]] | None = None,
) -> TrainingData:
    """Read all manifests and divide their pairs.

    Args:
        data: Data sets to train on.
        validation: Data sets to validate on; none for their own splits or a share. Where data sets train in turn, only
            the last one gives validation pairs: what the model is for, not what it is prepared with.
        share: Of the training pairs, where there is no validation data.
        seed: Of the draw of that share.
        order: `mixed` or `in-turn`.
        stage_epochs: Epochs of each stage; None for those of the recipe.
        keep: Asked once about all samples; those it says no of, by `id()`, are left out. None keeps all.

    Raises:
        ManifestError: A manifest is wrong, or nothing is left to train or validate on.
        ConfigError: `stage_epochs` does not fit.
    """
    if not data:
        raise ManifestError(
            "training: no data set was given; expected --data once or more, or data in the recipe"
        )
    shares = [one if isinstance(one, DataShare) else DataShare(Path(one)) for one in data]
    divided = [_divide(one.path) for one in shares]
    giving = range(len(shares) - 1, len(shares)) if order == "in-turn" else range(len(shares))
    held = [sample for number in giving for sample in divided[number][1]]
    origin = "the data sets' own validation split"
    if validation:
        held = [sample for path in validation for sample in _validation_part(path)]
        origin = "given"
    trains = [train for train, _ in divided]
    skipped = 0
    if keep is not None:
        kept = keep([sample for part in (*trains, held) for sample in part])
        skipped = sum(not fine for fine in kept.values())
        trains = [[sample for sample in train if kept[id(sample)]] for train in trains]
        held = [sample for sample in held if kept[id(sample)]]
    if not held:
        _, held = hold_out([sample for number in giving for sample in trains[number]], share, seed)
        shown = set().union(*map(_images, held))  # the same data set may train in an earlier stage as well
        trains = [[one for one in train if shown.isdisjoint(_images(one))] for train in trains]
        origin = f"{share:g} of the training pairs, drawn with seed {seed}"
    if not all(trains) or not held:
        raise ManifestError(
            f"training: {min(map(len, trains))} pairs to train and {len(held)} to validate on; "
            "expected at least one of each"
        )
    stages = _stages(shares, trains, order, stage_epochs)
    account = {
        "train": _accounts(shares, trains, order),
        "order": order,
        "validation": _account(held),
        "validation_origin": origin,
        **({"unreadable_pairs_left_out": skipped} if skipped else {}),
    }
    return TrainingData([sample for train in trains for sample in train], held, account, stages)


def _accounts(
    shares: Sequence[DataShare], trains: Sequence[list[Sample]], order: str
) -> list[dict[str, Any]]:
    """What each data set to train on is, which share of it an epoch sees, and in which stage (from 1)."""
    return [
        {**entry, "share": one.share, "stage": number if order == "in-turn" else 1}
        for number, (one, train) in enumerate(zip(shares, trains, strict=True), start=1)
        for entry in _account(train)
    ]


def _stages(
    shares: Sequence[DataShare],
    trains: Sequence[list[Sample]],
    order: str,
    stage_epochs: Sequence[float] | None,
) -> tuple[Stage, ...]:
    sets = [
        (_name(train[0].manifest), len(train), one.share) for one, train in zip(shares, trains, strict=True)
    ]
    mixes = stages_of(sets, order, stage_epochs)
    if order == "mixed":
        return (Stage([sample for train in trains for sample in train], mixes[0]),)
    return tuple(Stage(list(train), mix) for train, mix in zip(trains, mixes, strict=True))


def _divide(path: Path) -> tuple[list[Sample], list[Sample]]:
    """(training, validation) pairs of one data set; test pairs are left alone."""
    splits = find_splits(path)
    if "train" in splits:
        validation = all_samples([read_records(path, "val")]) if "val" in splits else []
        return all_samples([read_records(path, "train")]), validation
    manifest = read_records(path)
    return (
        [Sample(manifest, record) for record in manifest if record.extra.get("split", "train") == "train"],
        [Sample(manifest, record) for record in manifest if record.extra.get("split") == "val"],
    )


def _images(sample: Sample) -> set[str]:
    """Both image files, named alike wherever the data set is given twice."""
    folder = os.path.abspath(sample.manifest.root)
    return {
        os.path.join(folder, sample.record.before_file_name),
        os.path.join(folder, sample.record.after_file_name),
    }


def _validation_part(path: Path) -> list[Sample]:
    return all_samples([read_records(path, "val" if "val" in find_splits(path) else None)])


def _account(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Pairs of each manifest, with its folder's name and the hash of its file."""
    manifests: dict[int, Manifest] = {id(sample.manifest): sample.manifest for sample in samples}
    counts = Counter(id(sample.manifest) for sample in samples)
    return [
        {"name": _name(manifest), "pairs": counts[key], "sha256": _hash(manifest)}
        for key, manifest in manifests.items()
    ]


def _name(manifest: Manifest) -> str:
    """The folder's name, with its parent's for a split."""
    root = manifest.root.resolve()
    return f"{root.parent.name}/{root.name}" if manifest.split == root.name else root.name


def _hash(manifest: Manifest) -> str | None:
    path = manifest.root / MANIFEST_NAME
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def no_change_captions(samples: Sequence[Sample]) -> tuple[str, ...]:
    """How the data says that nothing changed: the most frequent captions of its unchanged pairs, if it has any."""
    said = Counter(
        caption.strip()
        for sample in samples
        if sample.record.kind == NO_CHANGE
        for caption in sample.record.captions
    )
    return tuple(caption for caption, _ in said.most_common(_MOST_NO_CHANGE_CAPTIONS))
