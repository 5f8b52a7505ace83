"""Fits the confidence of the packaged model's captions on held-out data sets.

    python -m blip2idc.tiny.confidence --adapter build-data/adapters/default --data build-data/pages-held --data ...

In: a captioner and data sets it was not trained on, whose records hold every right wording. Out:
`adapter_confidence.safetensors` in the adapter's folder. It is fitted on the same two views that training uses, the
whole pair and the close look at its change (`tiny.views`); a caption is right where it is one of the pair's own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from blip2idc.data.dataset import all_samples
from blip2idc.data.records import read_records
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.confidence import features_of, fit_confidence, save_confidence
from blip2idc.tiny.views import View, views_of

_BATCH = 64


def judged_views(captioner: DifferenceCaptioner, views: Iterable[View]) -> tuple[torch.Tensor, list[bool]]:
    """What the confidence is read from, and whether the caption was right, of each view.

    Args:
        captioner: Of the joint images that `tiny.views` makes.
        views: Not trained on.
    """
    features, right = [], []
    waiting = iter(views)
    while batch := list(islice(waiting, _BATCH)):
        joints = [view.images.reshape(-1, *view.images.shape[2:]) for view in batch]
        encoded = captioner.encode(joints)
        with torch.inference_mode():
            odds = captioner.joint_model.log_odds(encoded.seen)
        features.append(features_of(encoded.seen, odds).clone())
        said = captioner.say(encoded, {})
        right += [one.caption in view.captions for one, view in zip(said, batch, strict=True)]
    return torch.cat(features), right


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="backbone; default: the packaged one")
    parser.add_argument("--adapter", required=True, type=Path, help="folder that gets the confidence")
    parser.add_argument("--data", type=Path, action="append", required=True, help="data set; may be repeated")
    parser.add_argument("--seed", type=int, default=0, help="of jitter and drawn places")
    options = parser.parse_args(arguments)
    captioner = DifferenceCaptioner.from_pretrained(options.model, options.adapter)
    samples = all_samples([read_records(path) for path in options.data])
    views = (
        view
        for number, sample in enumerate(samples)
        for view in views_of(sample, np.random.default_rng((options.seed, number)))
    )
    features, right = judged_views(captioner, views)
    save_confidence(fit_confidence(features, right), options.adapter)
    share = sum(right) / len(right)
    print(f"{len(right)} views, {share:.1%} of the captions right", file=sys.stderr)


if __name__ == "__main__":
    main()
