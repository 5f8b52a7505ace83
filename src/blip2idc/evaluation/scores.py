"""Scores as they are reported: the number, its interval, its recipe, and what its reader should know.

In: a `Corpus` and what was computed from it. Out: `MetricScore`, `Scores`, signatures and cautions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from blip2idc.evaluation.metrics import bleu, cider, rouge
from blip2idc.evaluation.metrics.corpus import Corpus, References, Statistics
from blip2idc.evaluation.metrics.meteor import scorer as meteor
from blip2idc.evaluation.metrics.ngrams import Floats, Ints
from blip2idc.evaluation.significance import Resampling
from blip2idc.version import __version__

# Metrics computed together, from the same statistics.
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "bleu": bleu.NAMES,
    "meteor": meteor.NAMES,
    "rouge": rouge.NAMES,
    "cider": cider.NAMES,
}
# Every metric, in the order of tables.
METRICS = tuple(name for names in FAMILIES.values() for name in names)
FAMILY_OF = {name: family for family, names in FAMILIES.items() for name in names}
CIDER_OF_ONE = (
    "CIDEr is undefined for a single pair: with one item every n-gram occurs in all items and weighs nothing"
)
CIDER_OF_SHARED = (
    "CIDEr is undefined where all items share their references: "
    "every n-gram occurs in all items and weighs nothing"
)
# Fewer references an item than this make BLEU, METEOR and ROUGE-L low and noisy (Evennou et al., WACV 2025,
# ask for five).
ENOUGH_REFERENCES = 5


@dataclass(frozen=True, eq=False)
class MetricScore:
    """One metric of one set of predictions; raw values (0 to 1, CIDEr 0 to 10).

    Attributes:
        name: key of the metric, such as `cider_d`.
        score: of the corpus.
        low: lower end of its bootstrap interval; None without resamples.
        high: upper end.
        signature: the recipe: metric, tokenizer, options, references, version.
        per_item: `[N]` score of every item alone.
    """

    name: str
    score: float
    low: float | None
    high: float | None
    signature: str
    per_item: Floats


@dataclass(frozen=True, eq=False)
class Scores(Mapping[str, MetricScore]):
    """Every metric of one set of predictions; a mapping from metric key to `MetricScore`.

    Attributes:
        ids: `N` items, in the order of all item scores.
        reference_counts: `[N]` references of each item.
        metrics: the scores, in the order of `METRICS`.
        absent: metrics that could not be computed, each with one sentence why.
        cautions: what a reader of these numbers should know, a sentence each.
        statistics: by family, what the scores were computed from.
        undefined: scores that pycocoevalcap gives where they mean nothing; only JSON reports tell them, as undefined.
    """

    ids: tuple[str, ...]
    reference_counts: Ints
    metrics: Mapping[str, MetricScore]
    absent: Mapping[str, str]
    cautions: tuple[str, ...]
    statistics: Mapping[str, Statistics]
    undefined: Mapping[str, MetricScore] = field(default_factory=dict)

    def __getitem__(self, name: str) -> MetricScore:
        return self.metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def to_dict(self, per_item: bool = False, *, undefined: bool = False) -> dict[str, Any]:
        """The scores as JSON reports keep them: one object a metric; with `per_item`, scores by id."""
        out: dict[str, Any] = {}
        for name, metric in {**self.metrics, **(self.undefined if undefined else {})}.items():
            out[name] = {
                "score": metric.score,
                "low": metric.low,
                "high": metric.high,
                "signature": metric.signature,
            }
            if name in self.undefined:
                out[name] |= {"low": None, "high": None, "defined": False}
            if per_item:
                out[name]["per_item"] = dict(zip(self.ids, metric.per_item.tolist(), strict=True))
        return out


def is_defined(metric: object) -> bool:
    """Whether a metric of a JSON report is a score that means something; see `Scores.undefined`."""
    return isinstance(metric, Mapping) and metric.get("defined", True) is not False


def signature(name: str, references: References, resampling: Resampling, meteor_signature: str = "") -> str:
    """The recipe of one score, as one line of `key:value` parts."""
    clipping = "clip:yes|sigma:6" if name == "cider_d" else "clip:no|sigma:none"
    options = {
        "bleu": "reflen:closest|smooth:1e-15/1e-9",
        "meteor": f"meteor-1.5:-l en -norm|{meteor_signature}",
        "rouge": f"beta:{rouge.BETA}",
        "cider": f"n:4|stem:no|{clipping}|df:{len(references)} items",
    }[FAMILY_OF[name]]
    parts = [
        name,
        f"tok:{references.tokenizer}",
        options,
        f"refs:{describe_counts(references.counts)}|dedupe:no",
    ]
    if resampling.resamples:
        parts.append(f"boot:{resampling.resamples}/{resampling.confidence:g}/seed{resampling.seed}")
    return "|".join([*parts, f"v:{__version__}"])


def describe_counts(counts: Ints) -> str:
    """References an item, in short: `5`, or `1-7(mean 1.66)`."""
    low, high = int(counts.min()), int(counts.max())
    return str(low) if low == high else f"{low}-{high}(mean {counts.mean():.2f})"


def cautions(corpus: Corpus, families: Mapping[str, Statistics]) -> list[str]:
    """What a reader of these scores should know, a sentence each."""
    references = corpus.references
    found = []
    if references.counts.mean() < ENOUGH_REFERENCES:
        found.append(
            f"{describe_counts(references.counts)} references an item: BLEU, METEOR and ROUGE-L grow with their "
            "number, so compare only with scores at the same number."
        )
    empty = sum(not tokens for tokens in corpus.tokens)
    if empty:
        found.append(f"{empty} of {len(corpus)} predictions hold no word; they are scored as empty captions.")
    empty = sum(not tokens for tokens in references.tokens)
    if empty:
        found.append(
            f"{empty} of {len(references.tokens)} references hold no word; they are kept as they are."
        )
    repeated = _repeated(references)
    if repeated:
        found.append(
            f"{repeated} references repeat another one of their item; they are kept, as the community does."
        )
    return found


def _repeated(references: References) -> int:
    """References that equal an earlier one of the same item."""
    starts = references.starts.tolist()
    groups = (references.tokens[a:b] for a, b in pairwise(starts))
    return sum(len(group) - len(set(map(tuple, group))) for group in groups if len(group) > 1)


def why_no_cider(references: References) -> str | None:
    """Why CIDEr would be 0 for these references whatever was said; None where it is a score."""
    if len(references) == 1:
        return CIDER_OF_ONE
    frequencies = references.side(cider.CiderReferences).frequency
    weighty = any(bool(np.any((found > 0) & (found < len(references)))) for found in frequencies)
    return None if weighty else CIDER_OF_SHARED
