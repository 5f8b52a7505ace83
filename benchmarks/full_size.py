"""The 2.7B at its real size without a GPU: ordinary commands on the CPU, and what a training step takes of a GPU.

    python benchmarks/full_size.py [STEP ...] [--folder FOLDER]

Writes `full_size.json` beside itself, step by step; without steps it does all of them in order, which takes 8 GB of
disk, 10 GB of memory and most of an hour on one slow core. Steps:

    make       writes exactly the configuration of Salesforce/blip2-opt-2.7b with random weights: sharded bfloat16
               safetensors, `blip2idc.json`, a tokenizer whose special tokens have the ids of the released one
    load       loads it, and measures time and memory
    caption    `blip2idc caption --data` of two pairs, four tokens each
    train      `blip2idc train`: two LoRA steps at batch 1, saved
    peft       plain transformers and peft load what was saved; their loss of one pair is that of this program
    published  an adapter as the published ones are (PEFT 0.5: names, `adapter_model.bin`) captions a pair
    memory     on tensors without content: floating-point operations and peak memory of a step at batch 16, the plain
               way and the lean way, as a GPU would run them; which of them fit 24 GiB
    clean      removes the folder

Weights are random, so that captions mean nothing; what is shown is that the real size goes through.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from blip2idc.runs.record import run_record

RESULT = Path(__file__).with_suffix(".json")
FOLDER = Path(tempfile.gettempdir()) / "blip2idc-full-size"
SHARD_BYTES = 2 * 10**9
POOL = 2_000_003  # random numbers that weights are taken from; a prime, so that no two rows are alike
TOKENS = 4  # of a caption
CAPTION = "the small red rubber cube behind the large blue metal sphere has disappeared"

#: config.json of Salesforce/blip2-opt-2.7b; what is not named here are the defaults of transformers, there as here.
CONFIG: dict[str, Any] = {
    "architectures": ["Blip2ForConditionalGeneration"],
    "model_type": "blip-2",
    "num_query_tokens": 32,
    "image_token_index": 50265,
    "use_decoder_only_language_model": True,
    "vision_config": {"model_type": "blip_2_vision_model"},
    "qformer_config": {"model_type": "blip_2_qformer"},
    "text_config": {
        "model_type": "opt", "architectures": ["OPTForCausalLM"], "hidden_size": 2560, "ffn_dim": 10240,
        "num_hidden_layers": 32, "num_attention_heads": 32, "word_embed_proj_dim": 2560, "eos_token_id": 50118,
        "vocab_size": 50272, "activation_function": "relu",
    },
}  # fmt: skip
VOCABULARY = 50265  # of the tokenizer, to which the image token is added
LINE_FEED = 50118  # ends a caption of BLIP-2 with OPT

#: What the published BLIP2IDC adapters adapt, as their adapter_config.json says it.
PUBLISHED_TARGETS = ["qkv", "value", "key", "q_proj", "k_proj", "v_proj"] + [
    f"qformer.encoder.layer.{layer}.crossattention.attention.query" for layer in range(0, 12, 2)
]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("steps", nargs="*", choices=[*STEPS, []], help="all, in order, by default")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="for the checkpoint and all that is made with it"
    )
    arguments = parser.parse_args()
    for name in arguments.steps or STEPS:
        found = STEPS[name](arguments.folder)
        result = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
        if found is not None:
            result[name] = found
            result.setdefault("run_records", {})[name] = run_record(load_average=os.getloadavg())
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        print(name, json.dumps(found, indent=2), flush=True)


# The checkpoint


def make(folder: Path) -> dict[str, Any]:
    """Write checkpoint and pairs; weights are drawn tensor by tensor, so that one shard at a time is in memory."""
    import torch
    from safetensors.torch import save_file

    start = time.perf_counter()
    model = folder / "model"
    shutil.rmtree(folder, ignore_errors=True)
    model.mkdir(parents=True)
    write_small_files(model)
    torch.manual_seed(0)
    pool = torch.randn(POOL).bfloat16()
    shard: dict[str, torch.Tensor] = {}
    held = total = 0
    files: list[list[str]] = []

    def write() -> None:
        save_file(shard, model / f"part-{len(files)}.safetensors", metadata={"format": "pt"})
        files.append(list(shard))
        shard.clear()

    weights = 0
    for name, shape in parameter_shapes():
        tensor = drawn(name, shape, pool)
        if held + tensor.nbytes > SHARD_BYTES:
            write()
            held = 0
        shard[name] = tensor
        held += tensor.nbytes
        total += tensor.nbytes
        weights += tensor.numel()
    write()
    index: dict[str, Any] = {"metadata": {"total_size": total}, "weight_map": {}}
    for number, names in enumerate(files):
        final = f"model-{number + 1:05d}-of-{len(files):05d}.safetensors"
        (model / f"part-{number}.safetensors").rename(model / final)
        index["weight_map"] |= dict.fromkeys(names, final)
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    write_pairs(folder / "pairs", 2)
    write_pairs(folder / "training", 3)
    return {
        "weights": weights,
        "bytes": total,
        "shards": len(files),
        "seconds": round(time.perf_counter() - start, 1),
    }


def parameter_shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of all tensors of a checkpoint; the output layer is that of the word embeddings."""
    import torch
    from transformers import Blip2Config, Blip2ForConditionalGeneration

    with torch.device("meta"):
        network = Blip2ForConditionalGeneration(Blip2Config(**CONFIG))
    for name, parameter in network.named_parameters():  # names tied weights once
        yield name, tuple(parameter.shape)


