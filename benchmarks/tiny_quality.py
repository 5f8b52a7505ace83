"""How good the packaged tiny model is, on scenes and edits of seeds and photographs that it never saw.

    python benchmarks/tiny_quality.py [--model FOLDER --adapter none --alone --json FILE]

`--alone` leaves out what is measured of the pair. Writes `tiny_quality.json` beside this file, or `--json`. `exact`:
the caption is among the pair's own references. `kind`: the caption names the right kind of edit, whatever else it says.
`change`: balanced accuracy of telling changed from unchanged pairs, by the caption (is it a no-change sentence?) and by
`changed`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image

from blip2idc.images.pair import ImagePair
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.worlds.edits.captions import kind_of_caption
from blip2idc.worlds.edits.world import EditsWorld
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS, NO_CHANGE_KIND, World, WorldPair
from blip2idc.worlds.scenes.world import ScenesWorld

SETS: dict[str, tuple[World, int]] = {
    "scenes, 320x160, seed 987654": (ScenesWorld(987654), 500),
    "scenes, 480x320, seed 987656": (ScenesWorld(987656, 320, 480), 300),
    "edits of the test photographs, 320x160, seed 987655": (EditsWorld(987655, split="test"), 600),
}


def measure(
    captioner: DifferenceCaptioner, world: World, count: int, *, alone: bool = False
) -> dict[str, Any]:
    """Caption `count` pairs of a world and count what is right; `alone` by the network without measurements."""
    pairs = [world.pair(index) for index in range(count)]
    looks = {"max_changes": 0} if alone else {}
    found = captioner.stream(map(_opened, pairs), batch_size=32, **looks)
    total, exact, kinds = Counter[str](), Counter[str](), Counter[str]()
    by_caption, by_changed = Counter[bool](), Counter[bool]()
    for pair, said in zip(pairs, found, strict=True):
        changed = pair.kind != NO_CHANGE_KIND
        total[pair.kind] += 1
        exact[pair.kind] += said.caption in pair.captions
        kinds[pair.kind] += kind_of_caption(said.caption) == pair.kind
        by_caption[changed] += (said.caption not in NO_CHANGE_CAPTIONS) == changed
        by_changed[changed] += said.changed == changed
    unchanged = total[NO_CHANGE_KIND]
    result: dict[str, Any] = {
        "pairs": count,
        "exact": _share(exact.values(), count),
        "exact_of_changed": _share(
            (n for kind, n in exact.items() if kind != NO_CHANGE_KIND), count - unchanged
        ),
        "change_by_caption": _balanced(by_caption, count - unchanged, unchanged),
        "change_by_changed": _balanced(by_changed, count - unchanged, unchanged),
        "no_change_recognised": _share([by_caption[False]], unchanged),
        "by_kind": {kind: {"pairs": total[kind], "exact": exact[kind]} for kind in sorted(total)},
    }
    if world.name == "edits":
        right = (n for kind, n in kinds.items() if kind != NO_CHANGE_KIND)
        result["kind_of_changed"] = _share(right, count - unchanged)
        result["kind"] = _share(kinds.values(), count)
    return result


def _opened(pair: WorldPair) -> ImagePair:
    return ImagePair(Image.fromarray(pair.before), Image.fromarray(pair.after))


def _share(counts: Iterable[int], total: int) -> float:
    return round(sum(counts) / total, 4)


def _balanced(right: Counter[bool], changed: int, unchanged: int) -> float:
    return round((right[True] / changed + right[False] / unchanged) / 2, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", help="default: the model of the package")
    parser.add_argument("--adapter", default="default", help="'none' for none")
    parser.add_argument("--alone", action="store_true", help="the network, without what is measured")
    parser.add_argument("--json", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    adapter = None if options.adapter == "none" else options.adapter
    captioner = DifferenceCaptioner.from_pretrained(options.model, adapter)
    results = {}
    for name, (world, count) in SETS.items():
        results[name] = measure(captioner, world, count, alone=options.alone)
        print(name, {key: value for key, value in results[name].items() if key != "by_kind"}, flush=True)
    options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
