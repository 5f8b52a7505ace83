"""Our scores against the community's, recorded by `record_scores.py`: text in, every corpus and item score out.

Where the folder `shared/metrics/parity` lies beside the checkout, the corpora recorded there are compared too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blip2idc.evaluation.metrics import bleu, cider, rouge
from blip2idc.evaluation.metrics.corpus import Corpus, References, Statistics
from blip2idc.evaluation.metrics.meteor import scorer
from blip2idc.evaluation.metrics.meteor.backend import find_backend
from blip2idc.evaluation.metrics.meteor.python import PythonMeteor

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("scores.json").read_text(encoding="utf-8"))[
    "corpora"
]
SHARED = Path(__file__).parents[3] / "shared" / "metrics" / "parity"
NAMES = {
    "bleu_1": "Bleu_1",
    "bleu_2": "Bleu_2",
    "bleu_3": "Bleu_3",
    "bleu_4": "Bleu_4",
    "rouge_l": "ROUGE_L",
    "cider_d": "CIDEr",
    "cider": "CIDEr_nonD",
}


def further_corpora() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(SHARED.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        parts = {path.stem: content} if "items" in content else content["corpora"]
        found |= {f"{path.stem}/{name}": part for name, part in parts.items()}
    return found


FURTHER = further_corpora()


def compare(
    found: Statistics, corpus: dict[str, float], per_item: dict[str, list[float]], tolerance: float
) -> None:
    for name, score, items in zip(found.names, found.corpus(), found.per_item().T, strict=True):
        assert score == pytest.approx(corpus[name], abs=tolerance), name
        assert items == pytest.approx(np.array(per_item[name]), abs=tolerance), name


def corpus_of(recorded: dict[str, Any]) -> Corpus:
    items = recorded["items"]
    references = References.build([str(i) for i in range(len(items))], [item["references"] for item in items])
    return Corpus.build(references, [item["prediction"] for item in items])


@pytest.mark.parametrize("name", RECORDED)
def test_scores_equal_the_community_s(name: str) -> None:
    recorded = RECORDED[name]
    for family in (bleu, rouge, cider):
        compare(family.statistics(corpus_of(recorded)), recorded["corpus"], recorded["per_item"], 1e-9)


@pytest.mark.parametrize("name", RECORDED)
def test_meteor_equals_the_community_s(name: str, meteor: PythonMeteor) -> None:
    recorded = RECORDED[name]
    found = scorer.statistics(corpus_of(recorded), meteor)
    compare(found, recorded["corpus"], recorded["per_item"], 1e-12)


@pytest.mark.java
@pytest.mark.slow
def test_meteor_s_jar_equals_the_community_s() -> None:
    backend = find_backend("java")
    assert backend is not None, "this test needs Java and pycocoevalcap; leave it out with -m 'not java'"
    with backend:
        for recorded in RECORDED.values():
            found = scorer.statistics(corpus_of(recorded), backend)
            compare(found, recorded["corpus"], recorded["per_item"], 1e-12)


@pytest.mark.shared
@pytest.mark.skipif(not FURTHER, reason=f"no recorded corpora in {SHARED}")
@pytest.mark.parametrize("name", FURTHER or ["none"])
def test_scores_of_further_recorded_tokens(name: str, meteor: PythonMeteor) -> None:
    recorded = FURTHER[name]
    tokens = recorded["tokens"]
    words = [[ref.split(" ") if ref else [] for ref in refs] for refs in tokens["refs"]]
    references = References.from_tokens([item["id"] for item in recorded["items"]], words)
    corpus = Corpus.from_tokens(references, [said.split(" ") if said else [] for said in tokens["preds"]])
    ours = {mine: theirs for mine, theirs in NAMES.items() if theirs in recorded["expected"]["corpus"]}
    expected, per_item = recorded["expected"]["corpus"], recorded["expected"]["per_item"]
    for family in (bleu, rouge, cider):
        found = family.statistics(corpus)
        scores = {mine: expected[theirs] for mine, theirs in ours.items()}
        compare(found, scores, {mine: per_item[theirs] for mine, theirs in ours.items()}, 1e-9)
    theirs = {"meteor": expected["METEOR"]}
    compare(scorer.statistics(corpus, meteor), theirs, {"meteor": per_item["METEOR"]}, 1e-12)
