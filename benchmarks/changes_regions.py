"""How well `find_changes` finds what changed in pages: flagged, false alarms, boxes, facts.

    python benchmarks/changes_pages.py --output /tmp/pages && python benchmarks/changes_regions.py /tmp/pages

In: a folder that `changes_pages.py` wrote. Out: a table, and with `--json` the numbers. `--jpeg 80` encodes every image
after anew, so that changes have to be found in noise.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from changes_pages import encoded
from changes_truth import box_iou, fact_is_right, fact_is_told, share
from PIL import Image

from blip2idc.images.changes import Comparison, find_changes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jpeg", type=int, default=None)
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    truths = json.loads((options.folder / "truth.json").read_text(encoding="utf-8"))
    outcomes = [measure(options.folder, truth, options.jpeg, options.verbose) for truth in truths]
    result = summary(outcomes)
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def measure(folder: Path, truth: dict[str, Any], quality: int | None, verbose: bool) -> dict[str, Any]:
    before, after = (
        Image.open(folder / f"{truth['id']}_{side}.png").convert("RGB") for side in ("before", "after")
    )
    if quality:
        after = encoded(after, quality)
    found = find_changes(before, after)
    outcome = {
        "kind": truth["kind"] if truth["kind"] != "none" else truth["noise"],
        "real": truth["kind"] != "none",
        "flagged": found.judgement == "compact",
        "boxes": len(found.changes),
        "iou": best_iou(found, truth),
        "told": sum(len(change.facts) for change in found.changes),
        "right": sum(fact_is_right(fact, truth) for change in found.changes for fact in change.facts),
        "fact": fact_is_told(found, truth),
    }
    bad = outcome["real"] and (not outcome["flagged"] or outcome["iou"] < 0.5 or outcome["boxes"] > 1)
    wrong = outcome["told"] > outcome["right"] or (outcome["real"] and truth["fact"] and not outcome["fact"])
    if verbose and (bad or wrong or (not outcome["real"] and outcome["flagged"])):
        print(
            truth["id"],
            outcome["kind"],
            found.alignment.kind,
            found.judgement,
            "iou",
            round(outcome["iou"], 2),
        )
        print("   truth", truth["before_box"], truth["after_box"], truth["fact"], truth.get("values"))
        for change in found.changes[:4]:
            print(
                "   ",
                change.before_box,
                change.after_box,
                change.sentence,
                round(change.strength, 2),
                change.pixels,
            )
    return outcome


def best_iou(found: Comparison, truth: dict[str, Any]) -> float:
    """Of the change that fits best: the mean over the boxes that the truth has."""
    best = 0.0
    for change in found.changes:
        values = [
            box_iou(box, true)
            for box, true in (
                (change.before_box, truth["before_box"]),
                (change.after_box, truth["after_box"]),
            )
            if true
        ]
        best = max(best, sum(values) / max(1, len(values)))
    return best


def summary(outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    real = [item for item in outcomes if item["real"]]
    still = [item for item in outcomes if not item["real"]]
    told, right = sum(item["told"] for item in outcomes), sum(item["right"] for item in outcomes)
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in outcomes:
        kinds[item["kind"]].append(item)
    return {
        "changed": len(real),
        "flagged": share(item["flagged"] for item in real),
        "box_iou_over_half": share(item["iou"] > 0.5 for item in real),
        "one_change": share(item["boxes"] == 1 for item in real),
        "unchanged": len(still),
        "false_alarms": sum(item["flagged"] for item in still),
        "facts_told": told,
        "facts_right": right / told if told else None,
        "changes_with_right_fact": share(item["fact"] for item in real),
        "changes_with_fact": share(item["told"] > 0 for item in real),
        "kinds": {
            kind: {
                "pairs": len(items),
                "flagged": share(item["flagged"] for item in items),
                "iou": share(item["iou"] > 0.5 for item in items),
                "told": sum(item["told"] for item in items),
                "right": sum(item["right"] for item in items),
            }
            for kind, items in sorted(kinds.items())
        },
    }


if __name__ == "__main__":
    main()
