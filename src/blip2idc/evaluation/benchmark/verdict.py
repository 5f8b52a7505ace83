"""The audit's findings as sentences a reader can act on.

In: the audit's mapping. Out: `{"topic", "text", "grave"}` each; `grave` marks what makes scores on this test
set mislead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blip2idc.evaluation.benchmark.baselines import NO_CEILING
from blip2idc.evaluation.scores import ENOUGH_REFERENCES

_PUBLISHED = {"bleu_4": "BLEU-4", "meteor": "METEOR", "rouge_l": "ROUGE-L", "cider_d": "CIDEr-D"}
#: From these shares on a finding is called grave: they change what a score means, not only its last digit.
_BLIND_SHARE, _LEAK_SHARE, _CAPTION_SHARE = 0.5, 0.05, 0.3
_NOTHING = 0.0005  # a score that is shown as 0.0; BLEU's smoothing leaves 1e-17


def sentences(audit: Mapping[str, Any]) -> list[dict[str, object]]:
    """The verdict, most important first: grave findings before the others."""
    found = [
        {"topic": topic, "text": text, "grave": grave}
        for part in (_resolution, _blind, _references, _leakage, _no_change)
        for topic, text, grave in part(audit)
    ]
    return sorted(found, key=lambda row: not row["grave"])


def _resolution(audit: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    twins = audit["resolution"]
    pairs = audit["splits"][audit["tested"]]["pairs"]
    if not twins:
        yield "resolution", "One pair: CIDEr is undefined, and nothing can be told apart.", True
        return
    if audit["cider_undefined"]:
        yield "resolution", f"{audit['cider_undefined']}; read BLEU-4 and ROUGE-L.", True
        return
    of_twins = {twin["name"]: 100 * twin["metrics"]["cider_d"]["significant"] for twin in twins}
    worst = max(of_twins, key=lambda name: of_twins[name])
    needed = 100 * max(twin["metrics"]["cider_d"]["detectable"] for twin in twins)
    others = ", ".join(f"{value:.1f} for {name}" for name, value in of_twins.items() if name != worst)
    text = (
        f"With {pairs:,} pairs, two equally good systems come out up to {of_twins[worst]:.1f} CIDEr-D points apart by "
        f"chance (95 %, twins: {worst}{'; ' + others if others else ''}). Read a smaller difference as a tie; to be "
        f"found four times in five, a true difference must be about {needed:.1f} points. For two given systems, ask "
        "the paired test: evaluate --against."
    )
    yield "resolution", text, of_twins[worst] > 10


def _blind(audit: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    rows = audit["baselines"]["baselines"]
    constants = [row for row in rows if row["caption"] is not None]
    human = next((row for row in rows if row["name"].startswith("human")), None)
    if not constants:
        yield (
            "blind baselines",
            "No training split here: the constant caption could not be looked for.",
            False,
        )
        return
    metric = "bleu_4" if audit["cider_undefined"] else "cider_d"
    best = max(constants, key=lambda row: _score(row, metric))
    reached = _score(best, metric)
    text = f'The caption "{best["caption"]}", said of every pair, reaches {100 * reached:.1f} {_PUBLISHED[metric]}'
    share = 0.0
    if human is not None and _score(human, metric) > _NOTHING:
        share = reached / _score(human, metric)
        text += f", {share:.0%} of what people reach against one another ({100 * _score(human, metric):.1f}"
        text += "; they describe different changes, so this is no ceiling)" if _no_ceiling(audit) else ")"
    text += ": a model below it has shown nothing."
    claims = list(_beaten(constants))
    if claims:
        text += f" Constant captions are above {', '.join(claims)}."
    if why := audit["baselines"].get("not_comparable"):
        text += f" {why[0].upper()}{why[1:]}."
    yield "blind baselines", text, share > _BLIND_SHARE or bool(claims)


def _no_ceiling(audit: Mapping[str, Any]) -> bool:
    return audit["benchmark"] in NO_CEILING


def _beaten(constants: list[Mapping[str, Any]]) -> Iterator[str]:
    """For every metric how many published scores the best constant caption beats, where it beats any."""
    for metric, title in _PUBLISHED.items():
        found = [row["beats"][metric] for row in constants if metric in row["beats"]]
        most = max(found, key=lambda beats: len(beats["beaten"]), default=None)
        if most is not None and most["beaten"]:
            yield f"{len(most['beaten'])} of {most['published']} published {title} scores"


def _references(audit: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    split = audit["splits"][audit["tested"]]
    mean = split["references"] / split["pairs"]
    people = [point for point in audit["curve"] if point["speaker"] == "people"]
    text = f"{mean:.2f} references a pair on average; the metrics are steady from about {ENOUGH_REFERENCES}."
    if len(people) > 1:
        first, last = people[0], people[-1]
        text += (
            f" The same people score {_bleu(first):.1f} BLEU-4 against {first['given']} reference and "
            f"{_bleu(last):.1f} against {last['given']}: never compare scores with different numbers of references."
        )
    yield "references", text, mean < 2


def _leakage(audit: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    pairs = audit["splits"][audit["tested"]]["pairs"]
    for name, found in audit["overlap"].items():
        captions, images = found["captions"], found["images"]
        share = captions["exact"] / max(captions["total"], 1)
        text = (
            f"{captions['exact']:,} of {captions['total']:,} test references ({share:.0%}) stand word for word in "
            f"{name}, {captions['near']:,} more nearly so; {captions['whole_pairs']:,} pairs have no other reference."
        )
        yield f"captions shared with {name}", text, name == "train" and share > _CAPTION_SHARE
        if images is None:
            yield f"images shared with {name}", "Not looked at: some images are not there.", False
            continue
        share = images["pairs"] / pairs
        text = (
            f"{images['pairs']:,} of {pairs:,} test pairs ({share:.0%}) hold an image that is in {name} too: "
            f"{images['exact']:,} images exactly, {images['near']:,} nearly."
        )
        yield f"images shared with {name}", text, name == "train" and share > _LEAK_SHARE


def _no_change(audit: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    found = audit["splits"][audit["tested"]]["no_change"]
    if not found["pairs"]:
        text = "No test pair is without a change: the test set cannot tell whether a model sees that nothing changed."
        yield "no change", text, False
        return
    known = bool(found["known_by_kind"])
    told = "by kind" if known else "by wordings known to mean so"
    count = f"{'' if known else 'At least '}{found['pairs']:,} test pairs ({found['share']:.0%})"
    text = (
        f"{count} are without a change, told {told}; their few wordings raise BLEU and CIDEr of whoever learns them: "
        "report changed and unchanged pairs apart."
    )
    yield "no change", text, False


def _score(row: Mapping[str, Any], metric: str) -> float:
    """Of a row; 0 where it has none, as people who gave one reference each."""
    return float(row["metrics"].get(metric, {"score": 0.0})["score"])


def _bleu(point: Mapping[str, Any]) -> float:
    return 100 * float(point["metrics"]["bleu_4"]["score"])