def drawn(name: str, shape: tuple[int, ...], pool: Any) -> Any:
    """Random weights that keep the size of what goes through them.

    Args:
        name: Of the tensor.
        shape: Of it.
        pool: Normal numbers in bfloat16; large tensors take them over again, from another place on.
    """
    import torch

    if "norm" in name.lower():
        fill = torch.ones if name.endswith("weight") else torch.zeros
        return fill(shape, dtype=torch.bfloat16)
    inner = shape[1] if len(shape) == 2 else 2500 if len(shape) != 4 else shape[1] * shape[2] * shape[3]
    values = torch.empty(shape, dtype=torch.bfloat16)
    flat, place = values.view(-1), int(torch.randint(len(pool), ()))
    start = 0
    while start < len(flat):
        taken = min(len(flat) - start, len(pool) - place)
        flat[start : start + taken] = pool[place : place + taken]
        start, place = start + taken, 0
    return values.mul_(inner**-0.5)


def write_small_files(model: Path) -> None:
    """Configuration, tokenizer, statistics of images, decoding."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPT2Tokenizer
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    from blip2idc.model.files.settings import CaptionerSettings, Decoding, write_settings

    (model / "config.json").write_text(json.dumps(CONFIG, indent=1))
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = ["<s>", "<pad>", "</s>", "<unk>", *(letter for letter in letters if letter != "Ċ")]
    names += [f"<{number}>" for number in range(len(names), LINE_FEED)] + ["Ċ"]
    names += [f"<{number}>" for number in range(len(names), VOCABULARY)]
    vocabulary = {name: number for number, name in enumerate(names)}
    byte_pairs = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    byte_pairs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    byte_pairs.decoder = decoders.ByteLevel()
    tokenizer: Any = GPT2Tokenizer(
        vocab=vocabulary, merges=[], bos_token="</s>", eos_token="</s>", pad_token="<pad>", unk_token="</s>"
    )
    tokenizer.save_pretrained(model)
    BlipImageProcessorPil(size={"height": 224, "width": 224}).save_pretrained(model)
    write_settings(model, CaptionerSettings(decoding=Decoding(max_new_tokens=TOKENS)))


def write_pairs(folder: Path, count: int) -> None:
    """A data set of rendered scenes; its captions are short, for a tokenizer without words."""
    from PIL import Image

    from blip2idc.data.records import PairRecord, write_records
    from blip2idc.worlds.scenes.world import ScenesWorld

    (folder / "images").mkdir(parents=True)
    world = ScenesWorld(seed=5, height=224, width=224)
    records = []
    for number in range(count):
        pair = world.pair(number)
        files = [f"images/{number}_{side}.png" for side in ("before", "after")]
        Image.fromarray(pair.before).save(folder / files[0])
        Image.fromarray(pair.after).save(folder / files[1])
        records.append(PairRecord(f"{number}", *files, captions=("a cube is gone",), change={"kind": "drop"}))
    write_records(folder, records)


# Ordinary commands


def load(folder: Path) -> dict[str, Any]:
    """Load the backbone as every command does."""
    code = (
        "import sys, time; start = time.perf_counter()\n"
        "from blip2idc.model.loading import load_backbone\n"
        "imported = time.perf_counter()\n"
        f"backbone = load_backbone({str(folder / 'model')!r}, device='cpu', dtype='bfloat16')\n"
        "print(imported - start, time.perf_counter() - imported)\n"
        "print(backbone.describe())\n"
    )
    measured = command([sys.executable, "-c", code])
    seconds, line = measured.pop("stdout").splitlines()
    imports, loading = map(float, seconds.split())
    size = sum(file.stat().st_size for file in (folder / "model").glob("*.safetensors"))
    return {
        "line": line,
        "import_s": imports,
        "load_s": loading,
        **measured,
        "bytes_of_one_copy": size,
        "copies": round(measured["peak_bytes"] / size, 2),
    }


def caption(folder: Path) -> dict[str, Any]:
    """Two pairs, in one batch."""
    output = folder / "predictions.json"
    output.unlink(missing_ok=True)
    measured = blip2idc(
        "caption", "--data", folder / "pairs", "--output", output, *model_options(folder), "--no-changes"
    )
    return {**measured, "predictions": json.loads(output.read_text()), "pairs": 2, "tokens": TOKENS}


def train(folder: Path) -> dict[str, Any]:
    """Two steps at batch 1, with a validation before and after."""
    settings = {
        "max_steps": 2, "batch_size": 1, "dtype": "bfloat16", "workers": 0, "calibration_pairs": 0,
        "validation_share": 0.3, "log_every": 1, "warmup_ratio": 0, "learning_rate": 1e-3,
    }  # fmt: skip
    measured = blip2idc(
        "train", "--data", folder / "training", "--output", folder / "adapter", "--model", folder / "model",
        "--restart", *(["--overwrite"] if (folder / "adapter").exists() else []),
        *(part for key, value in settings.items() for part in ("--set", f"{key}={value}")),
    )  # fmt: skip
    log = (folder / "adapter" / "training_log.jsonl").read_text().splitlines()
    return {
        **measured,
        "log": [json.loads(line) for line in log],
        "adapter_bytes": (folder / "adapter" / "adapter_model.safetensors").stat().st_size,
    }


def peft(folder: Path) -> dict[str, Any]:
    """The loss of one pair by plain transformers and peft, and by this program, with the adapter that was trained."""
    code = f"""
