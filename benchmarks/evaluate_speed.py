"""Time a whole `blip2idc evaluate --no-meteor` beside pycocoevalcap without METEOR: two processes, the same two files.

    python benchmarks/evaluate_speed.py                      # 5,000 items x 5 generated references
    python benchmarks/evaluate_speed.py --captions refs.json # captions of {id: [captions]}, dealt out anew

Ours draws 1,000 resamples, prints the table and writes the JSON file; theirs writes its scores. Needs the extra
[meteor] (pycocoevalcap) and Java, for its tokenizer. Runs alternate, and scores are compared before a time is
reported. Writes `benchmarks/evaluate_speed.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from metrics_speed import arguments, captions, spread

from blip2idc import __version__

# argv: predictions, references, where the scores go
THEIRS = """
import json, sys
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer
said, known = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:3])
tokenizer = PTBTokenizer()
truth = tokenizer.tokenize({int(k): [{"caption": c} for c in v] for k, v in known.items()})
said = tokenizer.tokenize({row["image_id"]: [{"caption": row["caption"]}] for row in said})
scores = dict(zip(["bleu_1", "bleu_2", "bleu_3", "bleu_4"], Bleu(4).compute_score(truth, said, verbose=0)[0]))
scores["rouge_l"] = float(Rouge().compute_score(truth, said)[0])
scores["cider_d"] = float(Cider().compute_score(truth, said)[0])
json.dump(scores, open(sys.argv[3], "w"))
"""


def main() -> None:
    """Time both and write the report."""
    options = arguments(__doc__, __file__, 5)
    with tempfile.TemporaryDirectory() as folder:
        said, known, out = (Path(folder) / name for name in ("said.json", "known.json", "out.json"))
        write_captions(options, said, known)
        ours = [
            sys.executable,
            "-m",
            "blip2idc",
            "evaluate",
            str(said),
            "--references",
            str(known),
            "--no-meteor",
        ]
        commands = {
            "pycocoevalcap": [sys.executable, "-c", THEIRS, str(said), str(known), str(out)],
            "blip2idc": [*ours, "--resamples", "1000", "--json", str(out)],
        }
        runs: dict[str, list[tuple[float, Any]]] = {name: [] for name in commands}
        for _ in range(options.repeats):
            for name, command in commands.items():
                runs[name].append(timed(command, out))
    gap = largest_difference(runs["blip2idc"][0][1], runs["pycocoevalcap"][0][1])
    medians = {name: statistics.median(seconds for seconds, _ in found) for name, found in runs.items()}
    report = {
        "items": options.items,
        "references_per_item": options.references,
        "captions": str(options.captions.name if options.captions else "generated"),
        "resamples": 1000,
        "largest_difference_of_scores": gap,
        **{f"{name}_seconds": spread(found) for name, found in runs.items()},
        "times_faster": round(medians["pycocoevalcap"] / medians["blip2idc"], 2),
        "versions": {"blip2idc": __version__, "numpy": np.__version__, "python": platform.python_version()},
        "machine": {"cores": os.cpu_count(), "load_average": [round(value, 2) for value in os.getloadavg()]},
    }
    text = json.dumps(report, indent=1)
    print(text)
    options.output.write_text(text + "\n", encoding="utf-8")


def write_captions(options: argparse.Namespace, said: Path, known: Path) -> None:
    """The two files that both read."""
    references, predictions = captions(options.captions, options.items, options.references)
    said.write_text(
        json.dumps([{"image_id": i, "caption": caption} for i, caption in enumerate(predictions)]),
        encoding="utf-8",
    )
    known.write_text(json.dumps({str(i): row for i, row in enumerate(references)}), encoding="utf-8")


def timed(command: list[str], out: Path) -> tuple[float, Any]:
    """Seconds of one process, and the scores it wrote."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start, json.loads(out.read_text(encoding="utf-8"))


def largest_difference(ours: Any, theirs: Any) -> float:
    """Between our scores and theirs; refuses to time two things that are not the same."""
    gap = max(abs(ours[name]["score"] - value) for name, value in theirs.items())
    if gap > 1e-9:
        sys.exit(f"the scores differ by {gap}: {ours} and {theirs}")
    return gap


if __name__ == "__main__":
    main()
