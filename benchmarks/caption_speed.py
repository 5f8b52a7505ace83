"""How fast captions come: cold start of the command, and a data set against a plain loop of processor and `generate`.

    python benchmarks/caption_speed.py [--model FOLDER --adapter FOLDER] [--count 300]

Writes `caption_speed.json` beside itself. Cold start: `blip2idc caption BEFORE AFTER` in a fresh process against
the bare import of torch and transformers' BLIP-2, in turn, five times each. Data set: `blip2idc.prediction.predictions`
(captions and change probabilities) against a loop that opens two images, joins them, calls the processor and `generate`
(captions only), on the same pairs with the same weights, in turn, three times each: once looking at the whole alone, as
the loop does, whose captions must be the loop's, in torch and in onnxruntime (`--engine onnx`), and once as by default,
with a close look at each change, which the loop has not. Then where the time goes: processor seconds a pair of each
stage, and the rate of multiplications in the ViT as a share of what the same thread does in one large product of
matrices: by torch's own product (MKL, which a reader would measure and the plain loop has), and by oneDNN's
(`model.layers.products`). Which is faster depends on the processor; the share of the faster one is the strict one.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import Blip2Processor

from blip2idc.data.records import Manifest, PairRecord, read_records, write_records
from blip2idc.images.pair import ImagePair
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.files.packaged import DEFAULT_ADAPTER
from blip2idc.model.language import generate
from blip2idc.model.layers.products import product, use_plain_products
from blip2idc.model.onnx.captioner import OnnxCaptioner
from blip2idc.model.pair_captioner import PairCaptioner
from blip2idc.prediction.fingerprint import content_of
from blip2idc.prediction.predictions import predict
from blip2idc.runs.record import run_record
from blip2idc.worlds.scenes.world import ScenesWorld

BARE_IMPORT = "import torch; from transformers import Blip2ForConditionalGeneration"
COLD_RUNS = 5
ROUNDS = 3
STAGE_ROUNDS = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", help="backbone folder; the packaged tiny model by default")
    parser.add_argument("--adapter", default=DEFAULT_ADAPTER, help="adapter, or 'none'")
    parser.add_argument("--count", type=int, default=300, help="pairs of the data set")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument(
        "--threads",
        type=int,
        help="of torch; 1 on a machine that others use, whose threads wait for one another",
    )
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        manifest = make_pairs(Path(folder), arguments.count)
        result = {
            "cold_start": cold_start(manifest, arguments.model, arguments.adapter),
            "data_set": data_set(manifest, arguments),
            "stages": stages(manifest, arguments),
            "threads": torch.get_num_threads(),
            "load_average": os.getloadavg(),
            "run_record": run_record(),
        }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({key: result[key] for key in ("cold_start", "data_set", "stages")}, indent=2))


def make_pairs(folder: Path, count: int) -> Manifest:
    """Rendered scenes of 320x160 pixels as PNG."""
    from PIL import Image

    world = ScenesWorld(seed=977, height=160, width=320)
    records = []
    (folder / "images").mkdir()
    for index in range(count):
        pair = world.pair(index)
        names = [f"images/{index:06d}_{side}.png" for side in ("before", "after")]
        Image.fromarray(pair.before).save(folder / names[0])
        Image.fromarray(pair.after).save(folder / names[1])
        records.append(PairRecord(f"{index:06d}", *names, captions=pair.captions))
    write_records(folder, records)
    return read_records(folder)


def cold_start(manifest: Manifest, model: str | None, adapter: str) -> dict[str, Any]:
    """Median wall and processor seconds of both, and their ratios."""
    pair = [str(path) for path in manifest.paths(manifest[0])]
    chosen = [*(["--model", model] if model else []), "--adapter", adapter]
    commands = {
        "bare_import": [sys.executable, "-c", BARE_IMPORT],
        "caption": [sys.executable, "-m", "blip2idc", "caption", *pair, *chosen],
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(COLD_RUNS):
        for name, command in commands.items():
            times[name].append(timed_process(command))
    result: dict[str, Any] = {
        name: {"wall_s": [wall for wall, _ in values], "cpu_s": [cpu for _, cpu in values]}
        for name, values in times.items()
    }
    for kind in ("wall_s", "cpu_s"):
        medians = {name: statistics.median(result[name][kind]) for name in commands}
        result[f"ratio_{kind}"] = medians["caption"] / medians["bare_import"]
    return result


def timed_process(command: list[str]) -> tuple[float, float]:
    """(wall seconds, processor seconds) of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def data_set(manifest: Manifest, arguments: argparse.Namespace) -> dict[str, Any]:
    """Pairs a second of both ways, alternating."""
    adapter = None if arguments.adapter == "none" else arguments.adapter
    captioner = DifferenceCaptioner.from_pretrained(arguments.model, adapter)
    without_torch = OnnxCaptioner.from_pretrained(arguments.model, adapter)  # of a BLIP-2 with OPT
    output = manifest.root / "predictions.json"
    plain = copy.deepcopy(captioner.backbone.model)
    use_plain_products(plain)
    ways: dict[str, Callable[[], list[str]]] = {
        "plain_loop": lambda: plain_loop(captioner, plain, manifest),
        "predict": lambda: predicted(captioner, manifest, output, arguments.batch_size, max_changes=0),
        "predict_onnx": lambda: predicted(
            without_torch, manifest, output, arguments.batch_size, max_changes=0
        ),
        "predict_with_close_looks": lambda: predicted(captioner, manifest, output, arguments.batch_size),
    }
    for way in ways.values():  # warm up
        way()
    rates: dict[str, list[float]] = {name: [] for name in ways}
    captions: dict[str, list[str]] = {}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start, cpu = time.perf_counter(), time.process_time()
            captions[name] = way()
            rates.setdefault(f"{name}_per_cpu_s", []).append(len(manifest) / (time.process_time() - cpu))
            rates[name].append(len(manifest) / (time.perf_counter() - start))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "pairs": len(manifest),
        "batch_size": arguments.batch_size,
        "captioner": captioner.describe(),
        "pairs_per_s": rates,
        "ratio": medians["predict"] / medians["plain_loop"],
        "ratio_per_cpu_s": medians["predict_per_cpu_s"] / medians["plain_loop_per_cpu_s"],
        "ratio_onnx": medians["predict_onnx"] / medians["plain_loop"],
        "ratio_onnx_per_cpu_s": medians["predict_onnx_per_cpu_s"] / medians["plain_loop_per_cpu_s"],
        "ratio_with_close_looks": medians["predict_with_close_looks"] / medians["plain_loop"],
        "captions_that_differ": {
            name: sum(one != other for one, other in zip(captions["plain_loop"], captions[name], strict=True))
            for name in ("predict", "predict_onnx")
        },
    }


