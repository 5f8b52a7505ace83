"""Do two checkouts behave alike: the same pairs, captions, predictions and scores, byte for byte?

python benchmarks/same_behaviour.py OTHER_CHECKOUT [--pairs 200] [--work FOLDER]

For a change of the code that shall change nothing that comes out. Each checkout makes scenes and edits from the same
seed; both caption the pairs of the other checkout, and those that come with it, each with the tiny model of its own,
and score what they said. The scores recorded in tests/parity are compared as files. What differs is told; the exit
status is 1 then.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
WORLDS = ("scenes", "edits")
SEED = 20412


def run(checkout: Path, *arguments: object) -> str:
    """What one command of a checkout's program prints."""
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "blip2idc", *map(str, arguments)]
    done = subprocess.run(command, env=environment, cwd=checkout, capture_output=True, text=True)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise SystemExit(f"error: {checkout}: blip2idc {' '.join(map(str, arguments))}: {last[0]}")
    return done.stdout


def make(checkout: Path, folder: Path, pairs: int) -> None:
    """The pairs of both worlds."""
    for world in WORLDS:
        run(checkout, "synthesize", world, "-n", pairs, "--seed", SEED, "--workers", 1, "-o", folder / world)


def say(checkout: Path, data: dict[str, Path], folder: Path) -> None:
    """Predictions of each data set, and their scores; of the whole picture alone, where it can be looked at closely."""
    alone = ["--no-changes"] if "--no-changes" in run(checkout, "caption", "--help") else []
    for name, path in data.items():
        predictions = folder / f"{name}.json"
        run(checkout, "caption", "--data", path, "-o", predictions, "--device", "cpu", *alone)
        scores = folder / f"{name}-scores.json"
        run(
            checkout, "evaluate", predictions, "-r", path, "--no-meteor", "--resamples", 50,
            "--per-item", "--json", scores,
        )  # fmt: skip


def files_of(folder: Path) -> dict[str, bytes]:
    """Names and digests of a data set's files; the hidden folder of its making is left out."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).digest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")
    }


def differing_files(ours: Path, theirs: Path) -> Iterator[str]:
    """Names of the files that are not the same."""
    mine, other = files_of(ours), files_of(theirs)
    return (name for name in sorted(mine.keys() | other.keys()) if mine.get(name) != other.get(name))


def differing_predictions(ours: Path, theirs: Path) -> Iterator[str]:
    """Pairs of which something else is said; keys that only one of the two writes are left out."""
    mine, other = (json.loads(path.read_text(encoding="utf-8")) for path in (ours, theirs))
    for one, two in zip(mine, other, strict=True):
        if any(one[key] != two[key] for key in one.keys() & two.keys()):
            yield f"{one['image_id']}: {one['caption']!r} was {two['caption']!r}"


def differing_scores(ours: Path, theirs: Path) -> Iterator[str]:
    """Paths to numbers that differ; what tells of the run is left out, as are keys that only one of the two has."""
    mine, other = (json.loads(path.read_text(encoding="utf-8")) for path in (ours, theirs))
    return _differing(mine, other, "")


def _differing(one: Any, two: Any, where: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(two, dict):
        for key in one.keys() & two.keys() - {"run_record", "predictions", "references", "signature"}:
            yield from _differing(one[key], two[key], f"{where}/{key}")
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for index, pair in enumerate(zip(one, two, strict=True)):
            yield from _differing(*pair, f"{where}/{index}")
    elif one != two:
        yield f"{where}: {one!r} was {two!r}"


def compare(what: str, differing: Callable[[Path, Path], Iterator[str]], ours: Path, theirs: Path) -> bool:
    """Tell whether two results are the same."""
    same_bytes = ours.is_file() and ours.read_bytes() == theirs.read_bytes()
    found = [] if same_bytes else list(differing(ours, theirs))
    print(
        f"{what:<32} {len(found)} differ"
        if found
        else f"{what:<32} {'byte-equal' if same_bytes else 'equal'}"
    )
    for line in found[:5]:
        print(f"    {line}")
    return not found


def main() -> int:
    """Make, caption, score, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("other", type=Path, help="the other checkout")
    parser.add_argument("--pairs", type=int, default=200, help="of each world")
    parser.add_argument("--work", type=Path, help="folder for what is made; a temporary one by default")
    asked = parser.parse_args()
    other = asked.other.resolve()
    with tempfile.TemporaryDirectory() as temporary:
        work = asked.work.resolve() if asked.work is not None else Path(temporary)
        here, there = work / "here", work / "there"
        for checkout, folder in ((HERE, here), (other, there)):
            folder.mkdir(parents=True, exist_ok=True)
            make(checkout, folder, asked.pairs)
        data = {world: there / world for world in WORLDS} | {"demo": other / "src/blip2idc/assets/demo"}
        for checkout, folder in ((HERE, here), (other, there)):
            say(checkout, data, folder)
        verdicts = [
            compare(f"{world}: files", differing_files, here / world, there / world) for world in WORLDS
        ]
        for name in data:
            pair = here / f"{name}.json", there / f"{name}.json"
            verdicts.append(compare(f"{name}: predictions", differing_predictions, *pair))
            pair = here / f"{name}-scores.json", there / f"{name}-scores.json"
            verdicts.append(compare(f"{name}: scores", differing_scores, *pair))
        recorded = [root / "tests/parity/scores.json" for root in (HERE, other)]
        verdicts.append(compare("recorded scores", differing_scores, *recorded))
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
