"""One evaluation from end to end: matched predictions in, everything that is reported out.

In: `Predictions` and a `ReferenceSet`, and how to score them. Out: an `Assessment`: the scores of every section
of the protocol, of every kind of change where asked, no-change accuracy, and the tests against a second system.
The command `evaluate` prints it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from blip2idc.errors import PredictionError
from blip2idc.evaluation import no_change, protocols, suite
from blip2idc.evaluation.inputs import Matched, Predictions, ReferenceSet, match
from blip2idc.evaluation.metrics.corpus import Corpus, References, Statistics
from blip2idc.evaluation.metrics.meteor.scorer import MeteorBackend
from blip2idc.evaluation.no_change import NoChangeScores
from blip2idc.evaluation.protocols import ProtocolOptions, Section
from blip2idc.evaluation.scores import CIDER_OF_ONE, FAMILIES, Scores
from blip2idc.evaluation.significance import Comparison, Resampling
from blip2idc.version import __version__


@dataclass(frozen=True)
class AssessmentOptions:
    """How to score.

    >>> AssessmentOptions(metrics=("bleu_4", "cider_d"), protocol="spot-the-diff-single").resampling.resamples
    1000

    Attributes:
        metrics: keys or family names; None for all.
        protocol: name out of `protocols.PROTOCOLS`; None scores all items as they are.
        protocol_options: files and seed that some protocols need.
        by_kind: whether to score every kind of change apart.
        allow_missing: whether to leave out items without counterpart instead of refusing them.
        resampling: of intervals and tests.
        meteor_backend: what computes METEOR; None leaves it out.
    """

    metrics: Sequence[str] | None = None
    protocol: str | None = None
    protocol_options: ProtocolOptions = field(default_factory=ProtocolOptions)
    by_kind: bool = False
    allow_missing: bool = False
    resampling: Resampling = field(default_factory=Resampling)
    meteor_backend: MeteorBackend | None = None


@dataclass(frozen=True, eq=False)
class SectionScores:
    """What was found for one section; `no_change` is None where no item of it is unchanged."""

    section: Section
    scores: Scores
    no_change: NoChangeScores | None

    def to_dict(self, per_item: bool = False, *, whole: bool = False) -> dict[str, Any]:
        """The section as the JSON report keeps it; of the whole also what pycocoevalcap gives and means nothing."""
        counts = self.scores.reference_counts
        return {
            "title": self.section.title,
            "items": len(self.scores.ids),
            "references_per_item": {
                "min": int(counts.min()),
                "mean": float(counts.mean()),
                "max": int(counts.max()),
            },
            **self.scores.to_dict(per_item, undefined=whole),
            "not_computed": [{"metric": name, "reason": why} for name, why in self.scores.absent.items()],
            "no_change": self.no_change.to_dict() if self.no_change is not None else None,
            "cautions": list(self.scores.cautions),
        }


@dataclass(frozen=True, eq=False)
class Assessment:
    """Everything that one evaluation reports.

    Attributes:
        predictions: where the predictions come from.
        references: where the references come from.
        options: how they were scored.
        matched: the items.
        sections: scores of the protocol's sections, the main one first.
        kinds: scores of every kind of change, where asked.
        against: where the second system's predictions come from, and the tests of the main section against it.
        notes: what the reader should know of matching and protocol.
    """

    predictions: str
    references: str
    options: AssessmentOptions
    matched: Matched
    sections: tuple[SectionScores, ...]
    kinds: tuple[SectionScores, ...]
    against: tuple[str, tuple[Comparison, ...]] | None
    notes: tuple[str, ...]

    @property
    def main(self) -> SectionScores:
        """The section whose scores stand at the top."""
        return self.sections[0]

    def to_dict(self, per_item: bool = False) -> dict[str, Any]:
        """The JSON report: the main section's metrics at the top, raw values."""
        resampling = asdict(self.options.resampling)
        report: dict[str, Any] = {
            "predictions": self.predictions,
            "references": self.references,
            "protocol": self.options.protocol,
            "version": __version__,
            "resampling": resampling,
            **self.main.to_dict(per_item, whole=True),
            "notes": list(self.notes),
            "missing_ids": list(self.matched.missing),
            "unknown_ids": list(self.matched.unknown),
            "sections": {part.section.name: part.to_dict(per_item) for part in self.sections[1:]},
            "by_kind": {part.section.name: part.to_dict(per_item) for part in self.kinds},
        }
        if self.against is not None:
            source, tests = self.against
            rows = {test.metric: {**asdict(test), "difference": test.difference} for test in tests}
            report["against"] = {"predictions": source, "tests": rows}
        return report


