"""Editors: an image and an instruction in, an edited image out.

The only importer of diffusers. `EditorSettings` is small and picklable and names everything that decides what comes
out; `load` makes the `Editor`, on the machine and in the process that shall run it.

Papers: Brooks et al., CVPR 2023, arXiv 2211.09800 (InstructPix2Pix); Black Forest Labs, arXiv 2506.15742 (FLUX.1
Kontext); Wu et al., arXiv 2508.02324 (Qwen-Image-Edit).
"""

from __future__ import annotations

import contextlib
import inspect
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from PIL import Image

from blip2idc.config import Range, check_ranges
from blip2idc.errors import Blip2idcError, ConfigError, MissingExtraError, ModelError
from blip2idc.model.files.foreign import read_object
from blip2idc.runtime import DTYPES, Choice, choose_device, choose_dtype
from blip2idc.synthesis.editors.requests import Editor as Editor
from blip2idc.synthesis.editors.requests import EditRequest as EditRequest
from blip2idc.synthesis.editors.requests import EditResult as EditResult
from blip2idc.synthesis.editors.specs import EDITORS as EDITORS
from blip2idc.synthesis.editors.specs import EditorSpec

#: Faults of an image that an editor made.
SAFETY_CHECKER, BLACK_IMAGE, NOT_GIVEN_BACK = "safety-checker", "black-image", "not-given-back"

#: Characters of another library's error that are shown.
_LONGEST_REASON = 300

#: Parts of messages that would mislead, by the logger that they come from: torchvision is not needed here, and an
#: image that the safety checker flags is told as a fault, not returned as a black one.
_NEEDLESS = {
    "transformers.utils.import_utils": "requires torchvision",
    "diffusers.pipelines.stable_diffusion.safety_checker": "Potential NSFW content",
}


