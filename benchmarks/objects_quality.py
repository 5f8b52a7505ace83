"""Objects pasted into photographs and taken away: is the change found, is the thing named?

    python recipes/edit_sources.py --output build-data/sources
    python benchmarks/objects_quality.py --objects build-data/sources/objects \
        --photographs build-data/sources/photographs/test

Photographs are never trained on. Two sets: names that training may have seen, and names held out of it. Found: the
verdict is `changed`. The noun is right where the last word of the thing's name stands in the caption (for names held
out this asks for a word that was never taught, and is told for completeness). *Wrong and sure*: changed pairs whose
caption names another noun of the list, or says that nothing changed, at a confidence above 0.9. Writes
`objects_quality.json` beside this file unless `--json` says otherwise.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from PIL import Image

from blip2idc.images.pair import ImagePair
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.worlds.edits.editor import EditorWorld
from blip2idc.worlds.edits.objects.cutouts import NAMES, bare
from blip2idc.worlds.edits.photographs import packaged_photographs, photographs_in
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS

KINDS = ("object_added", "object_removed")
SEEDS = {"train": 770001, "test": 770002}
SURE = 0.9


def heads(noun: str) -> set[str]:
    """The last word of a noun, singular and plural."""
    word = bare(noun).split()[-1]
    return {word, word.removesuffix("s"), f"{word}s"}


def measure(
    captioner: DifferenceCaptioner, world: EditorWorld, count: int, nouns: set[str]
) -> dict[str, Any]:
    """Captions `count` pairs of a world and counts what is right."""
    pairs = [world.pair(index) for index in range(count)]
    images = (ImagePair(Image.fromarray(pair.before), Image.fromarray(pair.after)) for pair in pairs)
    rows = []
    for pair, said in zip(pairs, captioner.stream(images, batch_size=16), strict=True):
        words = set(re.findall(r"[a-z'-]+", said.caption.lower()))
        own = heads(str(pair.change["noun"]))
        confidence = said.change_probability if said.confidence is None else said.confidence
        wrong = not words & own and (bool(words & nouns) or said.caption in NO_CHANGE_CAPTIONS)
        rows.append({
            "kind": pair.kind, "noun": pair.change["noun"], "caption": said.caption, "changed": bool(said.changed),
            "noun_right": bool(words & own), "wrong_and_sure": wrong and confidence > SURE,
        })  # fmt: skip
    return {
        "pairs": count,
        "change_found": _share(rows, "changed"),
        "noun_right": _share(rows, "noun_right"),
        "wrong_and_sure": _share(rows, "wrong_and_sure"),
        "rows": rows,
    }


def _share(rows: list[dict[str, Any]], name: str) -> float:
    return round(sum(bool(row[name]) for row in rows) / len(rows), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--objects", type=Path, required=True)
    parser.add_argument("--photographs", type=Path, default=None)
    parser.add_argument("--pairs", type=int, default=150, help="of each of the two sets")
    parser.add_argument("--model", help="default: the model of the package")
    parser.add_argument("--adapter", default="default", help="'none' for none")
    parser.add_argument("--json", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    files: list[Any] = list(packaged_photographs("test"))
    files += photographs_in(options.photographs) if options.photographs else []
    names = json.loads((options.objects / NAMES).read_text(encoding="utf-8")).values()
    nouns = {word for noun in names for word in heads(noun)}
    adapter = None if options.adapter == "none" else options.adapter
    captioner = DifferenceCaptioner.from_pretrained(options.model, adapter)
    results = {}
    for split, seed in SEEDS.items():
        world = EditorWorld(seed, files, (320, 640), 0.0, KINDS, split, options.objects)
        name = "names seen" if split == "train" else "names held out"
        results[name] = measure(captioner, world, options.pairs, nouns)
        print(name, {key: value for key, value in results[name].items() if key != "rows"}, flush=True)
    options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