def plain_loop(captioner: DifferenceCaptioner, model: Any, manifest: Manifest) -> list[str]:
    """What one writes after reading transformers' documentation: one pair at a time, without a change probability.

    Args:
        captioner: Of the same weights.
        model: Its network as transformers has it.
        manifest: The pairs.
    """
    processor = Blip2Processor.from_pretrained(captioner.backbone.source.location)
    size = {"height": captioner.layout.height, "width": captioner.layout.width}
    interpolate = captioner.backbone.needs_interpolation(*captioner.layout.size)
    longest = captioner.settings.decoding.max_new_tokens
    captions = []
    for record in manifest:
        pair = ImagePair.open(*manifest.paths(record))
        joint = captioner.layout.join(pair.before, pair.after)
        inputs = processor(images=joint, size=size, return_tensors="pt").to(model.device, model.dtype)
        tokens = model.generate(**inputs, max_new_tokens=longest, interpolate_pos_encoding=interpolate)
        text = processor.batch_decode(tokens, skip_special_tokens=True)[0]
        captions.append(" ".join(text.split()))
    return captions


def predicted(
    captioner: PairCaptioner, manifest: Manifest, output: Path, batch_size: int, **decoding: Any
) -> list[str]:
    """Data-set mode."""
    predict(captioner, manifest, output, batch_size=batch_size, **decoding)
    return [entry["caption"] for entry in json.loads(output.read_text(encoding="utf-8"))]