def evaluate(
    predictions: Predictions,
    references: ReferenceSet,
    options: AssessmentOptions | None = None,
    *,
    against: Predictions | None = None,
) -> Assessment:
    """Match, score and compare.

    >>> from blip2idc.evaluation.inputs import Prediction, Predictions, ReferenceItem, ReferenceSet
    >>> from blip2idc.evaluation.significance import Resampling
    >>> said = Predictions("mine", (Prediction("1", "the car is gone"), Prediction("2", "a van came")))
    >>> items = (ReferenceItem("1", ("the car is gone",)), ReferenceItem("2", ("a van appeared",)))
    >>> options = AssessmentOptions(metrics=("bleu_1", "rouge_l"), resampling=Resampling(0))
    >>> found = evaluate(said, ReferenceSet("truth", items), options)
    >>> round(found.main.scores["bleu_1"].score, 3)
    0.857

    Files are read with `read_predictions` and `read_references`.

    Args:
        predictions: of the system to judge.
        references: of the test set.
        options: how to score.
        against: predictions of a second system for the same items.

    Raises:
        PredictionError: ids do not fit, the protocol needs more than there is, or CIDEr of a single pair was asked for.
    """
    options = options or AssessmentOptions()
    matched = _matched(predictions, references, options)
    _refuse_single(matched, options)
    plan = protocols.plan(options.protocol, matched, options.protocol_options)
    scorer = _Scorer(matched, options)
    sections = tuple(scorer.score(section) for section in plan.sections)
    kinds = tuple(scorer.score(section) for section in protocols.by_kind(matched)) if options.by_kind else ()
    tests = None
    if against is not None:
        tests = (
            against.source,
            _compare(sections[0], _matched(against, references, options), matched, options),
        )
    notes = (*_matching_notes(matched), *plan.notes)
    return Assessment(predictions.source, references.source, options, matched, sections, kinds, tests, notes)


class _Scorer:
    """Scores sections of one set of matched items; what all of them share is computed once."""

    def __init__(self, matched: Matched, options: AssessmentOptions) -> None:
        self._matched, self._options = matched, options
        self._whole: tuple[Corpus, dict[str, Statistics]] | None = None

    def score(self, section: Section) -> SectionScores:
        """Scores of one section, as a corpus of its own."""
        corpus, statistics = self._collect(section)
        scores = suite.summarize(
            corpus,
            statistics,
            self._options.metrics,
            resampling=self._options.resampling,
            meteor_backend=self._options.meteor_backend,
        )
        return SectionScores(section, scores, self._no_change(section))

    def _collect(self, section: Section) -> tuple[Corpus, Mapping[str, Statistics]]:
        if section.references is not None or section.predictions is not None:
            return self._build(section)
        if self._whole is None:
            self._whole = self._build(protocols.plan(None, self._matched).sections[0])
        corpus, statistics = self._whole
        if len(section.items) == len(self._matched.items):
            return corpus, statistics
        return suite.restrict(corpus, statistics, section.items)

    def _build(self, section: Section) -> tuple[Corpus, dict[str, Statistics]]:
        places = section.items.tolist()
        items = [self._matched.items[place] for place in places]
        captions = section.references or [item.captions for item in items]
        said = section.predictions or [self._matched.predictions[place].caption for place in places]
        corpus = Corpus.build(References.build([item.id for item in items], captions), said)
        return corpus, suite.collect(corpus, self._options.metrics, self._options.meteor_backend)

    def _no_change(self, section: Section) -> NoChangeScores | None:
        """No-change scores of what was really predicted, whatever the protocol swaps."""
        items = [self._matched.items[place] for place in section.items.tolist()]
        predictions = [self._matched.predictions[place] for place in section.items.tolist()]
        unchanged = [no_change.is_unchanged(item.kind, item.captions) for item in items]
        if not any(unchanged):
            return None
        captions = [prediction.caption for prediction in predictions]
        probabilities = [prediction.change_probability for prediction in predictions]
        return no_change.score(unchanged, captions, probabilities, resampling=self._options.resampling)


def _matched(predictions: Predictions, references: ReferenceSet, options: AssessmentOptions) -> Matched:
    references, predictions = protocols.normalize_ids(options.protocol, references, predictions)
    return match(references, predictions, options.allow_missing)


def _refuse_single(matched: Matched, options: AssessmentOptions) -> None:
    """CIDEr of one pair would print as 0, which is no score."""
    if len(matched.items) == 1 and {"cider", "cider_d"}.intersection(suite.resolve(options.metrics)):
        others = ",".join(family for family in FAMILIES if family != "cider")
        raise PredictionError(f"{CIDER_OF_ONE}; score more pairs, or leave CIDEr out with --metrics {others}")


def _compare(
    mine: SectionScores, others: Matched, matched: Matched, options: AssessmentOptions
) -> tuple[Comparison, ...]:
    """Paired tests of the main section; both systems must cover the same items."""
    if [item.id for item in others.items] != [item.id for item in matched.items]:
        raise PredictionError(
            "The two systems predict different items, so they cannot be paired; leave out --allow-missing"
        )
    section = protocols.plan(options.protocol, others, options.protocol_options).sections[0]
    theirs = _Scorer(others, replace(options, resampling=replace(options.resampling, resamples=0))).score(
        section
    )
    return tuple(suite.compare(mine.scores, theirs.scores, resampling=options.resampling))


def _matching_notes(matched: Matched) -> list[str]:
    """What --allow-missing left out."""
    notes = []
    if matched.missing:
        notes.append(f"{len(matched.missing)} items have no prediction or no reference and were left out.")
    if matched.unknown:
        notes.append(f"{len(matched.unknown)} predictions have no references and were left out.")
    return notes