import json, torch
from peft import PeftModel
from transformers import Blip2ForConditionalGeneration
from blip2idc.data.collate import CaptionCollator, Preprocessor
from blip2idc.data.dataset import CaptionDataset, all_samples
from blip2idc.data.records import read_records
from blip2idc.model.adapters.adapter import load_adapter, merge_adapter, read_adapter
from blip2idc.model.loading import load_backbone
backbone = load_backbone({str(folder / "model")!r}, device="cpu", dtype="bfloat16")
preprocessor = Preprocessor(backbone.default_layout(), backbone.statistics)
data = CaptionDataset(all_samples([read_records({str(folder / "training")!r})]), preprocessor)
batch = CaptionCollator(preprocessor, backbone.text_format, backbone.tokenizer)([data[0]])
losses = {{}}
with torch.inference_mode():
    losses["base"] = backbone.model(**batch).loss.item()
    adapted = load_adapter(backbone, read_adapter({str(folder / "adapter")!r}))
    losses["this program"] = adapted.model(**batch).loss.item()
del backbone, adapted
network = Blip2ForConditionalGeneration.from_pretrained({str(folder / "model")!r}, dtype=torch.bfloat16)
network = PeftModel.from_pretrained(network, {str(folder / "adapter")!r}).eval()
with torch.inference_mode():
    losses["plain peft"] = network(**batch).loss.item()
