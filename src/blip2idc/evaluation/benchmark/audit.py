"""What a benchmark can and cannot tell, before any model is looked at.

In: the splits of a data set as `ReferencedSplit`s; images where they are there. Out: one nested mapping of plain
values, for JSON and for `report.audit_page`: references a pair and what their number does to each metric, words
and lengths, pairs without a change, what test and training set share, what captions reach that never look at an
image, what people reach, the differences the test set can resolve, and a verdict in sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import chain
from typing import Any

from blip2idc.evaluation.benchmark import verdict
from blip2idc.evaluation.benchmark.baseline_report import BaselineReport
from blip2idc.evaluation.benchmark.baselines import Baseline, all_baselines, score_humans
from blip2idc.evaluation.benchmark.corpus_facts import describe_split, unknown_words
from blip2idc.evaluation.benchmark.duplicates import caption_overlap, image_overlap
from blip2idc.evaluation.benchmark.image_features import ImageFingerprints, image_fingerprints
from blip2idc.evaluation.benchmark.reference_curve import reference_curve
from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit
from blip2idc.evaluation.benchmark.resolution import resolutions
from blip2idc.evaluation.metrics.meteor.scorer import MeteorBackend
from blip2idc.evaluation.metrics.ngrams import Tokens
from blip2idc.evaluation.scores import why_no_cider
from blip2idc.evaluation.significance import Resampling
from blip2idc.evaluation.tokenizer.tokenize import tokenize_corpus
from blip2idc.images.decoding.limits import MAX_PIXELS

Audit = dict[str, Any]


def audit(
    splits: Mapping[str, ReferencedSplit],
    tested: str,
    *,
    resampling: Resampling | None = None,
    backend: MeteorBackend | None = None,
    images: bool = True,
    max_pixels: int = MAX_PIXELS,
) -> Audit:
    """Audit a data set.

    Args:
        splits: split name -> its pairs; `train` is where blind baselines learn.
        tested: name of the split that models are scored on.
        resampling: of the intervals.
        backend: of METEOR.
        images: look at the images, where all of a split are there.
        max_pixels: limit for each image.
    """
    test, train = splits[tested], splits.get("train")
    if tested == "train":
        train = None
    rows = _baselines(train, test, resampling, backend, images, max_pixels)
    constant = next((row.caption for row in rows if row.caption is not None), None)
    tokens: Tokens = tokenize_corpus([constant])[0] if constant is not None else ()
    curve = reference_curve(
        test.references, tokens if constant is not None else None, resampling=resampling, backend=backend
    )
    drawn = (train or test).references.tokens
    found: Audit = {
        "data": str(test.root.parent if test.root.name == tested else test.root),
        "tested": tested,
        "benchmark": test.source,
        "splits": {name: describe_split(data) for name, data in splits.items()},
        "unknown_words": unknown_words(test.references, train.references) if train is not None else None,
        "curve": [asdict(point) for point in curve],
        "baselines": _report(train, test, rows) if train is not None else _rows(rows),
        "resolution": [
            found.to_dict() for found in resolutions(test.references, drawn, tokens or drawn[0], resampling)
        ]
        if len(test) > 1
        else [],
        "cider_undefined": why_no_cider(test.references),
        "overlap": _overlaps(splits, tested, images, max_pixels),
    }
    found["verdict"] = verdict.sentences(found)
    return found


def _baselines(
    train: ReferencedSplit | None,
    test: ReferencedSplit,
    resampling: Resampling | None,
    backend: MeteorBackend | None,
    images: bool,
    max_pixels: int,
) -> list[Baseline]:
    if train is not None:
        return all_baselines(
            train, test, resampling=resampling, backend=backend, images=images, max_pixels=max_pixels
        )
    human = score_humans(test, resampling=resampling, backend=backend)
    return [] if human is None else [human]


def _report(train: ReferencedSplit, test: ReferencedSplit, rows: list[Baseline]) -> Audit:
    return BaselineReport.build(train, test, rows).to_dict()


def _rows(rows: list[Baseline]) -> Audit:
    return {"baselines": [{**row.to_dict(), "beats": {}} for row in rows], "published": []}


def _overlaps(splits: Mapping[str, ReferencedSplit], tested: str, images: bool, max_pixels: int) -> Audit:
    """What the tested split shares with each of the others."""
    ours = splits[tested]
    prints = _prints(ours, max_pixels) if images else None
    found: Audit = {}
    for name, theirs in splits.items():
        if name == tested:
            continue
        captions, looked_up = caption_overlap(ours.references, theirs.references)
        found[name] = {"captions": captions.to_dict(), "captions_looked_up": looked_up, "images": None}
        others = _prints(theirs, max_pixels) if prints is not None else None
        if prints is not None and others is not None:
            owners = list(chain.from_iterable((pair, pair) for pair in range(len(ours))))
            found[name]["images"] = image_overlap(prints, owners, others).to_dict()
    return found


def _prints(data: ReferencedSplit, max_pixels: int) -> ImageFingerprints | None:
    """Prints of the images of a split, before and after of each pair; None where some are not there."""
    if data.missing_images():
        return None
    names = chain.from_iterable((record.before_file_name, record.after_file_name) for record in data.records)
    return image_fingerprints(zip(names, chain.from_iterable(data.image_paths()), strict=True), max_pixels)
