"""Write a captioner as a folder that other programs run: adapter merged, three ONNX graphs beside the weights.

In: a backbone and an adapter, as the captioner takes them. Out: a folder in transformers' own format (which
`--model FOLDER` reads, in either engine), and `vision.onnx`, `qformer.onnx` and `language.onnx`, whose weights lie in
its safetensors files. They need nothing but an ONNX runtime: `docs/guide-onnx.md` shows how they fit together.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from blip2idc.errors import InputError, ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.confidence import save_confidence
from blip2idc.model.onnx.network import read_config, write_graphs
from blip2idc.model.onnx.weights import list_weights
from blip2idc.runs.files import atomic_path, check_model_name


def export_onnx(
    output: Path,
    model: str | Path | None,
    adapter: str | Path | None,
    *,
    layout: JointLayout | None = None,
) -> Path:
    """Merge an adapter and write the folder; it appears whole.

    Args:
        output: The folder; one that is there is kept.
        model: As `DifferenceCaptioner.from_pretrained` takes it.
        adapter: Likewise.
        layout: Of joint images, whose size the graphs are made for; None for the adapter's or the backbone's own.

    Raises:
        InputError: The folder is there, or its name is not UTF-8 text.
        ModelError: Model or adapter cannot be used, or are none that can be written as ONNX.
    """
    check_model_name(output)
    if output.exists():
        raise InputError(f"output {output}: is there already; give another folder, or remove it first")
    captioner = DifferenceCaptioner.from_pretrained(
        model, adapter, layout=layout, device="cpu", dtype="float32"
    )
    if captioner.settings.two_stream:
        raise ModelError(
            "export: two streams cannot be written as ONNX; expected an adapter that encodes jointly"
        )
    settings = replace(captioner.settings, own_words=captioner.own_words)
    with atomic_path(output) as partial:
        captioner.backbone.save(partial, settings)
        if captioner.confidence is not None:
            save_confidence(captioner.confidence, partial)
        what = f"model '{captioner.backbone.source.name}'"
        weights = list_weights(partial, what)
        for graph in write_graphs(read_config(partial, what), weights, captioner.layout.size):
            (partial / f"{graph.name}.onnx").write_bytes(graph.to_bytes(lambda name: weights[name].place))
    return output
