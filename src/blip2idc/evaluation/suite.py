"""All metrics of one set of predictions: scores with intervals, item scores, and the recipe of every number.

In: a `Corpus`. Out: `Scores`. For programs that score many prediction sets: build `References` once, then
one `Corpus` each.

    references = References.build(ids, [["a car left", "the car is gone"], ...])
    scores = score(Corpus.build(references, ["the car left", ...]))
    scores["cider_d"].score, scores["cider_d"].low, scores["cider_d"].signature
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from blip2idc.errors import ConfigError
from blip2idc.evaluation import significance
from blip2idc.evaluation.metrics import bleu, cider, rouge
from blip2idc.evaluation.metrics.corpus import Corpus, Statistics
from blip2idc.evaluation.metrics.meteor import scorer as meteor
from blip2idc.evaluation.metrics.meteor.backend import HOW_TO_GET
from blip2idc.evaluation.metrics.meteor.scorer import MeteorBackend
from blip2idc.evaluation.metrics.ngrams import Floats, Ints
from blip2idc.evaluation.scores import (
    FAMILIES,
    METRICS,
    MetricScore,
    Scores,
    cautions,
    signature,
    why_no_cider,
)
from blip2idc.evaluation.significance import Comparison, Resampling

_STATISTICS: Mapping[str, Callable[[Corpus], Statistics]] = {
    "bleu": bleu.statistics,
    "rouge": rouge.statistics,
    "cider": cider.statistics,
}


def score(
    corpus: Corpus,
    metrics: Sequence[str] | None = None,
    *,
    resampling: Resampling | None = None,
    meteor_backend: MeteorBackend | None = None,
) -> Scores:
    """Score predictions with all metrics, or with those named.

    Args:
        corpus: predictions and references; one prediction an item.
        metrics: keys out of `METRICS` or names out of `FAMILIES`; default all.
        resampling: of the intervals; default 1,000 resamples at 95 %; `Resampling(0)` for no intervals.
        meteor_backend: what computes METEOR, see `metrics.meteor.backend`; without one METEOR is absent.

    Raises:
        ConfigError: an unknown metric.
    """
    statistics = collect(corpus, metrics, meteor_backend)
    return summarize(corpus, statistics, metrics, resampling=resampling, meteor_backend=meteor_backend)


def resolve(metrics: Sequence[str] | None) -> tuple[str, ...]:
    """Metric keys, in the order of tables, from keys and family names; None is all of them.

    >>> resolve(["cider", "bleu_4"]), resolve(["rouge"])
    (('bleu_4', 'cider'), ('rouge_l',))
    """
    if metrics is None:
        return METRICS
    wanted: set[str] = set()
    for name in metrics:
        key = name.strip().lower().replace("-", "_")
        if key in METRICS:
            wanted.add(key)
        elif key in FAMILIES:
            wanted.update(FAMILIES[key])
        else:
            raise ConfigError(
                f"There is no metric {name!r}; choose from {', '.join([*METRICS, 'bleu', 'rouge'])}"
            )
    return tuple(name for name in METRICS if name in wanted)


def collect(
    corpus: Corpus, metrics: Sequence[str] | None = None, meteor_backend: MeteorBackend | None = None
) -> dict[str, Statistics]:
    """The statistics of every family that the named metrics need (default all)."""
    wanted = set(resolve(metrics))
    out: dict[str, Statistics] = {}
    for family, names in FAMILIES.items():
        if not wanted.intersection(names):
            continue
        if family != "meteor":
            out[family] = _STATISTICS[family](corpus)
        elif meteor_backend is not None:
            out[family] = meteor.statistics(corpus, meteor_backend)
    return out


def restrict(
    corpus: Corpus, statistics: Mapping[str, Statistics], items: Ints
) -> tuple[Corpus, dict[str, Statistics]]:
    """Some items as a corpus of their own, as the community scores a subset.

    BLEU, ROUGE-L and METEOR of an item do not depend on the others and are taken over; CIDEr is computed
    anew, with document frequencies from these items' references alone.
    """
    part = corpus.take(items)
    out = {family: known.take(items) for family, known in statistics.items()}
    if "cider" in out:
        out["cider"] = cider.statistics(part)
    return part, out


def summarize(
    corpus: Corpus,
    statistics: Mapping[str, Statistics],
    metrics: Sequence[str] | None = None,
    *,
    resampling: Resampling | None = None,
    meteor_backend: MeteorBackend | None = None,
) -> Scores:
    """Scores and intervals from collected statistics; arguments as for `score`."""
    wanted, resampling = resolve(metrics), resampling or Resampling()
    meteor_signature = (
        meteor_backend.signature if meteor_backend is not None and "meteor" in statistics else ""
    )
    found: dict[str, MetricScore] = {}
    for known, samples in zip(statistics.values(), _samples(statistics, resampling), strict=True):
        values, items = known.corpus(), known.per_item()
        low, high = significance.interval(samples, resampling.confidence) if len(samples) else (None, None)
        for column, name in enumerate(known.names):
            found[name] = MetricScore(
                name,
                float(values[column]),
                None if low is None else float(low[column]),
                None if high is None else float(high[column]),
                signature(name, corpus.references, resampling, meteor_signature),
                items[:, column],
            )
    no_cider = why_no_cider(corpus.references) if "cider" in statistics else None
    kept = {name: found[name] for name in wanted if name in found and not (no_cider and name in cider.NAMES)}
    return Scores(
        ids=corpus.references.ids,
        reference_counts=corpus.references.counts,
        metrics=kept,
        absent={
            name: (no_cider if name in cider.NAMES else None) or HOW_TO_GET["python"]
            for name in wanted
            if name not in kept
        },
        cautions=tuple(cautions(corpus, statistics)),
        statistics=dict(statistics),
        undefined={
            name: found[name]
            for name in wanted
            if name in found and name not in kept and len(corpus.references) > 1
        },
    )


def compare(scores: Scores, others: Scores, *, resampling: Resampling | None = None) -> list[Comparison]:
    """Paired tests of two systems scored on the same items, in every metric that both have."""
    resampling = resampling or Resampling()
    found: dict[str, Comparison] = {}
    for family in scores.statistics:
        if family in others.statistics:
            tests = significance.compare(scores.statistics[family], others.statistics[family], resampling)
            found |= {test.metric: test for test in tests}
    return [found[name] for name in scores if name in others]


def _samples(statistics: Mapping[str, Statistics], resampling: Resampling) -> list[Floats]:
    """Resampled scores of every family; empty arrays where no intervals are wanted."""
    systems = list(statistics.values())
    if not resampling.resamples or not systems:
        return [system.corpus()[:0] for system in systems]
    return significance.bootstrap(systems, resampling)
