"""Time BLEU, ROUGE-L and CIDEr with tokenisation beside pycocoevalcap's, in one run, on the same captions.

    python benchmarks/metrics_speed.py                      # 5,000 items x 5 generated references
    python benchmarks/metrics_speed.py --captions refs.json # captions of {id: [captions]}, dealt out anew

Needs the extra [meteor] (pycocoevalcap) and Java, for its tokenizer; METEOR itself is not timed. Our scorer
is timed twice: as a fresh process meets the captions (the tokenizer's memo empty), and again when it has
seen them. The scores of both sides are compared before a time is reported. Writes
`benchmarks/metrics_speed.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from blip2idc import __version__
from blip2idc.evaluation import significance, suite
from blip2idc.evaluation.metrics.corpus import Corpus, References
from blip2idc.evaluation.significance import Resampling
from blip2idc.evaluation.tokenizer import tokenize

JAVA_FREE = ("bleu", "rouge", "cider")
NAMES = {"bleu_1": 0, "bleu_2": 1, "bleu_3": 2, "bleu_4": 3, "rouge_l": 4, "cider_d": 5}
CONSONANTS, VOWELS = "bcdfghklmnprstvw", "aeiou"
FUNCTION_WORDS = [
    "the",
    "a",
    "of",
    "on",
    "in",
    "and",
    "is",
    "to",
    "with",
    "at",
    "are",
    "for",
    "by",
    "an",
    "near",
    "his",
]
ODD_WORDS = ["(left)", "it's", "3 1/2", "red-blue", '"stop"', "U.S.", "10:30pm", "café"]


def main() -> None:
    """Time both sides and write the report."""
    options = arguments(__doc__, __file__, 3)
    references, predictions = captions(options.captions, options.items, options.references)
    theirs = [timed(lambda: community(references, predictions)) for _ in range(options.repeats)]
    ours = []
    for _ in range(options.repeats):
        forget_tokens()
        ours.append(timed(lambda: score(references, predictions)))
    warm = [timed(lambda: score(references, predictions)) for _ in range(options.repeats)]
    _, found = ours[0]
    resampling = [
        timed(lambda: significance.bootstrap(list(found.values()), Resampling(1000)))
        for _ in range(options.repeats)
    ]
    report = {
        "items": options.items,
        "references_per_item": options.references,
        "captions": str(options.captions or "generated"),
        "largest_difference_of_scores": largest_difference(found, theirs[0][1]),
        "pycocoevalcap_seconds": spread(theirs),
        "blip2idc_seconds": spread(ours),
        "blip2idc_seen_captions_seconds": spread(warm),
        "bootstrap_1000_resamples_seconds": spread(resampling),
        "times_faster": statistics.median(t for t, _ in theirs) / statistics.median(t for t, _ in ours),
        "versions": {"blip2idc": __version__, "numpy": np.__version__, "python": platform.python_version()},
        "machine": {"cores": os.cpu_count(), "load_average": [round(value, 2) for value in os.getloadavg()]},
    }
    text = json.dumps(report, indent=1)
    print(text)
    options.output.write_text(text + "\n", encoding="utf-8")


def arguments(doc: str | None, script: str, repeats: int) -> argparse.Namespace:
    """Options of a program that times scoring; its JSON lies beside it."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--references", type=int, default=5)
    parser.add_argument("--captions", type=Path, help="JSON {id: [captions]}; default: generated")
    parser.add_argument("--repeats", type=int, default=repeats)
    parser.add_argument("--output", type=Path, default=Path(script).with_suffix(".json"))
    return parser.parse_args()


def captions(path: Path | None, items: int, references: int) -> tuple[list[list[str]], list[str]]:
    """References and predictions: the captions of a file `{id: [captions]}` dealt out anew, or generated ones."""
    generator, size = random.Random(0), references + 1
    if path is not None:
        groups = json.loads(path.read_text(encoding="utf-8")).values()
        pool = [caption for group in groups for caption in group if caption.strip()]
        generator.shuffle(pool)
    else:
        pool = generated(items, size, generator)
    dealt = [[pool[(item * size + i) % len(pool)] for i in range(size)] for item in range(items)]
    return [group[1:] for group in dealt], [group[0] for group in dealt]


def generated(items: int, size: int, generator: random.Random, vocabulary: int = 9000) -> list[str]:
    """Captions like those of COCO, `size` an item: 8 to 14 words, Zipfian, with function words, capitals and stops.

    The captions of an item share their subject and some phrases, as references of one picture do.
    """
    words = [word(generator) for _ in range(vocabulary)]
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(vocabulary)))

    def phrase() -> str:
        content = generator.choices(words, cum_weights=weights, k=generator.randint(1, 2))
        return " ".join([generator.choice(FUNCTION_WORDS), *content])

    made = []
    for _ in range(items):
        subject, known = phrase(), [phrase() for _ in range(4)]
        for _ in range(size):
            parts = ["a", subject]
            for _ in range(generator.randint(2, 4)):
                parts.append(generator.choice(known) if generator.random() < 0.5 else phrase())
            if generator.random() < 0.03:
                parts.append(generator.choice(ODD_WORDS))
            text = " ".join(parts)
            made.append(text.capitalize() + "." if generator.random() < 0.8 else text)
    return made


def word(generator: random.Random) -> str:
    """A word nobody knows but anybody can say."""
    return "".join(
        generator.choice(CONSONANTS) + generator.choice(VOWELS) for _ in range(generator.randint(1, 3))
    )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def score(references: list[list[str]], predictions: list[str]) -> Any:
    """Ours: text to statistics and scores."""
    built = References.build([str(i) for i in range(len(references))], references)
    found = suite.collect(Corpus.build(built, predictions), JAVA_FREE)
    for known in found.values():
        known.corpus(), known.per_item()
    return found


def community(references: list[list[str]], predictions: list[str]) -> list[float]:
    """Theirs: text to scores, silenced."""
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    with contextlib.redirect_stdout(io.StringIO()):
        tokenizer = PTBTokenizer()
        truth = tokenizer.tokenize({i: [{"caption": c} for c in group] for i, group in enumerate(references)})
        said = tokenizer.tokenize({i: [{"caption": c}] for i, c in enumerate(predictions)})
        bleu = Bleu(4).compute_score(truth, said, verbose=0)[0]
        return [
            *bleu,
            float(Rouge().compute_score(truth, said)[0]),
            float(Cider().compute_score(truth, said)[0]),
        ]


def forget_tokens() -> None:
    """Empty the tokenizer's memo, so that every repeat starts as a new process does."""
    tokenize._MEMO.clear()


def largest_difference(found: Any, theirs: list[float]) -> float:
    """Between our scores and theirs; refuses to time two things that are not the same."""
    mine = {
        name: float(value)
        for known in found.values()
        for name, value in zip(known.names, known.corpus(), strict=True)
    }
    gap = max(abs(mine[name] - theirs[place]) for name, place in NAMES.items())
    if gap > 1e-9:
        sys.exit(f"the scores differ by {gap}: {mine} and {theirs}")
    return gap


def spread(runs: list[tuple[float, Any]]) -> dict[str, float]:
    """Median, fastest and slowest of some runs."""
    seconds = sorted(value for value, _ in runs)
    return {
        "median": round(statistics.median(seconds), 3),
        "fastest": round(seconds[0], 3),
        "slowest": round(seconds[-1], 3),
    }


if __name__ == "__main__":
    main()
