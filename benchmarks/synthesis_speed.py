"""Throughput of the synthesis pipeline against a plain loop over diffusers, side by side in one process.

    python benchmarks/synthesis_speed.py
    python benchmarks/synthesis_speed.py --model timbrooks/instruct-pix2pix --size 512 --steps 20 --images photos/

The loop is the one that documentation shows: one image, one instruction, one call, one file. The pipeline makes the
same edits in batches and does more with each: it looks into every source image, measures what came out (pixels, and
with `--clip` similarities), keeps a journal, and writes data set and report. Both start with their model loaded.
Without `--model` a random InstructPix2Pix of some hundred thousand weights is built, so that what is measured is
everything around the network; `--model stable-diffusion-1.5` builds random weights of that size, for a GPU.

Written to benchmarks/synthesis_speed.json: edited images a second of both and their ratio, round by round; on a GPU
also the share of the time in which it was busy, as `nvidia-smi` tells it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline

sys.path.insert(0, str(Path(__file__).parents[1]))  # for tests.fixtures, where the tiny models are built

from benchmarks.editor_speed import gpu_busy
from tests.fixtures.synthesis_run import put_photographs
from tests.fixtures.tiny_clip import build_tiny_clip
from tests.fixtures.tiny_pix2pix import build_pix2pix_of_released_size, build_tiny_pix2pix

from blip2idc.images.pair import open_image
from blip2idc.runs.record import run_record
from blip2idc.synthesis.editors.editor import DiffusersEditor, EditorSettings
from blip2idc.synthesis.filters.clip import ClipSettings
from blip2idc.synthesis.filters.filters import Thresholds
from blip2idc.synthesis.pipeline.plan import seed_of
from blip2idc.synthesis.pipeline.recipe import CandidateGrid, InstructionSettings, SynthesisConfig
from blip2idc.synthesis.pipeline.run import Parts, synthesize
from blip2idc.synthesis.pipeline.sources import Sources, read_sources

FULL_SIZE = "stable-diffusion-1.5"
RESULT = Path(__file__).with_suffix(".json")
INSTRUCTIONS = ("make it snow", "turn it into a painting")
EVERYTHING = Thresholds(None, None, None, None, None, None, None)


@dataclass(frozen=True)
class Loaded:
    """Settings of an editor or an embedder that is loaded already, so that loading is not measured."""

    settings: Any
    thing: Any = field(compare=False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.settings, name)

    def load(self) -> Any:
        """The thing itself."""
        return self.thing


def plain_loop(
    sources: Sources, pipeline: Any, settings: EditorSettings, grid: CandidateGrid, output: Path
) -> int:
    """One call of the pipeline of diffusers for each image; returns how many it made."""
    output.mkdir()
    made = 0
    for source in sources.images:
        image = open_image(source.path)
        image = image.resize(settings.target_size(*image.size))
        for instruction in INSTRUCTIONS:
            for guidance, image_guidance in grid.combinations(image_guided=True):
                edited = pipeline(
                    instruction,
                    image=image,
                    num_inference_steps=settings.describe()["steps"],
                    guidance_scale=guidance,
                    image_guidance_scale=image_guidance,
                    generator=torch.Generator().manual_seed(seed_of(source.digest, made)),
                ).images[0]
                edited.save(output / f"{made}.png")
                made += 1
    return made


def load_plainly(settings: EditorSettings) -> Any:
    """The pipeline as documentation loads it, in the type and on the device that the editor chooses."""
    editor = settings.load()
    assert isinstance(editor, DiffusersEditor)
    dtype = getattr(torch, editor.dtype.value)
    name = settings.describe()["model"]
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(
        name, revision=settings.pinned, torch_dtype=dtype, safety_checker=None
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(editor.device.value)


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All rounds, the loop and the pipeline in turn."""
    settings = EditorSettings(
        model=_model(options.model, folder), steps=options.steps, size=options.size, safety_checker=False
    )
    clip_folder = str(build_tiny_clip(folder / "clip")) if options.clip == "tiny" else options.clip
    clip = None if clip_folder is None else ClipSettings(model=clip_folder)
    sources = read_sources(images=options.images or put_photographs(folder / "photographs", options.count))
    instructions = folder / "instructions.txt"
    instructions.write_text("\n".join(INSTRUCTIONS))
    config = SynthesisConfig(
        editor=settings,
        instructions=InstructionSettings(source="file", file=instructions, per_image=len(INSTRUCTIONS)),
        clip=clip,
        filters=EVERYTHING,
        batch_size=options.batch_size,
    )
    editor, pipeline = settings.load(), load_plainly(settings)
    parts = Parts(
        editor=Loaded(settings, editor), embedder=None if clip is None else Loaded(clip, clip.load())
    )
    rounds: list[dict[str, float]] = []
    busy: dict[str, list[float]] = {"loop": [], "pipeline": []}
    for number in range(options.rounds + 1):
        start = time.perf_counter()
        with gpu_busy() as samples:
            made = plain_loop(sources, pipeline, settings, config.candidates, folder / f"loop-{number}")
        busy["loop"] += samples
        middle = time.perf_counter()
        with gpu_busy() as samples:
            synthesize(sources, folder / f"pipeline-{number}", replace(config, seed=number), parts=parts)
        end = time.perf_counter()
        busy["pipeline"] += samples
        row = {"loop": made / (middle - start), "pipeline": made / (end - middle)}
        if number:  # the first round warms up
            rounds.append({**row, "ratio": row["pipeline"] / row["loop"]})
            print("  ".join(f"{name} {value:.2f}" for name, value in rounds[-1].items()), flush=True)
    return {
        "images": made,
        "batch_size": options.batch_size,
        "clip": None if clip is None else options.clip,
        "editor": {**settings.describe(), "model": options.model or "tiny, random weights"},
        "device": getattr(getattr(editor, "device", None), "value", None),
        "threads": torch.get_num_threads(),
        "rounds": rounds,
        "median": {key: statistics.median(row[key] for row in rounds) for key in rounds[0]},
        "gpu_busy": {name: statistics.fmean(shares) if shares else None for name, shares in busy.items()},
    }


def _model(name: str | None, folder: Path) -> str:
    if name is None:
        return str(build_tiny_pix2pix(folder / "editor"))
    return str(build_pix2pix_of_released_size(folder / "editor")) if name == FULL_SIZE else name


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="hub id or folder; default: a tiny random one")
    parser.add_argument("--images", type=Path, help="folder of photographs; default: those of the package")
    parser.add_argument("--count", type=int, default=20, help="photographs of the package")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--clip", help="hub id or folder of a CLIP, or tiny: measure similarities too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=RESULT)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options, Path(folder))
    result["run_record"] = run_record()
    options.output.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["median"], indent=1))


if __name__ == "__main__":
    main()
