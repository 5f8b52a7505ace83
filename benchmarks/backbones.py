"""Whether chat models that see learn by `train` as BLIP-2 does, and whether plain peft loads what was trained.

    python benchmarks/backbones.py --families smolvlm qwen3_vl --pairs 200

For each family a tiny random checkpoint in its own on-disk format (two layers, width 32: no weights that anybody has
trained) is trained on pairs of `scenes`, with both encodings; the loss before and after is told, and how many captions
of `DifferenceCaptioner` are those of `peft.PeftModel` around `AutoModelForImageTextToText`, token by token. Writes
`backbones.json` here. This shows that the way is right, not how good a model is.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import PeftModel
from tests.fixtures.tiny_chat import FAMILIES, build_tiny_chat

from blip2idc.data.records import Manifest, read_records
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.run import train
from blip2idc.worlds.scenes.world import ScenesWorld
from blip2idc.worlds.write import write_world

HERE = Path(__file__).resolve().parent
SEED = 1414
COMPARED = 12  # pairs whose captions are compared with plain peft
LONGEST = 24  # tokens of a caption


def trained(
    family: str, data: Path, work: Path, manifest: Manifest, steps: int, two_stream: bool
) -> dict[str, Any]:
    """Train one family and compare."""
    corpus = [caption for record in manifest for caption in record.captions]
    folder = build_tiny_chat(work / family, family, corpus=corpus)
    config = TrainConfig(
        model=str(folder), two_stream=two_stream, max_steps=steps, learning_rate=0.005, workers=0, calibration_pairs=0,
        validation_share=0.1, evaluate_every=max(1, steps // 4),
    )  # fmt: skip
    begun = time.perf_counter()
    result = train([data], work / f"{family}-{two_stream}", config)
    scores = result.settings.scores
    passed = time.perf_counter() - begun
    same = same_captions(folder, result.output, manifest)
    before, after = scores["validation_loss_before"], scores["validation_loss"]
    return {
        "family": family,
        "encoding": "pair" if two_stream else "joint",
        "pairs": len(manifest),
        "steps": steps,
        "validation_loss_before": round(before, 3),
        "validation_loss": round(after, 3),
        "share_left": round(after / before, 3),
        "seconds": round(passed, 1),
        "captions_equal_to_plain_peft": f"{same} of {COMPARED}",
    }


def same_captions(folder: Path, adapter: Path, manifest: Manifest) -> int:
    """Captions that plain peft gives as well."""
    captioner = DifferenceCaptioner.from_pretrained(folder, adapter)
    plain: Any = transformers.AutoModelForImageTextToText.from_pretrained(folder)
    model = PeftModel.from_pretrained(plain, str(adapter)).eval()
    backbone, preprocessor = captioner.backbone, captioner.joint_model.preprocessor
    pairs = [manifest.paths(record) for record in list(manifest)[:COMPARED]]
    said = list(captioner.stream(pairs, COMPARED, max_changes=0, max_new_tokens=LONGEST))
    prompt = backbone.text_format.prompt_tokens(captioner.settings.prompt, backbone.tokenizer)
    same = 0
    for pair, found in zip(pairs, said, strict=True):
        ids = torch.tensor([prompt])
        pixels = preprocessor.pixel_values([captioner.join(pair)])
        inputs = backbone.inputs_of({"input_ids": ids, "pixel_values": pixels})
        with torch.inference_mode():
            tokens = model.generate(
                **inputs, attention_mask=torch.ones_like(ids), max_new_tokens=LONGEST, do_sample=False,
                eos_token_id=backbone.text_format.end_token_id,
            )  # fmt: skip
        answer = tokens[0, len(prompt) :].tolist()
        end = backbone.text_format.end_token_id
        same += tuple(answer[: answer.index(end)] if end in answer else answer) == found.tokens
    return same


def main() -> None:
    """Train, compare, write."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--families", nargs="+", choices=list(FAMILIES), default=["smolvlm", "qwen3_vl"])
    options.add_argument("--pairs", type=int, default=200)
    options.add_argument("--steps", type=int, default=200)
    options.add_argument("--encodings", nargs="+", choices=["joint", "pair"], default=["joint"])
    options.add_argument("--data", type=Path, help="Pairs made before, in place of new ones.")
    told = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        data = told.data or work / "scenes"
        if told.data is None:
            world = ScenesWorld(SEED, 80, 160)
            write_world(world, data, told.pairs, settings={"seed": SEED, "height": 80, "width": 160})
        manifest = read_records(data)
        path = HERE / "backbones.json"
        rows: list[dict[str, Any]] = json.loads(path.read_text())["rows"] if path.is_file() else []
        for family in told.families:
            for encoding in told.encodings:
                row = trained(family, data, work, manifest, told.steps, encoding == "pair")
                print(json.dumps(row), flush=True)
                mark = row["family"], row["encoding"]
                rows = [one for one in rows if (one["family"], one["encoding"]) != mark] + [row]
                versions = {"torch": torch.__version__, "transformers": transformers.__version__}
                content = {"what": "tiny random checkpoints", "versions": versions, "rows": rows}
                path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
