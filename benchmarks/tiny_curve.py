"""The learning curve of the packaged tiny model, from the log that its training wrote.

    python benchmarks/tiny_curve.py

Reads `tiny_log.jsonl` beside this file (losses averaged over 50 steps, by pairs seen), writes
`docs/images/tiny-learning-curve.png`.
"""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

LINES = {
    "caption": "caption, nats a token",
    "cells": "questions to every cell",
    "whole": "questions to the class token",
    "queries": "questions to the query tokens",
}


def main() -> None:
    here = Path(__file__)
    rows = [json.loads(line) for line in here.with_name("tiny_log.jsonl").read_text().splitlines()]
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    for name, label in LINES.items():
        seen = [row["seen"] / 1000 for row in rows if name in row]
        axes.plot(seen, [row[name] for row in rows if name in row], label=label)
    axes.set(xlabel="pairs seen, thousands", ylabel="training loss", yscale="log")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    target = here.resolve().parents[1] / "docs" / "images" / "tiny-learning-curve.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main()
