"""How large a difference between two systems must be before a test set can show it.

In: test `References`, training captions. Out: `Resolution`s. Two systems that are equally good *by
construction* are scored on the same pairs; how far apart they come out is chance. The standard error of that
difference (paired bootstrap over pairs) gives the smallest difference that is not chance (1.96 standard errors:
95 %) and the smallest that would be found four times in five (2.80). Three kinds of twins, where the data allow
them:

- *random captions*: two draws of a random training caption for every pair; bad systems, a lower bound;
- *right half of the time*: two systems that each say a held-out reference for a random half of the pairs and a
constant caption else; - *two people*: two held-out references, scored against the rest; good systems, an upper
bound.

Real systems make partly the same mistakes, which makes their difference steadier; paired tests (`evaluate
--against`) decide about two given systems.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from blip2idc.evaluation import suite
from blip2idc.evaluation.metrics.corpus import Corpus, References
from blip2idc.evaluation.metrics.ngrams import Tokens
from blip2idc.evaluation.scores import why_no_cider
from blip2idc.evaluation.significance import Resampling, bootstrap

#: Standard errors for 95 % two-sided, and for a power of 80 % at that level (1.96 + 0.84).
SIGNIFICANT, DETECTABLE = 1.96, 2.80
DRAWS = 3
METRICS = ("bleu_4", "rouge_l", "cider_d")
#: Share of the pairs that must have enough references for a kind of twins to stand for the test set.
_ENOUGH = 0.2

#: What two twins say of every pair.
Twins = Callable[[np.random.Generator], tuple[list[Tokens], list[Tokens]]]
#: Name, sentence, references, and how the twins speak.
_Kind = tuple[str, str, References, Twins]


@dataclass(frozen=True)
class Resolution:
    """What one kind of twins shows.

    Attributes:
        name: of the twins.
        how: what they say, in one sentence.
        items: pairs they were scored on; the errors are scaled to the whole test set.
        references: mean references a pair they were scored against.
        error: metric -> standard error of the difference, raw.
        score: metric -> mean score of the twins, raw.
    """

    name: str
    how: str
    items: int
    references: float
    error: dict[str, float]
    score: dict[str, float]

    def to_dict(self) -> dict[str, object]:
        """With both thresholds, as JSON keeps it."""
        return {
            "name": self.name,
            "how": self.how,
            "items": self.items,
            "references": self.references,
            "metrics": {
                name: {
                    "score": self.score[name],
                    "standard_error": error,
                    "significant": SIGNIFICANT * error,
                    "detectable": DETECTABLE * error,
                }
                for name, error in self.error.items()
            },
        }


def resolutions(
    references: References, captions: Sequence[Tokens], constant: Tokens, resampling: Resampling | None = None
) -> list[Resolution]:
    """Every kind of twins that the test set allows; without CIDEr-D where it is undefined.

    Args:
        references: of the test set; at least two items.
        captions: training captions to draw from.
        constant: a caption for pairs that a system does not understand.
        resampling: of the bootstrap.
    """
    resampling = resampling or Resampling()
    kinds = (_random_captions(references, captions), _half_right(references, constant), _people(references))
    told = (
        METRICS if why_no_cider(references) is None else tuple(name for name in METRICS if name != "cider_d")
    )
    return [_measure(*kind, len(references), resampling, told) for kind in kinds if kind is not None]


def _random_captions(references: References, captions: Sequence[Tokens]) -> _Kind:
    def speak(generator: np.random.Generator) -> tuple[list[Tokens], list[Tokens]]:
        drawn = generator.integers(0, len(captions), (2, len(references))).tolist()
        return [captions[index] for index in drawn[0]], [captions[index] for index in drawn[1]]

    return "random captions", "each says a random training caption of every pair", references, speak


def _half_right(references: References, constant: Tokens) -> _Kind | None:
    held = hold_out(references, 1)
    if held is None:
        return None
    answers, rest = held

    def speak(generator: np.random.Generator) -> tuple[list[Tokens], list[Tokens]]:
        knows = generator.integers(0, 2, (2, len(rest))).tolist()
        said = [
            [answer[0] if known else constant for answer, known in zip(answers, row, strict=True)]
            for row in knows
        ]
        return said[0], said[1]

    how = "each says a held-out reference of a random half of the pairs, the constant caption of the others"
    return "right half of the time", how, rest, speak


def _people(references: References) -> _Kind | None:
    held = hold_out(references, 2)
    if held is None:
        return None
    answers, rest = held

    def speak(generator: np.random.Generator) -> tuple[list[Tokens], list[Tokens]]:
        # Who speaks first is drawn for every pair, so that neither is the better one.
        first = generator.integers(0, 2, len(rest)).tolist()
        pairs = list(zip(answers, first, strict=True))
        return [answer[turn] for answer, turn in pairs], [answer[1 - turn] for answer, turn in pairs]

    return "two people", "each says another held-out reference of every pair", rest, speak


def hold_out(references: References, number: int) -> tuple[list[tuple[Tokens, ...]], References] | None:
    """The first references of each item, and the rest of them; None where too few items have more than `number`."""
    items = np.flatnonzero(references.counts > number)
    if len(items) < max(2.0, _ENOUGH * len(references)):
        return None
    of_items = [references.of_item(item) for item in items.tolist()]
    ids = [references.ids[item] for item in items.tolist()]
    rest = References.from_tokens(ids, [tokens[number:] for tokens in of_items], references.tokenizer)
    return [tokens[:number] for tokens in of_items], rest


def _measure(
    name: str,
    how: str,
    references: References,
    speak: Twins,
    whole: int,
    resampling: Resampling,
    told: Sequence[str],
) -> Resolution:
    """Standard errors of the difference of two draws, averaged over a few draws."""
    generator = np.random.default_rng(resampling.seed)
    errors: dict[str, list[float]] = {metric: [] for metric in told}
    scores: dict[str, list[float]] = {metric: [] for metric in told}
    for _ in range(DRAWS):
        one, other = (suite.collect(Corpus.from_tokens(references, said), told) for said in speak(generator))
        for family, mine in one.items():
            first, second = bootstrap([mine, other[family]], resampling)
            spread = (first - second).std(axis=0)
            for column, metric in enumerate(mine.names):
                if metric in told:
                    errors[metric].append(float(spread[column]))
                    scores[metric].append(float(mine.corpus()[column]))
    scale = float(np.sqrt(len(references) / whole))
    return Resolution(
        name=name,
        how=how,
        items=len(references),
        references=float(references.counts.mean()),
        error={metric: scale * float(np.sqrt(np.mean(np.square(e)))) for metric, e in errors.items()},
        score={metric: float(np.mean(values)) for metric, values in scores.items()},
    )
