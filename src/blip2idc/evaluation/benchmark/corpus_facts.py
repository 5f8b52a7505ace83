"""Counts that describe a split: references a pair, words, lengths, pairs without a change.

In: a `ReferencedSplit`. Out: plain values for the audit's JSON. Words are those of the metrics' tokenizer.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain

import numpy as np

from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit
from blip2idc.evaluation.metrics.corpus import References
from blip2idc.evaluation.no_change import is_unchanged

_QUANTILES = {"p05": 0.05, "median": 0.5, "p95": 0.95}
_LONGEST_BAR = 40  # the last bar of the length histogram holds all longer captions
_FREQUENT = 10


def describe_split(data: ReferencedSplit) -> dict[str, object]:
    """Everything the audit says of one split alone."""
    references = data.references
    counts = Counter(references.counts.tolist())
    return {
        "pairs": len(data),
        "without_reference": data.without,
        "references": len(references.tokens),
        "empty_references": sum(not tokens for tokens in references.tokens),
        "references_a_pair": {str(number): counts[number] for number in sorted(counts)},
        "repeated_references": repeated_references(references),
        "no_change": no_change(data),
        "vocabulary": vocabulary(references),
        "lengths": lengths(references),
        "frequent_captions": frequent_captions(data),
        "images_missing": data.missing_images(),
    }


def no_change(data: ReferencedSplit) -> dict[str, object]:
    """Pairs without a change: by `change.kind` where it is known, else by the wording of all references."""
    unchanged = sum(is_unchanged(record.kind, record.captions) for record in data.records)
    known = sum(record.kind is not None for record in data.records)
    return {"pairs": unchanged, "share": unchanged / len(data), "known_by_kind": known}


def vocabulary(references: References) -> dict[str, object]:
    """Words, distinct words, and those that occur once."""
    counts = Counter(chain.from_iterable(references.tokens))
    total = sum(counts.values())
    return {
        "words": total,
        "distinct": len(counts),
        "once": sum(count == 1 for count in counts.values()),
        "most_frequent": counts.most_common(_FREQUENT),
    }


def lengths(references: References) -> dict[str, object]:
    """Words a reference: mean, quantiles, and a histogram."""
    words = references.captions.lengths
    bars = np.bincount(np.minimum(words, _LONGEST_BAR))
    return {
        "mean": float(words.mean()),
        **{name: float(np.quantile(words, share)) for name, share in _QUANTILES.items()},
        "longest": int(words.max()),
        "histogram": bars.tolist(),
    }


def frequent_captions(data: ReferencedSplit) -> list[tuple[str, int]]:
    """The most frequent references, with how often each occurs."""
    counts = Counter(" ".join(tokens) for tokens in data.references.tokens if tokens)
    return [(caption, count) for caption, count in counts.most_common(_FREQUENT) if count > 1]


def repeated_references(references: References) -> int:
    """References that equal an earlier one of the same pair."""
    pairs = {
        (item, tuple(tokens))
        for item, tokens in zip(references.item.tolist(), references.tokens, strict=True)
    }
    return len(references.tokens) - len(pairs)


def unknown_words(test: References, train: References) -> dict[str, object]:
    """Words of the test references that no training reference holds."""
    known = set(chain.from_iterable(train.tokens))
    words = list(chain.from_iterable(test.tokens))
    unknown = [word for word in words if word not in known]
    return {
        "words": len(unknown),
        "share": len(unknown) / max(len(words), 1),
        "distinct": len(set(unknown)),
        "distinct_share": len(set(unknown)) / max(len(set(words)), 1),
    }