def stages(manifest: Manifest, arguments: argparse.Namespace) -> dict[str, Any]:
    """Processor milliseconds a pair of each stage, one after another in one thread, and the rate in the ViT."""
    adapter = None if arguments.adapter == "none" else arguments.adapter
    captioner = DifferenceCaptioner.from_pretrained(arguments.model, adapter)
    without_torch = OnnxCaptioner.from_pretrained(arguments.model, adapter)
    model, backbone = captioner.joint_model, captioner.backbone
    pairs = [manifest.paths(record) for record in list(manifest)[: arguments.batch_size]]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            opened = [captioner.open(pair) for pair in pairs]
            joints = [one.joint for one in opened]
            pixels = model.preprocessor.pixel_values(joints)
            values = pixels.numpy()
            prefix = model.encode(joints).seen
            work: dict[str, Callable[[], Any]] = {
                "hash of the files": lambda: [content_of(pair, captioner.max_pixels) for pair in pairs],
                "open and join": lambda: [captioner.open(pair, 0) for pair in pairs],
                "open, join, close look without model": lambda: [captioner.open(pair) for pair in pairs],
                "vit": lambda: seen_by_vit(backbone, pixels),
                "vit, onnxruntime": lambda: without_torch.network.see(values),
                "vit and q-former": lambda: model.encode(joints),
                "generate": lambda: generate(backbone, prefix, captioner.settings.decoding),
                "change probability": lambda: model.log_odds(prefix),
            }
            told = {name: least_seconds(one) / len(pairs) * 1e3 for name, one in work.items()}
            with counted_flops() as counter:  # of the network's own way, whose products are the same
                backbone.model.vision_model(
                    pixels, interpolate_pos_encoding=backbone.needs_interpolation(*pixels.shape[-2:])
                )
            ceilings = {name: product_rate(way) for name, way in PRODUCTS.items()}
    finally:
        torch.set_num_threads(threads)
    ceilings["faster of both"] = max(ceilings.values())
    gflop = counter.get_total_flops() / 1e9 / len(pairs)
    rates = {name: gflop / told[name] * 1e3 for name in ("vit", "vit, onnxruntime")}
    crops = sum(crop is not None for one in opened if one.look for crop in one.look.crops)
    return {
        "cpu_ms_a_pair": told,
        "close_looks_a_pair": crops / len(pairs),
        "vit_gflop_a_joint_image": gflop,
        "vit_gflops": rates,
        "ceiling_gflops": ceilings,
        "vit_share_of_ceiling": {
            way: {name: rate / ceiling for name, ceiling in ceilings.items()} for way, rate in rates.items()
        },
    }


PRODUCTS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "torch.mm": lambda one, other: torch.mm(one, other.T),
    "asked here": product,
}


def counted_flops() -> FlopCounterMode:
    """A counter that knows what runs on a processor as well: oneDNN's products, and attention in both directions."""
    ops: Any = torch.ops

    def linear(inputs: Any, weight: Any, *_: Any, **__: Any) -> int:
        return 2 * math.prod(inputs) * int(weight[0])

    def attention(query: Any, key: Any, *_: Any, **__: Any) -> int:
        return 4 * math.prod(query) * int(key[-2])

    def attention_back(gradient: Any, query: Any, key: Any, *_: Any, **__: Any) -> int:
        return 10 * math.prod(query) * int(key[-2])  # scores once more, and four gradients

    return FlopCounterMode(
        display=False,
        custom_mapping={
            ops.mkldnn._linear_pointwise: linear,
            ops.aten._scaled_dot_product_flash_attention_for_cpu: attention,
            ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: attention_back,
        },
    )


def seen_by_vit(backbone: Any, pixels: torch.Tensor) -> torch.Tensor:
    """In slices, as the captioner sees them."""
    size = backbone._slice(*pixels.shape[-2:]) or len(pixels)
    seen: torch.Tensor = backbone._patches(pixels, size)
    return seen


def least_seconds(work: Callable[[], Any]) -> float:
    """Processor seconds, the least of some: what else the machine does only adds to them."""
    seconds = []
    for _ in range(STAGE_ROUNDS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def product_rate(way: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], side: int = 1024) -> float:
    """GFLOP/s of a large product of matrices in float32, the best of some."""
    one, other = torch.randn(side, side), torch.randn(side, side)
    return max(2 * side**3 / 1e9 / least_seconds(lambda: way(one, other)) for _ in range(4))


if __name__ == "__main__":
    main()
