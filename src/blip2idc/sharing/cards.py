"""The card of what is pushed to the hub: what it is, what it was made from, what it reached, what it is not for.

In: the JSON files of a model folder, or a manifest; scores as `evaluate --json` wrote them. Out: Markdown with the
front matter that the hub reads. Nothing is claimed that was not measured: without scores the card says so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blip2idc.data.records import Manifest
from blip2idc.evaluation.scores import is_defined
from blip2idc.report.tables import TITLES

_LIMITS = """## Limits

- Captions can be wrong, above all on images unlike those it was trained on. Look at the images before you act on one.
- Scores hold for the test set, the protocol and the references in the signature, and for no other; compare with the
  constant caption (`blip2idc baseline`), which beats published methods on some benchmarks.
- It says what changed and not why, and nothing of people's identity, intent or health.
"""


@dataclass(frozen=True)
class CardFacts:
    """What the caller adds to what the files say.

    Attributes:
        repo: `owner/name` on the hub.
        license: Identifier of the licence, such as `mit` or `cc-by-nc-4.0`.
        scores: Reports of `evaluate --json`, each with the name that the table shows.
    """

    repo: str
    license: str
    scores: tuple[tuple[str, Mapping[str, Any]], ...] = ()


def model_card(settings: Mapping[str, Any], adapter: Mapping[str, Any] | None, facts: CardFacts) -> str:
    """The card of an adapter, or of a whole backbone.

    Args:
        settings: Content of `blip2idc.json`.
        adapter: Content of `adapter_config.json`; None for a backbone.
        facts: Repository, licence and scores.
    """
    base = None if adapter is None else adapter.get("base_model_name_or_path")
    head = {"license": facts.license, "library_name": "transformers" if adapter is None else "peft"}
    if base is not None and "/" in str(base):
        head["base_model"] = str(base)
    tags = ["image-difference-captioning", "blip-2", *(["lora"] if adapter is not None else [])]
    parts = [
        _front_matter(head, tags),
        f"# {facts.repo.partition('/')[2]}\n",
        _what(settings, adapter),
        "## Trained on\n\n" + _data(settings.get("data")),
        "## Scores\n\n" + (_scores(facts.scores) if facts.scores else _NO_SCORES),
        _loading(facts.repo, adapter, settings),
        _LIMITS,
        f"## Licence\n\n`{facts.license}`, for these weights. The backbone and the data have licences of their own.\n",
    ]
    return "\n".join(parts)


_NO_SCORES = (
    "Not evaluated: no scores were given with `--scores`. The validation loss in `blip2idc.json` is no measure of"
    " captions.\n"
)


def dataset_card(manifests: Mapping[str, Manifest], facts: CardFacts) -> str:
    """The card of a data set.

    Args:
        manifests: Split (or `all`) -> its records.
        facts: Repository and licence.
    """
    rows = ["| split | pairs | captions | pairs without a change | sources |", "|---|---:|---:|---:|---|"]
    kinds: Counter[str] = Counter()
    for split, manifest in manifests.items():
        captions = sum(len(record.captions) for record in manifest)
        unchanged = sum(record.kind == "none" for record in manifest)
        sources = ", ".join(sorted({record.source or "not told" for record in manifest}))
        rows.append(f"| {split} | {len(manifest):,} | {captions:,} | {unchanged:,} | {_cell(sources)} |")
        kinds.update(record.kind or "not told" for record in manifest)
    told = ", ".join(f"{_cell(kind)} {count:,}" for kind, count in kinds.most_common(40))
    return "\n".join(
        [
            _front_matter({"license": facts.license}, ["image-difference-captioning"]),
            f"# {facts.repo.partition('/')[2]}\n",
            "Pairs of images with sentences that say what changed between them.\n",
            *rows,
            f"\nKinds of change: {told}.\n",
            "## How to load it\n",
            f'```python\nimport datasets\npairs = datasets.load_dataset("{facts.repo}")\n```\n',
            "or, downloaded, `blip2idc train --data FOLDER --output ADAPTER`.\n",
            "## Limits\n",
            "Captions come from where `source` says; those of worlds and editors are exact or as good as their"
            " filters, those of people are theirs. Scores on it say how well *these* changes are told.\n",
            f"## Licence\n\n`{facts.license}`, as whoever pushed it states.\n",
        ]
    )


def _front_matter(values: Mapping[str, str], tags: Sequence[str]) -> str:
    lines = [f"{key}: {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(["---", *lines, "tags:", *(f"- {tag}" for tag in tags), "---\n"])


def _what(settings: Mapping[str, Any], adapter: Mapping[str, Any] | None) -> str:
    layout = settings.get("layout") or {}
    encoding = "each image alone (two streams)" if settings.get("two_stream") else "one joint image"
    rows = {
        "images are encoded as": encoding,
        "layout": f"{layout.get('direction', 'vertical')}, {layout.get('height', '?')}x{layout.get('width', '?')}",
        "prompt": settings.get("prompt") or "none",
    }
    if settings.get("two_stream"):
        rows["merged by"] = settings.get("merge", "concat")
    if adapter is not None:
        rows |= {
            "backbone": adapter.get("base_model_name_or_path"),
            "revision of the backbone": adapter.get("revision") or "not pinned",
            "rank, alpha": f"{adapter.get('r')}, {adapter.get('lora_alpha')}",
            "adapted modules": adapter.get("target_modules"),
        }
    calibration = settings.get("calibration") or {}
    fitted = calibration.get("pairs")
    rows["change probability"] = f"calibrated on {fitted} pairs" if fitted else "not calibrated"
    kind = "A BLIP-2" if adapter is None else "A LoRA adapter for BLIP-2"
    lines = [f"{kind} that says what changed between two images.\n", "| | |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {_cell(value)} |" for name, value in rows.items())]) + "\n"


def _data(account: Any) -> str:
    """The account of training data, set by set."""
    if not isinstance(account, Mapping):
        return "Not recorded.\n"
    lines = ["| part | name | pairs | share | SHA-256 of the manifest |", "|---|---|---:|---:|---|"]
    for part in ("train", "validation"):
        for entry in account.get(part) or ():
            pairs, share = entry.get("pairs", "?"), entry.get("share", 1)
            digest = str(entry.get("sha256", ""))[:16]
            lines.append(f"| {part} | {_cell(entry.get('name'))} | {pairs} | {share} | {digest} |")
    return (
        "\n".join(lines) + f"\n\nValidation pairs: {_cell(account.get('validation_origin', 'not told'))}.\n"
    )


def _scores(reports: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Every report as a table of scores with intervals, and the signatures below."""
    parts = []
    for name, report in reports:
        items, protocol = report.get("items", "?"), report.get("protocol") or "none"
        lines = [
            f"### {name}\n",
            f"{items} pairs, protocol {protocol}; times 100, 95 % intervals.\n",
            "| metric | score | interval |",
            "|---|---:|---|",
        ]
        signatures = []
        for metric, title in TITLES.items():
            found = report.get(metric)
            if not isinstance(found, Mapping):
                continue
            if not is_defined(found):
                lines.append(f"| {title} | - | undefined here |")
                continue
            low, high = found.get("low"), found.get("high")
            told = "not computed" if low is None or high is None else f"[{100 * low:.2f}, {100 * high:.2f}]"
            lines.append(f"| {title} | {100 * found['score']:.2f} | {told} |")
            signatures.append(str(found.get("signature")))
        lines += ["", "```", *signatures, "```", ""]
        parts.append("\n".join(lines))
    return "\n".join(parts)


