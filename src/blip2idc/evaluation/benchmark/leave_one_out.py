"""People scored as if they were a model: each reference against the others of its pair.

In: `References`. Out: scores, averaged over *rotations*: in rotation j the j-th reference of every pair is the
prediction and the others (or the next few of them, in a circle) are the references. An item with one reference
cannot take part. The score is of k - 1 references where the items have k, so that it stands beside models
scored with k - 1 references, not k.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blip2idc.evaluation import significance, suite
from blip2idc.evaluation.metrics.corpus import Corpus, References
from blip2idc.evaluation.metrics.meteor.scorer import MeteorBackend
from blip2idc.evaluation.metrics.ngrams import Tokens
from blip2idc.evaluation.scores import FAMILIES, METRICS, signature, why_no_cider
from blip2idc.evaluation.significance import Resampling

MOST_ROTATIONS = 5


@dataclass(frozen=True, eq=False)
class HumanScores:
    """How well people agree with one another, by the metrics.

    Attributes:
        metrics: metric key -> score, interval, signature.
        items: pairs that took part.
        rotations: number of rotations averaged.
        given: references each prediction was scored against: (smallest, largest).
    """

    metrics: dict[str, dict[str, object]]
    items: int
    rotations: int
    given: tuple[int, int]


def human_scores(
    references: References,
    given: int | None = None,
    *,
    metrics: Sequence[str] | None = None,
    resampling: Resampling | None = None,
    backend: MeteorBackend | None = None,
) -> HumanScores | None:
    """Leave-one-out scores; None where fewer than two items have enough references.

    Args:
        references: of the test set.
        given: references that each prediction is scored against; default all the others.
        metrics: as for `suite.score`.
        resampling: of the intervals.
        backend: of METEOR.
    """
    corpora = rotations(references, given)
    if not corpora:
        return None
    counts = corpora[0].references.counts
    scored = average(corpora, metrics=metrics, resampling=resampling, backend=backend)
    return HumanScores(scored, len(corpora[0]), len(corpora), (int(counts.min()), int(counts.max())))


def rotations(references: References, given: int | None = None) -> list[Corpus]:
    """One corpus a rotation: the j-th reference of each item against `given` others (default all)."""
    items = np.flatnonzero(references.counts > (given or 1))
    if len(items) < 2:
        return []
    of_items = [references.of_item(item) for item in items.tolist()]
    ids = [references.ids[item] for item in items.tolist()]
    number = min(MOST_ROTATIONS, min(len(tokens) for tokens in of_items))
    corpora = []
    for turn in range(number):
        others = [rotated(tokens, turn)[1:][:given] for tokens in of_items]
        rest = References.from_tokens(ids, others, references.tokenizer)
        corpora.append(Corpus.from_tokens(rest, [tokens[turn] for tokens in of_items]))
    return corpora


def rotated(tokens: Sequence[Tokens], turn: int) -> list[Tokens]:
    """The references of one item, beginning with the one at `turn`.

    >>> rotated(["a", "b", "c"], 1)
    ['b', 'c', 'a']
    """
    return [*tokens[turn:], *tokens[:turn]]


def average(
    corpora: Sequence[Corpus],
    *,
    metrics: Sequence[str] | None = None,
    resampling: Resampling | None = None,
    backend: MeteorBackend | None = None,
) -> dict[str, dict[str, object]]:
    """Scores averaged over corpora of the same items; the intervals resample items, all corpora together."""
    resampling = resampling or Resampling()
    wanted = suite.resolve(metrics)
    collected = [suite.collect(corpus, wanted, backend) for corpus in corpora]
    found: dict[str, dict[str, object]] = {}
    for family in collected[0]:
        systems = [statistics[family] for statistics in collected]
        score = np.mean([system.corpus() for system in systems], axis=0)
        low = high = None
        if resampling.resamples:
            samples = significance.bootstrap(systems, resampling)
            low, high = significance.interval(np.mean(samples, axis=0), resampling.confidence)
        recipe = backend.signature if backend is not None else ""
        for column, name in enumerate(systems[0].names):
            found[name] = {
                "score": float(score[column]),
                "low": None if low is None else float(low[column]),
                "high": None if high is None else float(high[column]),
                "signature": f"{signature(name, corpora[0].references, resampling, recipe)}"
                f"|mean of {len(corpora)} rotations",
            }
    undefined = FAMILIES["cider"] if any(why_no_cider(corpus.references) for corpus in corpora) else ()
    return {
        name: found[name] for name in METRICS if name in wanted and name in found and name not in undefined
    }
