"""Record the community's scores of small corpora: writes `scores.json` beside this file.

Needs Java and pycocoevalcap 1.2 (the extra `meteor`); run as `python tests/parity/record_scores.py`. The captions are
written here or built from words listed here. `CIDEr_nonD` is the plain form: pycocoevalcap has only CIDEr-D, so its
scorer is run with the clipping and the length penalty taken out.
"""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("scores.json")
Item = tuple[str, list[str]]

HAND: list[Item] = [
    ("the car is gone", ["the red car is gone", "a car has left the lot"]),
    (
        "there are 2 people (in red) near the door",
        ["two people appeared", "there are two people in red by the door."],
    ),
    ("nothing has changed", ["there is no change", "no change was made", "nothing was modified"]),
    ("", ["a person walked away"]),
    ("a person walked away", ["", "a person walked away from the car"]),
    ("", ["", ""]),
    ("can't see the man's bag", ["the man's bag cannot be seen", "you can not see his bag"]),
    ("make it brighter!", ["brighten the photo", "make the image brighter", "increase the brightness"]),
    ("the the the the", ["the dog and the cat", "the the"]),
    ("add 1 1/2 cups of U.S. flour", ["add one and a half cups of flour", "add 1 1/2 cups of flour"]),
    ("remove the logo -- and the text", ["remove the logo, and the text", "take out logo & text"]),
    ("the café's sign says “open”", ['the cafe sign says "open"', "the café is open"]),
    ("the image was cropped", ["crop the image to the left", "the picture has been cropped"]),
    (
        "a silver van moved to the left of the tree",
        ["the silver van moved left", "the van is left of the tree now"],
    ),
    ("one word", ["one", "word"]),
]
TINY: dict[str, list[Item]] = {
    "single": [("a man is gone", ["a man is gone"])],
    "perfect": [("a man is gone", ["a man is gone"]), ("the red car has moved", ["the red car has moved"])],
    "silent": [("", ["a man is gone"]), ("", ["the red car has moved", "car moved"]), ("", ["nothing"])],
    "same references": [
        ("there is no change", ["there is no change"]),
        ("no change", ["there is no change"]),
    ],
    "one word": [("yes", ["yes"]), ("no", ["no", "nope"]), ("yes", ["maybe"])],
    "tied lengths": [("a b c d", ["a b c", "a b c d e"]), ("p q r s", ["p q r s t", "p q r"])],
    "long": [
        ("car " * 90 + "left", ["car " * 70 + "came", "van"]),
        ("a b " * 40, ["b a " * 40]),
        ("x", ["y z"]),
    ],
}


def generated(items: int = 60, seed: int = 5) -> list[Item]:
    """Captions of a small grammar: predictions share some words with one to five references."""
    generator = random.Random(seed)
    subjects = ["the car", "a red van", "two people", "the man in blue", "a small ball", "the big cube"]
    changes = ["has left", "is gone", "moved to the left", "appeared", "turned yellow", "is no longer there"]
    places = ["", "near the tree", "in the parking lot", "behind the sphere", "on the right side of the road"]

    def caption() -> str:
        parts = (generator.choice(subjects), generator.choice(changes), generator.choice(places))
        return " ".join(part for part in parts if part)

    return [(caption(), [caption() for _ in range(generator.randint(1, 5))]) for _ in range(items)]


def main() -> None:
    """Score every corpus and write the file."""
    corpora = {"hand-written": HAND, "generated": generated(), **TINY}
    recorded = {name: record(items) for name, items in corpora.items()}
    TARGET.write_text(
        json.dumps({"program": Path(__file__).name, "corpora": recorded}, indent=1) + "\n", encoding="utf-8"
    )


def record(items: list[Item]) -> dict[str, Any]:
    """Corpus and item scores of pycocoevalcap for one corpus."""
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.meteor.meteor import Meteor
    from pycocoevalcap.rouge.rouge import Rouge
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    tokenizer = PTBTokenizer()
    references = tokenizer.tokenize(
        {i: [{"caption": ref} for ref in refs] for i, (_, refs) in enumerate(items)}
    )
    predictions = tokenizer.tokenize({i: [{"caption": said}] for i, (said, _) in enumerate(items)})
    corpus: dict[str, float] = {}
    per_item: dict[str, list[float]] = {}
    scores, each = Bleu(4).compute_score(references, predictions, verbose=0)
    for order, (score, alone) in enumerate(zip(scores, each, strict=True), start=1):
        corpus[f"bleu_{order}"], per_item[f"bleu_{order}"] = score, list(alone)
    for key, scorer in (("rouge_l", Rouge()), ("cider_d", Cider()), ("meteor", Meteor())):
        score, alone = scorer.compute_score(references, predictions)
        corpus[key], per_item[key] = float(score), [float(value) for value in alone]
    per_item["cider"] = plain_cider(references, predictions)
    corpus["cider"] = sum(per_item["cider"]) / len(items)
    rows = [{"prediction": said, "references": refs} for said, refs in items]
    return {"items": rows, "corpus": corpus, "per_item": per_item}


def plain_cider(references: dict[int, list[str]], predictions: dict[int, list[str]]) -> list[float]:
    """Cosines of pycocoevalcap's own n-gram counts and document frequencies, neither clipped nor penalised."""
    from pycocoevalcap.cider.cider_scorer import CiderScorer

    scorer = CiderScorer()
    for key in references:
        scorer += (predictions[key][0], references[key])
    scorer.compute_doc_freq()
    total = math.log(len(references))

    def vector(counts: dict[tuple[str, ...], int], order: int) -> dict[tuple[str, ...], float]:
        frequency = scorer.document_frequency
        return {
            g: c * (total - math.log(max(1.0, frequency[g]))) for g, c in counts.items() if len(g) == order
        }

    out = []
    for said, refs in zip(scorer.ctest, scorer.crefs, strict=True):
        cosines = []
        for order in range(1, 5):
            for ref in refs:
                a, b = vector(said, order), vector(ref, order)
                below = math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))
                cosines.append(sum(v * b.get(g, 0.0) for g, v in a.items()) / below if below else 0.0)
        out.append(10 * sum(cosines) / len(cosines))
    return out


if __name__ == "__main__":
    main()
