"""Time METEOR in this process beside its Java program, in one run, on the same captions; both must agree first.

    python benchmarks/meteor_speed.py                                  # generated captions
    python benchmarks/meteor_speed.py --corpus spot.json               # further corpora: {"tokens": {"refs", "preds"}}
    python benchmarks/meteor_speed.py --captions refs.json             # captions of {id: [captions]}, dealt out anew

Needs the extra [meteor] and Java. Each run is a fresh process that is given tokenised captions and ends with the
scores: from start to score, imports and the loading of data included; the tables of the Python one are in the cache.
Taken are wall time, and the largest memory of the process. Writes `benchmarks/meteor_speed.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from metrics_speed import captions, spread

from blip2idc import __version__
from blip2idc.evaluation.tokenizer import tokenize_corpus

# argv: kind, corpus, where the scores go. Prints nothing; Java's memory is that of its children.
PROGRAM = """
import json, resource, sys
import numpy as np
from blip2idc.evaluation.metrics.meteor.backend import find_backend
from blip2idc.evaluation.metrics.meteor.scorer import aggregate, item_scores, without_chunk_of_full_matches
kind, corpus, out = sys.argv[1:]
tokens = json.load(open(corpus, encoding="utf-8"))
with find_backend(kind) as backend:
    numbers = backend.align(tokens["preds"], tokens["refs"])
sums = without_chunk_of_full_matches(numbers).sum(axis=0, keepdims=True)
score = float(aggregate(sums, np.ones(1))[0, 0])
who = resource.RUSAGE_CHILDREN if kind == "java" else resource.RUSAGE_SELF
memory = resource.getrusage(who).ru_maxrss / 1024
json.dump({"score": score, "items": item_scores(numbers).tolist(), "memory": memory}, open(out, "w"))
"""


def main() -> None:
    """Time both on every corpus and write the report."""
    options = arguments()
    corpora = {path.stem: json.loads(path.read_text(encoding="utf-8"))["tokens"] for path in options.corpus}
    corpora[f"{options.items} items x 5"] = dealt(options)
    report = {
        "corpora": {name: measure(tokens, options.repeats) for name, tokens in corpora.items()},
        "versions": {
            "blip2idc": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "java": java_version(),
        },
        "machine": {"cores": os.cpu_count(), "load_average": [round(value, 2) for value in os.getloadavg()]},
    }
    text = json.dumps(report, indent=1)
    print(text)
    options.output.write_text(text + "\n", encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--corpus",
        type=Path,
        action="append",
        default=[],
        help="JSON with tokens of references and predictions",
    )
    parser.add_argument("--captions", type=Path, help="JSON {id: [captions]}; default: generated")
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser.parse_args()


def dealt(options: argparse.Namespace) -> dict[str, Any]:
    """Tokens of items with five references each."""
    references, predictions = captions(options.captions, options.items, 5)
    flat = [*predictions, *(caption for group in references for caption in group)]
    texts = [" ".join(tokens) for tokens in tokenize_corpus(flat)]
    preds, refs = texts[: options.items], texts[options.items :]
    return {"preds": preds, "refs": [refs[at : at + 5] for at in range(0, len(refs), 5)]}


def measure(tokens: dict[str, Any], repeats: int) -> dict[str, Any]:
    """Seconds and memory of both, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.json"
        corpus.write_text(json.dumps(tokens), encoding="utf-8")
        run("python", corpus)  # the tables are made, if they never were
        runs: dict[str, list[tuple[float, dict[str, Any]]]] = {"java": [], "python": []}
        for _ in range(repeats):
            for kind, found in runs.items():
                found.append(run(kind, corpus))
    java, python = runs["java"][0][1], runs["python"][0][1]
    gap = float(np.abs(np.array([java["score"], *java["items"]]) - [python["score"], *python["items"]]).max())
    if gap > 1e-12:
        sys.exit(f"the scores differ by {gap}: {java['score']} and {python['score']}")
    seconds = {kind: spread(found) for kind, found in runs.items()}
    return {
        "items": len(tokens["preds"]),
        "references": sum(map(len, tokens["refs"])),
        "score": python["score"],
        "largest_difference": gap,
        **{f"{kind}_seconds": values for kind, values in seconds.items()},
        **{f"{kind}_megabytes": round(max(r["memory"] for _, r in found)) for kind, found in runs.items()},
        "times_faster": round(seconds["java"]["median"] / seconds["python"]["median"], 2),
    }


def run(kind: str, corpus: Path) -> tuple[float, dict[str, Any]]:
    """Seconds of one process, and what it found."""
    out = corpus.with_name(f"{kind}.json")
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", PROGRAM, kind, str(corpus), str(out)], check=True)
    return time.perf_counter() - start, json.loads(out.read_text(encoding="utf-8"))


def java_version() -> str:
    return subprocess.run(
        ["java", "-version"], capture_output=True, text=True, check=True
    ).stderr.splitlines()[0]


if __name__ == "__main__":
    main()
