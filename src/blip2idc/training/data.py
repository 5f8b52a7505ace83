"""Which pairs train and which validate.

In: paths of data sets, as given with `--data` and `--validation`. Out: samples for training and for validation,
and an account of both for the run record. Validation data comes from `--validation`, else from the data sets' own
`val` splits, else from a seeded share of the training pairs, of which no image is then trained on.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blip2idc.data.dataset import Sample, all_samples, hold_out
from blip2idc.data.records import MANIFEST_NAME, NO_CHANGE, Manifest, find_splits, read_manifest
from blip2idc.errors import ManifestError

_MOST_NO_CHANGE_CAPTIONS = 32


@dataclass(frozen=True)
class TrainingData:
    """Pairs of a run.

    Attributes:
        train: To learn from.
        validation: To choose the checkpoint and to calibrate on.
        account: Names, sizes and hashes of the manifests, as JSON values.
    """

    train: list[Sample]
    validation: list[Sample]
    account: dict[str, Any]


def gather_data(
    data: Sequence[Path], validation: Sequence[Path] = (), *, share: float = 0.05, seed: int = 0
) -> TrainingData:
    """Read all manifests and divide their pairs.

    Args:
        data: Data sets to train on.
        validation: Data sets to validate on; none for their own splits or a share.
        share: Of the training pairs, where there is no validation data.
        seed: Of the draw of that share.

    Raises:
        ManifestError: A manifest is wrong, or nothing is left to train or validate on.
    """
    if not data:
        raise ManifestError("training: no data set was given; expected --data once or more")
    train, held = [], []
    for path in data:
        own_train, own_validation = _divide(path)
        train += own_train
        held += own_validation
    origin = "the data sets' own validation split"
    if validation:
        held = [sample for path in validation for sample in _validation_part(path)]
        origin = "given"
    if not held:
        train, held = hold_out(train, share, seed)
        origin = f"{share:g} of the training pairs, drawn with seed {seed}"
    if not train or not held:
        raise ManifestError(
            f"training: {len(train)} pairs to train and {len(held)} to validate on; expected at least one of each"
        )
    account = {
        "train": _account(train),
        "validation": _account(held),
        "validation_origin": origin,
    }
    return TrainingData(train, held, account)


def _divide(path: Path) -> tuple[list[Sample], list[Sample]]:
    """(training, validation) pairs of one data set; test pairs are left alone."""
    splits = find_splits(path)
    if "train" in splits:
        validation = all_samples([read_manifest(path, "val")]) if "val" in splits else []
        return all_samples([read_manifest(path, "train")]), validation
    manifest = read_manifest(path)
    return (
        [Sample(manifest, record) for record in manifest if record.extra.get("split", "train") == "train"],
        [Sample(manifest, record) for record in manifest if record.extra.get("split") == "val"],
    )


def _validation_part(path: Path) -> list[Sample]:
    return all_samples([read_manifest(path, "val" if "val" in find_splits(path) else None)])


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
