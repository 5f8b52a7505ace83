"""What a benchmark gives to those who never look at the images: constant captions, nearest captions, and people.

In: a training and a test `ReferencedSplit`. Out: a list of `Baseline`, each scored on the test references with the
same suite as any model. Everything is found on the training captions alone; the test references are only scored
against.

- *constant caption*: the training caption with the highest leave-one-out score on the training set, one a metric;
- *most frequent caption* and *centroid caption* (nearest to the mean TF-IDF vector) of the training captions;
- *nearest caption*: the first caption of the training pair whose images look most alike (`image_features`);
- *human leave-one-out*: each test reference against the others.
Evennou et al. (WACV 2025, arXiv 2412.15939) report that a constant caption beats published methods.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from blip2idc.errors import ConfigError, InputError
from blip2idc.evaluation import suite
from blip2idc.evaluation.benchmark import constant_search
from blip2idc.evaluation.benchmark.constant_search import Candidates
from blip2idc.evaluation.benchmark.image_features import nearest_pairs, pair_features
from blip2idc.evaluation.benchmark.leave_one_out import human_scores
from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit
from blip2idc.evaluation.metrics.cider import CiderReferences
from blip2idc.evaluation.metrics.corpus import Corpus, References
from blip2idc.evaluation.metrics.meteor.scorer import MeteorBackend
from blip2idc.evaluation.metrics.ngrams import Floats, Ints, Tokens
from blip2idc.evaluation.scores import why_no_cider
from blip2idc.evaluation.significance import Resampling
from blip2idc.evaluation.tokenizer.tokenize import tokenize_corpus
from blip2idc.images.decoding.limits import MAX_PIXELS

#: Metrics that a constant caption can be searched for, and how tables call them.
SEARCHED = {"cider_d": "CIDEr-D", "bleu_4": "BLEU-4", "rouge_l": "ROUGE-L", "meteor": "METEOR"}
#: Columns of tables.
SHOWN = ("bleu_4", "meteor", "rouge_l", "cider_d")
#: Where people describe different changes of one pair, agreement is no ceiling.
NO_CEILING = {
    "spot-the-diff": "the sentences of a pair describe different changes, so that leave-one-out is no ceiling here",
}

_SEARCHES: dict[str, Callable[[References, Candidates], Floats]] = {
    "cider_d": constant_search.cider_d,
    "bleu_4": constant_search.bleu_4,
    "rouge_l": constant_search.rouge_l,
}


@dataclass(frozen=True, eq=False)
class Baseline:
    """One row of the table.

    Attributes:
        name: as the table shows it.
        how: how the captions were found, in one sentence.
        metrics: metric key -> score, low, high, signature, on the test references.
        caption: the one caption, where there is only one.
        train_score: its leave-one-out score on the training references in the metric it was chosen by.
        predictions: what it says of every test pair; empty for people.
    """

    name: str
    how: str
    metrics: dict[str, dict[str, object]]
    caption: str | None = None
    train_score: float | None = None
    predictions: tuple[str, ...] = field(default=(), repr=False)

    def to_dict(self) -> dict[str, object]:
        """The row as JSON keeps it, without the predictions."""
        return {
            "name": self.name,
            "how": self.how,
            "caption": self.caption,
            "train_score": self.train_score,
            "metrics": self.metrics,
        }


@dataclass(frozen=True)
class Constant:
    """A caption found on the training captions."""

    name: str
    how: str
    caption: str
    tokens: Tokens
    train_score: float | None = None


def find_constants(
    train: ReferencedSplit, metrics: Sequence[str] = tuple(SEARCHED), backend: MeteorBackend | None = None
) -> list[Constant]:
    """The constant captions of a training set: the best of each metric, the most frequent, the centroid.

    Where all training pairs share their references, no n-gram weighs anything: nothing is best by CIDEr-D there, or
    nearest to a centroid.

    Args:
        train: the training captions.
        metrics: keys of `SEARCHED`; METEOR is passed over without a backend.
        backend: of METEOR.

    Raises:
        ConfigError: an unknown metric.
        InputError: no training caption holds a word.
    """
    unknown = [name for name in metrics if name not in SEARCHED]
    if unknown:
        raise ConfigError(f"--metric is {unknown[0]!r}, expected one of {', '.join(SEARCHED)}")
    references = train.references
    candidates = Candidates.collect(references, train.captions)
    if not len(candidates):
        raise InputError(f"{train.label}: none of its {len(train)} pairs has a caption with a word in it")
    weighed = why_no_cider(references) is None
    searched = [name for name in metrics if name in _SEARCHES and (weighed or name != "cider_d")]
    scores = {name: _SEARCHES[name](references, candidates) for name in searched}
    found = [_best(name, values, candidates, len(candidates)) for name, values in scores.items()]
    if "meteor" in metrics and backend is not None:
        found.append(_best_meteor(references, candidates, scores, backend))
    found.append(_most_frequent(candidates))
    return [*found, _centroid(references, candidates)] if weighed else found


def _best(metric: str, scores: Floats, candidates: Candidates, searched: int) -> Constant:
    winner = int(np.argmax(scores))  # the first of equals, in file order
    label = SEARCHED[metric]
    how = (
        f"highest {label} on the training references, leaving its own pair out, "
        f"among {searched:,} distinct training captions"
    )
    return Constant(
        f"constant, best {label}",
        how,
        candidates.captions[winner],
        candidates.tokens[winner],
        float(scores[winner]),
    )


def _best_meteor(
    references: References, candidates: Candidates, scores: dict[str, Floats], backend: MeteorBackend
) -> Constant:
    """METEOR is slow, so it sees a short list: the best of the other metrics and of the overlap of words."""
    rankings = [*scores.values(), constant_search.word_overlap(references, candidates)]
    each = max(1, constant_search.METEOR_SHORTLIST // len(rankings))
    chosen = np.unique(np.concatenate([np.argsort(-values, kind="stable")[:each] for values in rankings]))
    shortlist = candidates.take(chosen)
    values = constant_search.meteor_of(references, shortlist, backend)
    found = _best("meteor", values, shortlist, len(candidates))
    items = min(len(references), constant_search.METEOR_ITEMS)
    how = (
        f"highest METEOR on {items:,} training pairs, leaving its own pair out, among {len(shortlist)} captions "
        f"short-listed by the other metrics and by shared words out of {len(candidates):,}"
    )
    return Constant(found.name, how, found.caption, found.tokens, found.train_score)


def _most_frequent(candidates: Candidates) -> Constant:
    winner = int(np.argmax(candidates.frequency))
    how = f"written {int(candidates.frequency[winner]):,} times in the training captions, more than any other"
    return Constant("constant, most frequent", how, candidates.captions[winner], candidates.tokens[winner])


def _centroid(references: References, candidates: Candidates) -> Constant:
    """The caption nearest, by cosine, to the mean of the references' unit TF-IDF vectors of words."""
    side = references.side(CiderReferences)
    entries = references.captions.ngrams[0]
    norms = side.norms[0][entries.caption]
    weights = entries.count * side.idf[0][entries.ngram]
    units = np.divide(weights, norms, out=np.zeros_like(weights), where=norms > 0)
    mean = np.bincount(entries.ngram, weights=units, minlength=references.vocabulary.size(1))
    mine = references.vocabulary.encode(candidates.tokens)
    words = mine.ngrams[0]
    dots = np.bincount(
        words.caption,
        weights=words.count * side.idf[0][words.ngram] * mean[words.ngram],
        minlength=len(candidates),
    )
    lengths = side.vector_lengths(mine.ngrams, len(candidates))[0]
    cosines = np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)
    winner = int(np.argmax(cosines))
    how = "nearest to the mean TF-IDF vector of the training captions"
    return Constant("constant, centroid", how, candidates.captions[winner], candidates.tokens[winner])