def _loading(repo: str, adapter: Mapping[str, Any] | None, settings: Mapping[str, Any]) -> str:
    if adapter is None:
        code = f'captioner = DifferenceCaptioner.from_pretrained("{repo}", adapter=None)'
        return f"## How to load it\n\n```python\nfrom blip2idc import DifferenceCaptioner\n{code}\n```\n"
    base = adapter.get("base_model_name_or_path")
    code = f'captioner = DifferenceCaptioner.from_pretrained("{base}", adapter="{repo}")'
    plain = [
        "from peft import PeftModel",
        "from transformers import Blip2ForConditionalGeneration",
        f'model = Blip2ForConditionalGeneration.from_pretrained("{base}")',
        f'model = PeftModel.from_pretrained(model, "{repo}")',
    ]
    note = (
        "The images are encoded apart: around the model goes "
        "`blip2idc.model.layers.two_stream.TwoStreamBlip2.around`.\n"
        if settings.get("two_stream")
        else "Its input is the joint image: the two images stacked as the layout says, before first.\n"
    )
    return (
        f"## How to load it\n\n```python\nfrom blip2idc import DifferenceCaptioner\n{code}\n```\n\n"
        "With plain peft:\n\n```python\n" + "\n".join(plain) + f"\n```\n\n{note}"
    )


def _cell(value: Any) -> str:
    """A value as one cell of a table."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.replace("|", "\\|").replace("\n", " ")


def read_report(path: Path, value: Any) -> tuple[str, Mapping[str, Any]]:
    """A report of `evaluate --json` with its name: the file of references that it was scored against."""
    references = str(value.get("references", path.stem)).replace("\\", "/").rstrip("/")
    return "/".join(references.split("/")[-2:]), value