print(json.dumps(losses))
"""
    measured = command([sys.executable, "-c", code])
    return {"losses": json.loads(measured.pop("stdout").splitlines()[-1]), **measured}


def published(folder: Path) -> dict[str, Any]:
    """An adapter laid out as the published ones, on one pair."""
    import torch

    adapter = folder / "published"
    adapter.mkdir(exist_ok=True)
    rank = 16
    torch.manual_seed(1)
    tensors: dict[str, torch.Tensor] = {}
    for name, shape in parameter_shapes():
        module = name.removesuffix(".weight")
        if name.endswith(".weight") and any(
            module == target or module.endswith(f".{target}") for target in PUBLISHED_TARGETS
        ):
            prefix = f"base_model.model.{module}"
            tensors[f"{prefix}.lora_A.weight"] = torch.randn(rank, shape[1]) / shape[1] ** 0.5
            tensors[f"{prefix}.lora_B.weight"] = torch.randn(shape[0], rank) / 10
    torch.save(tensors, adapter / "adapter_model.bin")
    values = {
        "auto_mapping": {
            "base_model_class": "Blip2ForConditionalGeneration",
            "parent_library": "transformers.models.blip_2.modeling_blip_2",
        },
        "base_model_name_or_path": "Salesforce/blip2-opt-2.7b", "bias": "none", "fan_in_fan_out": False,
        "inference_mode": True, "init_lora_weights": True, "layers_pattern": None, "layers_to_transform": None,
        "lora_alpha": 2 * rank, "lora_dropout": 0.05, "modules_to_save": None, "peft_type": "LORA", "r": rank,
        "revision": None, "target_modules": PUBLISHED_TARGETS, "task_type": None,
    }  # fmt: skip
    (adapter / "adapter_config.json").write_text(json.dumps(values))
    images = [folder / "pairs" / "images" / f"0_{side}.png" for side in ("before", "after")]
    measured = blip2idc(
        "caption", *images, *model_options(folder), "--adapter", adapter, "--json", "--no-changes"
    )
    said = json.loads(measured.pop("stdout"))
    return {**measured, "modules": len(tensors) // 2, "rank": rank, "said": said}


def model_options(folder: Path) -> list[str | Path]:
    return ["--model", folder / "model", "--dtype", "bfloat16", "--device", "cpu"]


def blip2idc(*words: str | Path) -> dict[str, Any]:
    """An ordinary command, measured."""
    return command([sys.executable, "-m", "blip2idc", *map(str, words)])


def command(words: list[str]) -> dict[str, Any]:
    """Run a process; its time, and its peak memory: in all, and of it what is not files that can be read again."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(words, stdout=out, text=True)
        anonymous = 0
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            anonymous = max(anonymous, anonymous_bytes(process.pid))
            time.sleep(0.2)
        process.returncode = os.waitstatus_to_exitcode(ended[1])
        out.seek(0)
        said = out.read()
    if process.returncode:
        raise SystemExit(f"{words[:4]} ended with {process.returncode}")
    usage = ended[2]
    return {
        "stdout": said,
        "wall_s": round(time.perf_counter() - start, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_bytes": usage.ru_maxrss * 1024,
        "peak_anonymous_bytes": anonymous,
    }


def anonymous_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("RssAnon")), "RssAnon: 0 kB")
    return int(line.split()[1]) * 1024


# A training step on a GPU, counted without one


def memory(folder: Path) -> dict[str, Any]:
    """Floating-point operations and peak memory of a step, both ways, with and without checkpointing."""
    from step_memory import measured_steps

    return measured_steps(CONFIG, CAPTION)


def clean(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


STEPS: dict[str, Callable[[Path], dict[str, Any] | None]] = {
    "make": make,
    "load": load,
    "caption": caption,
    "train": train,
    "peft": peft,
    "published": published,
    "memory": memory,
    "clean": clean,
}

if __name__ == "__main__":
    main()