def score_constant(
    constant: Constant,
    test: ReferencedSplit,
    *,
    resampling: Resampling | None = None,
    backend: MeteorBackend | None = None,
) -> Baseline:
    """One caption said of every test pair."""
    tokens = [constant.tokens] * len(test)
    metrics = _score(test.references, tokens, resampling, backend)
    predictions = (constant.caption,) * len(test)
    return Baseline(constant.name, constant.how, metrics, constant.caption, constant.train_score, predictions)


def score_nearest(
    train: ReferencedSplit,
    test: ReferencedSplit,
    *,
    resampling: Resampling | None = None,
    backend: MeteorBackend | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Baseline:
    """The first caption of the training pair that looks most alike.

    Raises:
        ImageError: an image is missing or damaged.
    """
    features = [pair_features(data.image_paths(), max_pixels) for data in (train, test)]
    nearest = nearest_pairs(*features)
    predictions = _first_captions(train, nearest)
    metrics = _score(test.references, tokenize_corpus(predictions), resampling, backend)
    how = "first caption of the training pair with the most similar difference image and colours"
    return Baseline("nearest caption by images", how, metrics, predictions=tuple(predictions))


def _first_captions(train: ReferencedSplit, pairs: Ints) -> list[str]:
    return [train.records[pair].references[0] for pair in pairs.tolist()]


def score_humans(
    test: ReferencedSplit, *, resampling: Resampling | None = None, backend: MeteorBackend | None = None
) -> Baseline | None:
    """People against people; None where too few pairs have two references."""
    human = human_scores(test.references, resampling=resampling, backend=backend)
    if human is None:
        return None
    low, high = human.given
    given = str(low) if low == high else f"{low} to {high}"
    how = (
        f"each reference against the {given} other{'s' if high > 1 else ''} of its pair, mean of {human.rotations} "
        f"rotations, {human.items:,} of {len(test):,} pairs"
    )
    caveat = NO_CEILING.get(test.source or "")
    return Baseline("human leave-one-out", f"{how}; {caveat}" if caveat else how, human.metrics)


def all_baselines(
    train: ReferencedSplit,
    test: ReferencedSplit,
    *,
    metrics: Sequence[str] = tuple(SEARCHED),
    resampling: Resampling | None = None,
    backend: MeteorBackend | None = None,
    images: bool = True,
    max_pixels: int = MAX_PIXELS,
) -> list[Baseline]:
    """Every baseline that the data allow, in the order of the table.

    Args:
        train: where captions are taken from.
        test: what they are scored on.
        metrics: of the constant captions to search for.
        resampling: of the intervals.
        backend: of METEOR.
        images: try the nearest caption, where all images are there.
        max_pixels: limit for each image.
    """
    rows: list[Baseline] = []
    known: dict[tuple[str, ...], Baseline] = {}
    for constant in find_constants(train, metrics, backend):
        earlier = known.get(tuple(constant.tokens))
        if earlier is None:
            earlier = known[tuple(constant.tokens)] = score_constant(
                constant, test, resampling=resampling, backend=backend
            )
            rows.append(earlier)
        else:  # the same caption won twice: same scores under its second name
            rows.append(
                Baseline(
                    constant.name,
                    constant.how,
                    earlier.metrics,
                    constant.caption,
                    constant.train_score,
                    earlier.predictions,
                )
            )
    if images and not train.missing_images() and not test.missing_images():
        rows.append(score_nearest(train, test, resampling=resampling, backend=backend, max_pixels=max_pixels))
    human = score_humans(test, resampling=resampling, backend=backend)
    return rows if human is None else [*rows, human]


def _score(
    references: References,
    tokens: Sequence[Tokens],
    resampling: Resampling | None,
    backend: MeteorBackend | None,
) -> dict[str, dict[str, object]]:
    corpus = Corpus.from_tokens(references, tokens)
    return suite.score(corpus, resampling=resampling, meteor_backend=backend).to_dict()
