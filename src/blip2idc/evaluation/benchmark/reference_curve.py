"""What the number of references does to every metric, on the pairs of one test set.

In: `References`. Out: a curve a speaker (people by leave-one-out, a constant caption): its scores against 1, 2,
.. n references, always on the same pairs. BLEU, METEOR and ROUGE-L grow with n, CIDEr hardly: scores at
different n are not comparable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blip2idc.evaluation.benchmark.leave_one_out import average, human_scores
from blip2idc.evaluation.metrics.corpus import Corpus, References
from blip2idc.evaluation.metrics.meteor.scorer import MeteorBackend
from blip2idc.evaluation.metrics.ngrams import Tokens
from blip2idc.evaluation.significance import Resampling

METRICS = ("bleu_1", "bleu_4", "meteor", "rouge_l", "cider_d")
MOST_REFERENCES = 8
#: The curve runs to the number of references that this share of the pairs has.
_SHARE = 0.3


@dataclass(frozen=True, eq=False)
class Point:
    """Scores of one speaker against a number of references; `metrics` as JSON keeps them."""

    speaker: str
    given: int
    items: int
    metrics: dict[str, dict[str, object]]


def reference_curve(
    references: References,
    constant: Tokens | None = None,
    *,
    resampling: Resampling | None = None,
    backend: MeteorBackend | None = None,
) -> list[Point]:
    """The curves of a test set; empty where hardly any pair has a second reference."""
    most = curve_length(references)
    if most < 2:
        return []
    enough = references.take(np.flatnonzero(references.counts >= most))
    points = []
    for given in range(1, most):
        human = human_scores(enough, given, metrics=METRICS, resampling=resampling, backend=backend)
        if human is not None:
            points.append(Point("people", given, human.items, human.metrics))
    for given in range(1, most + 1) if constant is not None else ():
        first = [enough.of_item(item)[:given] for item in range(len(enough))]
        some = References.from_tokens(enough.ids, first, enough.tokenizer)
        corpus = Corpus.from_tokens(some, [constant or ()] * len(some))
        scored = average([corpus], metrics=METRICS, resampling=resampling, backend=backend)
        points.append(Point("constant caption", given, len(some), scored))
    return points


def curve_length(references: References) -> int:
    """The largest number of references that enough pairs have; at most `MOST_REFERENCES`."""
    counts = references.counts
    needed = max(2.0, _SHARE * len(references))
    enough = [n for n in range(1, MOST_REFERENCES + 1) if (counts >= n).sum() >= needed]
    return max(enough, default=0)
