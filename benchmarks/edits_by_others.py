# ruff: noqa: E501
"""Edits made by other programs, on photographs never trained on: does the packaged model name the right kind?

    python recipes/edit_sources.py --output build-data/sources --only photographs     # more photographs, optional
    python benchmarks/edits_by_others.py --photographs build-data/sources/photographs/test

Takes the photographs of `src/blip2idc/assets/photographs/test` and of `--photographs`, makes `--pairs` pairs by the
recipes of `other_programs.py` in turn, captions them, and judges each caption by the words of `JUDGE`: right if it
matches the first pattern of its kind and none of the second. A sentence is *wrong and sure* if it is not right and
its stated confidence (or, without one, the change probability) is above 0.9. Writes `edits_by_others.json` beside
this file unless `--json` says otherwise.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from other_programs import RECIPES, Job, make, usable
from PIL import Image

from blip2idc.images.pair import ImagePair
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.worlds.edits.photographs import packaged_photographs, photographs_in

SURE = 0.9

#: What a right caption of each kind must say, and what it may not say.
JUDGE: dict[str, tuple[str, str]] = {
    "brighten": (r"bright|lighter|exposure was (increased|raised)|lightened", r"dark|contrast|part|area|something"),
    "darken": (r"dark|dimmer|exposure was reduced|brightness was reduced", r"part|area|something|corner|vignette"),
    "contrast_up": (r"contrast", r"less|weaker|reduce|lower"),
    "contrast_down": (r"(less|weaker|reduced?|lower).*contrast|contrast.*(reduced|weaker|lower)|flat and dull|fade", r"increase|stronger"),
    "saturate": (r"saturat|vivid|colorful|intense|stronger|colors are .*strong", r"less|weaker|paler|reduce|contrast"),
    "desaturate": (r"pale|weaker|less colorful|saturation was reduced|reduce the saturation|faded|washed out", r"black and white|contrast"),
    "black_and_white": (r"black and white|grayscale|all color|all its color|gray", r"threshold|silhouette|sketch|only pure"),
    "invert": (r"invert|negative", r"bright parts"),
    "sepia": (r"sepia|brown tone|old photo|look(s)? old", r"stain"),
    "tint": (r"tint|turned (red|green|blue|yellow|purple|orange|pink|cyan)|color filter", r"area|something|part"),
    "warmer": (r"warm|(orange|yellow|red) (tint|color filter)|tinted (orange|yellow|red)|turned (orange|yellow|red)", r"area|something|part"),
    "cooler": (r"cool|cold|(blue|cyan) (tint|color filter)|tinted (blue|cyan)|turned (blue|cyan)", r"area|something|part"),
    "hue": (r"hue|colors (were|of the picture were) shifted|changed to other colors|colors changed", r"area|something|part"),
    "blur": (r"blur|out of focus", r"motion|circle|spin|center|area|part|something|sharp"),
    "motion_blur": (r"motion|smeared|blur", r"circle|spin|area|part|something|sharp"),
    "circular_blur": (r"circular|in circles|spin|around its center", r"area|part"),
    "sharpen": (r"sharp", r"blur|top and bottom"),
    "noise": (r"nois|grain", r"removed|gone|clean"),
    "salt_and_pepper": (r"salt and pepper|specks|dots|nois|grain", r"removed|gone|clean|round dots|printed"),
    "pixelate": (r"pixel|blocky|resolution became", r"scatter|spread"),
    "posterize": (r"poster|number of colors|few flat colors|cartoon|comic|pure black and white", r"^$"),
    "solarize": (r"solar|bright parts were inverted|invert", r"^$"),
    "emboss": (r"emboss|relief", r"^$"),
    "edges": (r"edge|outline", r"sharper|fade|soft|frayed|cut off"),
    "sketch": (r"sketch|drawing|pencil|charcoal|photocopy|outline", r"^$"),
    "oil_paint": (r"oil|paint|smooth", r"painted over|dots|cubis"),
    "scatter": (r"scatter|spread|frosted", r"^$"),
    "flip": (r"flip|mirror|swapped|reversed", r"one half|symmetric"),
    "rotate": (r"rotat|turned to|tilt|slant", r"90|quarter|tilted away|upside"),
    "quarter_turn": (r"90|quarter|on its side", r"^$"),
    "crop": (r"crop|zoomed in|zoom in|smaller part|only a part|cut off|enlarged", r"ellipse|oval"),
    "stretch": (r"stretch|wider|taller|narrower|proportion|distorted", r"^$"),
    "border": (r"border|frame", r"removed|gone|fuzzy|soft|film|polaroid|fills"),
    "vignette": (r"vignette|corners|edges fade|oval|ellipse|soft .*edges|fuzzy", r"round"),
    "swirl": (r"swirl|whirl|twirl|twist", r"^$"),
    "waves": (r"wav|ripple", r"^$"),
    "ripple": (r"ripple|wav|rings", r"^$"),
    "lens_distortion": (r"lens distortion|fisheye|barrel|curved", r"flare"),
    "perspective": (r"perspective|tilted away|one side", r"^$"),
    "drop_shadow": (r"shadow", r"shadows|brighten"),
    "round_corners": (r"round.*corner|corner.*round", r"^$"),
    "polaroid": (r"polaroid|instant photo|frame|border", r"removed|gone"),
    "old_photo": (r"old|sepia|worn|brown", r"television|film"),
    "page_curl": (r"curl|rolled", r"^$"),
    "mosaic": (r"mosaic|tiles", r"glass"),
    "cartoon": (r"cartoon|comic|outline", r"^$"),
    "halftone": (r"halftone|newspaper|printed|dots", r"white dots"),
    "jigsaw": (r"puzzle|jigsaw", r"^$"),
    "glass_tiles": (r"glass", r"frosted"),
    "text": (r"text|word|writ", r"across|removed|gone"),
    "watermark": (r"watermark|across|text|word|writ", r"removed|gone"),
    "grid_lines": (r"grid|lines", r"removed|gone|wavy|scan"),
    "double_exposure": (r"double exposure|blended|merged", r"^$"),
}  # fmt: skip


def right(kind: str, caption: str) -> bool:
    """Whether a caption names a kind."""
    wanted, barred = JUDGE[kind]
    text = caption.lower()
    return re.search(wanted, text) is not None and re.search(barred, text) is None


def jobs_of(count: int, files: list[Path], folder: Path, seed: int) -> list[Job]:
    """The kinds in turn, each by its programs in turn, on pictures of 256 to 720 pixels."""
    rng = Random(seed)
    ways: dict[str, list[int]] = defaultdict(list)
    for index, recipe in enumerate(RECIPES):
        if usable(recipe):
            ways[recipe.kind].append(index)
    kinds, jobs = list(ways), []
    images = [Image.open(file).convert("RGB") for file in files]
    for number in range(count):
        chosen = ways[kinds[number % len(kinds)]]
        recipe = RECIPES[chosen[number // len(kinds) % len(chosen)]]
        paths = [folder / f"{number:04d}_{name}.png" for name in ("before", "other", "after")]
        for path in paths[:2]:
            image, side = rng.choice(images).copy(), rng.randint(256, 720)
            image.thumbnail((side, side), Image.Resampling.BICUBIC)
            image.save(path, compress_level=1)
        jobs.append(Job(recipe, *paths, rng.randrange(1 << 30)))
    return jobs


def measure(jobs: list[Job], captioner: DifferenceCaptioner) -> dict[str, Any]:
    """Captions every pair that was made and counts."""
    made = [job for job in jobs if job.after.is_file()]
    pairs = (ImagePair.open(job.before, job.after) for job in made)
    rows = []
    for job, said in zip(made, captioner.stream(pairs, batch_size=16), strict=True):
        sure = said.change_probability if said.confidence is None else said.confidence
        rows.append({
            "kind": job.recipe.kind, "program": job.recipe.program, "caption": said.caption,
            "right": right(job.recipe.kind, said.caption), "changed": bool(said.changed), "confidence": round(sure, 4),
        })  # fmt: skip
    total, hits = Counter(row["kind"] for row in rows), Counter(row["kind"] for row in rows if row["right"])
    programs = Counter(row["program"] for row in rows)
    by_program = Counter(row["program"] for row in rows if row["right"])
    return {
        "pairs": len(rows),
        "not_made": len(jobs) - len(made),
        "kinds": len(total),
        "right_kind": round(sum(hits.values()) / len(rows), 4),
        "called_unchanged": sum(not row["changed"] for row in rows),
        "wrong_and_sure": round(
            sum(not row["right"] and row["confidence"] > SURE for row in rows) / len(rows), 4
        ),
        "by_kind": {kind: f"{hits[kind]}/{total[kind]}" for kind in sorted(total)},
        "by_program": {name: f"{by_program[name]}/{programs[name]}" for name in sorted(programs)},
        "rows": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--photographs", type=Path, default=None)
    parser.add_argument("--model", help="default: the model of the package")
    parser.add_argument("--adapter", default="default", help="'none' for none")
    parser.add_argument("--keep", type=Path, default=None, help="folder to keep the pairs in")
    parser.add_argument("--json", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    files = list(packaged_photographs("test"))
    files += photographs_in(options.photographs) if options.photographs else []
    adapter = None if options.adapter == "none" else options.adapter
    captioner = DifferenceCaptioner.from_pretrained(options.model, adapter)
    with TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        jobs = jobs_of(options.pairs, files, folder, options.seed)
        make([job for job in jobs if not job.after.is_file()])
        result = {"photographs": [path.name for path in files], **measure(jobs, captioner)}
    options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print({key: value for key, value in result.items() if key not in ("rows", "photographs")})


if __name__ == "__main__":
    main()