@dataclass(frozen=True)
class EditorSettings:
    """Names an editor without loading it.

    Attributes:
        name: A key of `EDITORS`.
        model: Hub id or folder of its weights; None for the editor's own.
        revision: Commit on the hub; None for the pinned one of the editor's own weights, else for the newest, which
            can change from one run to the next.
        steps: Of denoising; None for the editor's default.
        size: Longest side of the edited images in pixels; None for the editor's default.
        dtype: `auto`, `float32`, `bfloat16`, `float16`.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        safety_checker: Whether to run it, where the editor has one.
    """

    name: str = "instruct-pix2pix"
    model: str | None = None
    revision: str | None = None
    steps: Annotated[int, Range(1, 10_000)] | None = None
    size: Annotated[int, Range(8, 65_536)] | None = None
    dtype: str = "auto"
    device: str = "auto"
    safety_checker: bool = True

    def __post_init__(self) -> None:
        if self.name not in EDITORS:
            raise ConfigError(f"editor.name is {self.name!r}; expected one of {', '.join(EDITORS)}")
        if self.model == "":
            raise ConfigError(
                "editor.model is empty; expected a hub id, a folder, or null for the editor's own"
            )
        check_ranges(self, "editor.")
        if self.size is not None and self.size < self.spec.multiple:
            raise ConfigError(f"editor.size is {self.size}; expected at least {self.spec.multiple}, or null")
        if self.dtype not in ("auto", *DTYPES):
            raise ConfigError(f"editor.dtype is {self.dtype!r}; expected auto, {', '.join(DTYPES)}")

    @property
    def spec(self) -> EditorSpec:
        """What is known of the editor."""
        return EDITORS[self.name]

    @property
    def image_guided(self) -> bool:
        """Whether requests have a guidance of the image."""
        return self.spec.image_guidance is not None

    @property
    def pinned(self) -> str | None:
        """The commit that is loaded; None for a folder, and for weights that nobody pinned."""
        return self.revision or (self.spec.revision if self.model in (None, self.spec.model) else None)

    def describe(self) -> dict[str, Any]:
        """Everything that decides what comes out, in plain JSON values; the device changes rounding only."""
        spec = self.spec
        return {
            "name": self.name,
            "pipeline": spec.pipeline,
            "model": self.model or spec.model,
            "revision": self.pinned,
            "steps": self.steps or spec.steps,
            "size": self.size or spec.size,
            "dtype": self.dtype,
            "safety_checker": self.safety_checker and spec.safety_checker,
        }

    def target_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height to edit an image at: its longest side is `size`, both are multiples the editor can do."""
        multiple = self.spec.multiple
        scale = (self.size or self.spec.size) / max(width, height)

        def rounded(side: int) -> int:
            return max(multiple, round(side * scale / multiple) * multiple)

        return rounded(width), rounded(height)

    def load(self) -> Editor:
        """The editor.

        Raises:
            MissingExtraError: diffusers is not installed.
            ConfigError: The installed diffusers lacks the editor, or the device is not there.
            ModelError: There are no such weights, or they are incomplete.
        """
        if self.spec.pipeline is None:
            from blip2idc.synthesis.editors.deterministic import EditsEditor

            return EditsEditor()
        return DiffusersEditor(self)


class DiffusersEditor:
    """A loaded pipeline of diffusers, an `Editor`.

    The noise is drawn on the CPU by a generator for each request, so that a seed means the same on every device and
    in every batch.

    Args:
        settings: Which one.

    Attributes:
        device: Where it runs, and why.
        dtype: Type of its weights, and why.
        commit: Commit of its weights on the hub, whether it was asked for or not; None for a folder.
    """

    def __init__(self, settings: EditorSettings) -> None:
        with _without_advice():
            kind = _pipeline_class(settings.spec)
        self._settings = settings
        self.device = choose_device(settings.device)
        self.dtype = _choose_half(settings, self.device.value)
        self._pipeline, self.commit = _read_pipeline(kind, settings, self.dtype.value)
        self._pipeline.set_progress_bar_config(disable=True)
        self._pipeline.to(self.device.value)

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        """One result for each request, in order.

        Args:
            requests: All of one size, with equal guidance; each result is that of the request alone, up to rounding.

        Raises:
            ValueError: Sizes or guidance differ.
        """
        if len({(request.image.size, request.guidance, request.image_guidance) for request in requests}) > 1:
            raise ValueError("the requests of a batch differ in size or guidance; expected them to be equal")
        if requests and not any(request.instruction for request in requests):
            return self._give_back(requests)
        if self._settings.spec.batched:
            return self._call(requests) if requests else []
        return [self._call([request])[0] for request in requests]

    def _give_back(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        """The images after the way through the VAE and nothing else."""
        import torch

        if not self._settings.spec.gives_back:
            return [EditResult(None, NOT_GIVEN_BACK) for _ in requests]
        vae, processor = self._pipeline.vae, self._pipeline.image_processor
        pixels = processor.preprocess([request.image.convert("RGB") for request in requests])
        with torch.inference_mode(), np.errstate(invalid="ignore"):
            latents = vae.encode(pixels.to(self.device.value, vae.dtype)).latent_dist.mode()
            images = processor.postprocess(vae.decode(latents).sample.float(), output_type="pil")
        return [_result(request, image, False) for request, image in zip(requests, images, strict=True)]

    def _call(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        import torch

        # numpy warns when it turns NaN into a pixel, which `_result` tells as a fault
        with torch.inference_mode(), np.errstate(invalid="ignore"), _without_advice():
            output = self._pipeline(**self._arguments(requests))
        flags = getattr(output, "nsfw_content_detected", None) or [False] * len(requests)
        return [
            _result(request, image, bool(flag))
            for request, image, flag in zip(requests, output.images, flags, strict=True)
        ]

    def _arguments(self, requests: Sequence[EditRequest]) -> dict[str, Any]:
        import torch

        spec, first = self._settings.spec, requests[0]
        arguments: dict[str, Any] = {
            "prompt": [request.instruction for request in requests],
            "image": [request.image.convert("RGB") for request in requests],
            "generator": [torch.Generator("cpu").manual_seed(request.seed) for request in requests],
            "num_inference_steps": self._settings.steps or spec.steps,
            spec.guidance: first.guidance,
            **spec.arguments,
        }
        if not spec.batched:
            arguments.update({key: arguments[key][0] for key in ("prompt", "image", "generator")})
        if spec.image_guidance is not None and first.image_guidance is not None:
            arguments[spec.image_guidance] = first.image_guidance
        if spec.sized:
            arguments["width"], arguments["height"] = first.image.size
        known = inspect.signature(type(self._pipeline).__call__).parameters
        if (
            "max_area" in known
        ):  # FLUX Kontext brings every result to this many pixels, 1024 x 1024 by default
            arguments["max_area"] = first.image.size[0] * first.image.size[1]
        return arguments


def _result(request: EditRequest, image: Image.Image, flagged: bool) -> EditResult:
    if flagged:
        return EditResult(None, SAFETY_CHECKER)
    image = image.convert("RGB")
    if not np.asarray(image).any():  # what NaN becomes, as of float16 that overflows
        return EditResult(None, BLACK_IMAGE)
    if image.size != request.image.size:
        image = image.resize(request.image.size, Image.Resampling.LANCZOS)
    return EditResult(image)


def _choose_half(settings: EditorSettings, device: str) -> Choice:
    half = settings.spec.half
    if settings.dtype == "auto" and half is not None and device.startswith("cuda"):
        return Choice(half, "what its weights were published in")
    return choose_dtype(settings.dtype, device)


def _pipeline_class(spec: EditorSpec) -> Any:
    """The class in diffusers, of which older versions lack the newer ones."""
    try:
        import diffusers
    except ImportError:
        raise MissingExtraError("synthesis", "the InstructPix2Pix editor") from None
    kind = getattr(diffusers, str(spec.pipeline), None)
    if kind is None:
        there = [
            name for name, one in EDITORS.items() if one.pipeline is None or hasattr(diffusers, one.pipeline)
        ]
        raise ConfigError(
            f"editor.name: diffusers {diffusers.__version__} has no {spec.pipeline}; it has what these need: "
            f"{', '.join(there)}; or install a newer diffusers"
        )
    return kind


def _read_pipeline(kind: Any, settings: EditorSettings, dtype: str) -> tuple[Any, str | None]:
    """The pipeline, and the commit of its weights; None for a folder."""
    import diffusers
    import torch
    from diffusers.utils import deprecation_utils

    spec, model = settings.spec, str(settings.model or settings.spec.model)
    arguments: dict[str, Any] = {"use_safetensors": True}
    # the argument was renamed; the older name warns in newer versions, the newer one is ignored by older ones
    arguments["dtype" if hasattr(deprecation_utils, "_resolve_dtype") else "torch_dtype"] = getattr(
        torch, dtype
    )
    if spec.safety_checker and not settings.safety_checker:
        arguments.update(safety_checker=None, requires_safety_checker=False)
    diffusers.utils.logging.disable_progress_bar()
    with reading("editor.model", model, settings.pinned), _without_advice():
        index = _index_of(model, settings.pinned)
        found = read_object(index, f"editor.model '{model}'").get("_class_name")
        if found != spec.pipeline:  # diffusers takes any and leaves out what it lacks
            raise ModelError(
                f"editor.model '{model}': is a {found}; expected a {spec.pipeline} for the editor {settings.name!r}"
            )
        # the hub's cache keeps files in `snapshots/{commit}`; all others shall be of the same commit
        commit = index.parent.name if index.parent.parent.name == "snapshots" else None
        pipeline = kind.from_pretrained(model, revision=commit or settings.pinned, **arguments)
    if spec.safety_checker and settings.safety_checker and pipeline.safety_checker is None:
        logging.getLogger(__name__).warning(
            "editor.model '%s': has no safety checker; images go unchecked", model
        )
    return pipeline, commit


def _index_of(model: str, revision: str | None) -> Path:
    """The file `model_index.json` of a folder, or of the hub or its cache on this machine."""
    if Path(model).is_dir():
        return Path(model) / "model_index.json"
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(model, "model_index.json", revision=revision))


@contextlib.contextmanager
def reading(setting: str, model: str, revision: str | None) -> Iterator[None]:
    """Turn what diffusers and transformers raise while they read a model into one sentence, without progress bars.

    Args:
        setting: What the user calls it, such as `editor.model`.
        model: Hub id or folder.
        revision: Commit on the hub.

    Raises:
        ModelError: It is neither a folder nor possibly a hub id, or it cannot be read.
    """
    from blip2idc.model.files.checkpoint import quiet

    is_folder = Path(model).is_dir()
    if not is_folder and (model.startswith((".", "/", "~")) or model.count("/") != 1):
        raise ModelError(f"{setting} '{model}': no such folder, and a hub id has the form owner/name")
    try:
        with quiet():
            yield
    except Blip2idcError:
        raise
    except Exception as error:  # libraries raise anything on files that are not what they expect
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        if is_folder:
            raise ModelError(
                f"{setting} '{model}': cannot be read ({reason}); expected a folder as on the hub, with safetensors"
            ) from error
        at = f" at revision {revision}" if revision else ""
        raise ModelError(
            f"{setting} '{model}': cannot be read from the hub{at} nor from its cache on this machine ({reason}); "
            "download it once with a connection, or give a folder"
        ) from error


@contextlib.contextmanager
def _without_advice() -> Iterator[None]:
    """Leave out the messages in `_NEEDLESS`; everything else is shown."""

    def wanted(record: logging.LogRecord) -> bool:
        return _NEEDLESS[record.name] not in record.getMessage()

    loggers = [logging.getLogger(name) for name in _NEEDLESS]
    for logger in loggers:
        logger.addFilter(wanted)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(wanted)
