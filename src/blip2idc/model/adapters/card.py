"""The model card beside an adapter: what it is, what it was trained on, what it reached, how to load it.

In: the adapter's configuration and the captioner's settings. Out: Markdown with the front matter that the hub
reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from blip2idc.model.files.settings import CaptionerSettings

_CARD = """---
base_model: {base}
library_name: peft
tags:
- image-difference-captioning
- {kind}
- lora
---

# Image difference captioning adapter for {base}

A LoRA adapter that makes {speaker} say what changed between two images. The two are {shown}.

| | |
|---|---|
| backbone | {base}{revision} |
| rank, alpha, dropout | {rank}, {alpha}, {dropout} |
| adapted modules | `{targets}` |
| trainable weights | {trainable:,} of {total:,} ({share:.3g} %) |
| joint image | {direction}, {height}x{width} |
| prompt | {prompt} |
| trained on | {data} |
| scores | {scores} |
| change probability | {calibration} |

```python
from blip2idc import DifferenceCaptioner
captioner = DifferenceCaptioner.from_pretrained("{base}", adapter="this-folder")
print(captioner("before.png", "after.png").caption)
```

The weights are in PEFT's own format: `peft.PeftModel.from_pretrained(model, "this-folder")` loads them without
blip2idc. Captions can be wrong, above all on images unlike those it was trained on; `blip2idc.json` holds the
settings and the run record.
"""


_JOINT = """stacked into one joint image
({direction}, {height}x{width} pixels, before first) and captioned as one picture (arXiv 2412.15939)"""
_APART = """shown apart
(each {height}x{width} pixels), the baseline of arXiv 2412.15939"""


def adapter_card(
    config: Mapping[str, Any],
    settings: CaptionerSettings,
    trainable: int,
    total: int,
    kind: str = "blip-2",
) -> str:
    """Markdown of the model card.

    Args:
        config: Content of `adapter_config.json`.
        settings: Content of `blip2idc.json`; its layout must be known.
        trainable: Number of adapter weights.
        total: Number of weights with the backbone's.
        kind: `model_type` of the backbone.
    """
    layout, calibration = settings.layout, settings.calibration
    fitted = (
        f"calibrated on {calibration.pairs} validation pairs, threshold {calibration.threshold:.3g}"
        if calibration.fitted
        else "not calibrated"
    )
    direction = layout.direction if layout is not None else "vertical"
    size = (layout.part_size if settings.two_stream else layout.size) if layout is not None else ("?", "?")
    shown = _APART if settings.two_stream else _JOINT
    return _CARD.format(
        kind=kind,
        speaker="BLIP-2" if kind == "blip-2" else "it",
        shown=shown.format(direction=direction, height=size[0], width=size[1]),
        base=config.get("base_model_name_or_path"),
        revision=f" at {config['revision']}" if config.get("revision") else "",
        direction=direction,
        height=layout.height if layout is not None else "?",
        width=layout.width if layout is not None else "?",
        rank=config["r"],
        alpha=config["lora_alpha"],
        dropout=config["lora_dropout"],
        targets=str(config["target_modules"]).replace("|", "\\|"),
        trainable=trainable,
        total=total,
        share=100 * trainable / total,
        prompt=f"`{settings.prompt}`" if settings.prompt else "none",
        data=_cell(settings.data),
        scores=_cell(settings.scores),
        calibration=fitted,
    )


def _cell(value: Any) -> str:
    """A JSON value as one cell of a table."""
    if value is None:
        return "not recorded"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_cell(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_cell(item) for item in value)
    text = (
        f"{value:.4g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)
    )
    return text.replace("|", "\\|").replace("\n", " ")
