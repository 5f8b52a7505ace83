"""Kills: a job that is ended at any time and begun again leaves what an undisturbed one does, byte by byte.

python -m benchmarks.attacks.kills --count 100 --seed 1
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_LONGEST = 300.0
_RUN_RECORDS = {"run.json", "blip2idc.json"}  # hold times and hosts


def jobs(folder: Path) -> dict[str, list[str]]:
    """Commands that write `{output}`, each able to go on."""
    data = folder / "pairs"
    made = _command("synthesize", "scenes", "--count", "40", "--output", str(data))
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    return {
        "scenes": ["synthesize", "scenes", "--count", "120", "--seed", "3", "--output", "{output}/set"],
        "caption": [
            "caption",
            "--data",
            str(data),
            "--output",
            "{output}/predictions.json",
            "--device",
            "cpu",
        ],
    }


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "blip2idc", *arguments]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file that somebody would use, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in _RUN_RECORDS and not any(p.startswith(".") for p in path.parts)
    }


def kill_and_go_on(arguments: Sequence[str], output: Path, seconds: float, rng: np.random.Generator) -> int:
    """Run a job, killing it at random times until it once gets through; how often it was killed."""
    kills = 0
    filled = [part.replace("{output}", str(output)) for part in arguments]
    while True:
        wait = float(rng.uniform(0.1, seconds)) if kills < 4 else _LONGEST
        with subprocess.Popen(
            _command(*filled), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            try:
                _, said = process.communicate(timeout=wait)
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
                continue
        if process.returncode != 0:
            raise RuntimeError(f"exit {process.returncode} after {kills} kills: {said.decode()[-300:]}")
        return kills


def attack(count: int, seed: int) -> dict[str, Any]:
    """At least `count` kills over all jobs; what differed afterwards."""
    rng = np.random.default_rng(seed)
    report: dict[str, Any] = {"seed": seed, "kills": 0, "runs": 0, "differences": []}
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        folder = Path(name)
        for job, arguments in jobs(folder).items():
            began = time.perf_counter()
            kill_and_go_on(arguments, folder / job, 0.0, _Never())  # type: ignore[arg-type]
            seconds = time.perf_counter() - began
            expected, kills = tree(folder / job), 0
            while kills < count / 2:
                output = folder / f"{job}-again"
                kills += kill_and_go_on(arguments, output, seconds, rng)
                report["runs"] += 1
                equal = tree(output) == expected
                if not equal:
                    report["differences"].append({"job": job, "after": kills})
                print(f"{job}: {kills} kills, equal: {equal}", file=sys.stderr, flush=True)
                shutil.rmtree(output)
            report["kills"] += kills
            report[job] = kills
    return report


class _Never:
    """In place of a generator: a time that is long enough."""

    def uniform(self, *_: float) -> float:
        return _LONGEST


def main() -> int:
    """Attack, print the report as JSON; 1 where something differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    report = attack(chosen.count, chosen.seed)
    print(json.dumps(report, indent=1))
    return int(bool(report["differences"]))


if __name__ == "__main__":
    raise SystemExit(main())
