"""Image difference captioning: say in a sentence what changed between two images, show where, and how sure.

One name for each thing a user does; all are resolved on first use, so that ``import blip2idc`` loads no torch.

| to | use |
|---|---|
| caption a pair, list its changes, show where it looked | `DifferenceCaptioner` (`explain`, `stream`) |
| find changes without a model | `find_changes` |
| caption a data set | `predict` |
| train an adapter | `train`, `TrainConfig`, `load_config` |
| score predictions | `evaluate`, `read_predictions`, `read_references` |
| compare two folders | `compare`, `CompareSettings` |
| read and write data sets | `read_records`, `write_records`, `PairRecord` |
| make pairs with known truth | `ScenesWorld`, `EditsWorld`, `PagesWorld`, `write_world` |

    from blip2idc import DifferenceCaptioner
    captioner = DifferenceCaptioner.from_pretrained()
    difference = captioner("before.png", "after.png")
    print(difference.caption, difference.change_probability)
    for change in difference.changes:
        print(change.caption, change.before_box, change.after_box)

What goes wrong on purpose is a `Blip2idcError` with one sentence.

Method: Evennou, Chaffin, Chappelier, Kijak, "Reframing Image Difference Captioning with BLIP2IDC and Synthetic
Augmentation", WACV 2025, arXiv 2412.15939.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from blip2idc.version import __version__

_HOMES = {
    "AssessmentOptions": "blip2idc.evaluation.assess",
    "Blip2idcError": "blip2idc.errors",
    "Change": "blip2idc.difference",
    "CompareSettings": "blip2idc.comparison.outcome",
    "ConfigError": "blip2idc.errors",
    "Difference": "blip2idc.difference",
    "DifferenceCaptioner": "blip2idc.model.captioner",
    "EditsWorld": "blip2idc.worlds.edits.world",
    "Explanation": "blip2idc.difference",
    "ImageError": "blip2idc.errors",
    "ImagePair": "blip2idc.images.pair",
    "InputError": "blip2idc.errors",
    "JointLayout": "blip2idc.images.joint",
    "Manifest": "blip2idc.data.records",
    "ManifestError": "blip2idc.errors",
    "MissingExtraError": "blip2idc.errors",
    "ModelError": "blip2idc.errors",
    "PagesWorld": "blip2idc.worlds.pages.world",
    "PairRecord": "blip2idc.data.records",
    "PredictionError": "blip2idc.errors",
    "ScenesWorld": "blip2idc.worlds.scenes.world",
    "TrainConfig": "blip2idc.training.recipe",
    "compare": "blip2idc.comparison.run",
    "evaluate": "blip2idc.evaluation.assess",
    "find_changes": "blip2idc.images.changes",
    "load_config": "blip2idc.config",
    "open_image": "blip2idc.images.pair",
    "predict": "blip2idc.prediction.predictions",
    "read_predictions": "blip2idc.evaluation.inputs",
    "read_records": "blip2idc.data.records",
    "read_references": "blip2idc.evaluation.inputs",
    "train": "blip2idc.training.run",
    "write_records": "blip2idc.data.records",
    "write_world": "blip2idc.worlds.write",
}

if TYPE_CHECKING:
    from blip2idc.comparison.outcome import CompareSettings
    from blip2idc.comparison.run import compare
    from blip2idc.config import load_config
    from blip2idc.data.records import Manifest, PairRecord, read_records, write_records
    from blip2idc.difference import Change, Difference, Explanation
    from blip2idc.errors import (
        Blip2idcError,
        ConfigError,
        ImageError,
        InputError,
        ManifestError,
        MissingExtraError,
        ModelError,
        PredictionError,
    )
    from blip2idc.evaluation.assess import AssessmentOptions, evaluate
    from blip2idc.evaluation.inputs import read_predictions, read_references
    from blip2idc.images.changes import find_changes
    from blip2idc.images.joint import JointLayout
    from blip2idc.images.pair import ImagePair, open_image
    from blip2idc.model.captioner import DifferenceCaptioner
    from blip2idc.prediction.predictions import predict
    from blip2idc.training.recipe import TrainConfig
    from blip2idc.training.run import train
    from blip2idc.worlds.edits.world import EditsWorld
    from blip2idc.worlds.pages.world import PagesWorld
    from blip2idc.worlds.scenes.world import ScenesWorld
    from blip2idc.worlds.write import write_world

__all__ = [
    "AssessmentOptions",
    "Blip2idcError",
    "Change",
    "CompareSettings",
    "ConfigError",
    "Difference",
    "DifferenceCaptioner",
    "EditsWorld",
    "Explanation",
    "ImageError",
    "ImagePair",
    "InputError",
    "JointLayout",
    "Manifest",
    "ManifestError",
    "MissingExtraError",
    "ModelError",
    "PagesWorld",
    "PairRecord",
    "PredictionError",
    "ScenesWorld",
    "TrainConfig",
    "__version__",
    "compare",
    "evaluate",
    "find_changes",
    "load_config",
    "open_image",
    "predict",
    "read_predictions",
    "read_records",
    "read_references",
    "train",
    "write_records",
    "write_world",
]


def __getattr__(name: str) -> object:
    """Import a public name from its home on first use (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'blip2idc' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
