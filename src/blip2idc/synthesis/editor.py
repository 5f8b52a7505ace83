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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from blip2idc.errors import ConfigError, MissingExtraError, ModelError
from blip2idc.runtime import DTYPES, Choice, choose_device, choose_dtype

#: Faults of an image that an editor made.
SAFETY_CHECKER, BLACK_IMAGE = "safety-checker", "black-image"


@dataclass(frozen=True, eq=False)
class EditRequest:
    """One image to edit.

    Attributes:
        image: RGB, of a size that `EditorSettings.target_size` gave.
        instruction: What to change.
        seed: Of the noise; an editor's result depends on nothing but the request and its settings.
        guidance: How strictly to follow the instruction (classifier-free guidance of the text).
        image_guidance: How strictly to keep the image; None for editors without it.
    """

    image: Image.Image
    instruction: str
    seed: int
    guidance: float
    image_guidance: float | None = None


@dataclass(frozen=True, eq=False)
class EditResult:
    """What an editor made.

    Attributes:
        image: RGB, of the size of the request's; None where it made none.
        fault: Why there is no image, as a short code such as `safety-checker`; None where there is one.
    """

    image: Image.Image | None
    fault: str | None = None


class Editor(Protocol):
    """Edits images."""

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        """One result for each request, in order; all images are of one size, all guidance values equal."""
        ...


@dataclass(frozen=True)
class EditorSpec:
    """What is known of a kind of editor without loading it.

    Attributes:
        pipeline: Name of its class in diffusers; None for the editor that needs no weights.
        model: Hub id of its weights.
        revision: Commit that this software was written against; None where nobody has checked one, so that the
            caller should pin it (`DiffusersEditor.commit` tells which one the hub gave).
        steps: Of denoising.
        size: Longest side in pixels that it was trained for.
        multiple: What width and height must be multiples of.
        guidance: Argument that takes the guidance of the text.
        image_guidance: Argument that takes the guidance of the image; None for none.
        batched: Whether one call takes many images with an instruction each. Elsewhere a list of images means many
            images for one instruction, or was never tried here; then each request is a call of its own.
        sized: Whether width and height are arguments.
        half: Type of the weights on a GPU; None for what `choose_dtype` takes.
        safety_checker: Whether it has one that can be left out.
        arguments: Further arguments of each call.
    """

    pipeline: str | None = None
    model: str | None = None
    revision: str | None = None
    steps: int = 1
    size: int = 512
    multiple: int = 1
    guidance: str = "guidance_scale"
    image_guidance: str | None = None
    batched: bool = False
    sized: bool = True
    half: str | None = None
    safety_checker: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)


_INSTRUCT_PIX2PIX = EditorSpec(
    pipeline="StableDiffusionInstructPix2PixPipeline",
    model="timbrooks/instruct-pix2pix",
    revision="31519b5cb02a7fd89b906d88731cd4d6a7bbf88d",
    steps=20,
    size=512,
    multiple=64,  # 8 pixels a latent, halved three times in the U-Net; the authors' script rounds to 64 too
    image_guidance="image_guidance_scale",
    batched=True,
    sized=False,
    # Its weights were published in float16 and its VAE does not overflow there; with three bits more than bfloat16
    # the 20 steps lose less, and every GPU computes in it.
    half="float16",
    safety_checker=True,
)

#: Every editor by its name. For those without a revision see `EditorSpec.revision`.
EDITORS: Mapping[str, EditorSpec] = {
    "instruct-pix2pix": _INSTRUCT_PIX2PIX,
    "instruct-pix2pix-xl": EditorSpec(
        pipeline="StableDiffusionXLInstructPix2PixPipeline",
        model="diffusers/sdxl-instructpix2pix-768",
        steps=30,
        size=768,
        multiple=32,
        image_guidance="image_guidance_scale",
        batched=True,
    ),
    "flux-kontext": EditorSpec(
        pipeline="FluxKontextPipeline",
        model="black-forest-labs/FLUX.1-Kontext-dev",
        steps=28,
        size=1024,
        multiple=16,
        # it would else bring the image to a size of its own choice, of another aspect than the result's
        arguments={"_auto_resize": False},
    ),
    "qwen-image-edit": EditorSpec(
        pipeline="QwenImageEditPipeline",
        model="Qwen/Qwen-Image-Edit",
        steps=50,
        size=1024,
        multiple=16,
        guidance="true_cfg_scale",
        arguments={"negative_prompt": " "},  # without one there is no guidance
    ),
    "qwen-image-edit-plus": EditorSpec(
        pipeline="QwenImageEditPlusPipeline",
        model="Qwen/Qwen-Image-Edit-2509",
        steps=40,
        size=1024,
        multiple=16,
        guidance="true_cfg_scale",
        arguments={"negative_prompt": " "},
    ),
    "edits": EditorSpec(),
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
    steps: int | None = None
    size: int | None = None
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
        if self.steps is not None and self.steps < 1:
            raise ConfigError(f"editor.steps is {self.steps}; expected at least 1, or null")
        if self.size is not None and self.size < max(8, self.spec.multiple):
            raise ConfigError(
                f"editor.size is {self.size}; expected at least {max(8, self.spec.multiple)}, or null"
            )
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
            from blip2idc.synthesis.deterministic import EditsEditor

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
        self._pipeline = _read_pipeline(kind, settings, self.dtype.value)
        self.commit = _commit_of(self._pipeline)
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
        if self._settings.spec.batched:
            return self._call(requests) if requests else []
        return [self._call([request])[0] for request in requests]

    def _call(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        import torch

        # numpy warns when it turns NaN into a pixel, which `_result` tells as a fault
        with torch.inference_mode(), np.errstate(invalid="ignore"):
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
    if max(high for _, high in image.getextrema()) == 0:  # what NaN becomes, as of float16 that overflows
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


def _read_pipeline(kind: Any, settings: EditorSettings, dtype: str) -> Any:
    import torch
    from diffusers.utils import deprecation_utils

    spec, model = settings.spec, str(settings.model or settings.spec.model)
    arguments: dict[str, Any] = {"revision": settings.pinned, "use_safetensors": True}
    # the argument was renamed; the older name warns in newer versions, the newer one is ignored by older ones
    arguments["dtype" if hasattr(deprecation_utils, "_resolve_dtype") else "torch_dtype"] = getattr(
        torch, dtype
    )
    if spec.safety_checker and not settings.safety_checker:
        arguments.update(safety_checker=None, requires_safety_checker=False)
    with _loading(settings), _without_advice():
        pipeline = kind.from_pretrained(model, **arguments)
    if spec.safety_checker and settings.safety_checker and pipeline.safety_checker is None:
        raise ModelError(
            f"editor.model '{model}': has no safety checker; set editor.safety_checker to false to do without"
        )
    return pipeline


def _commit_of(pipeline: Any) -> str | None:
    """The commit in the name of the hub's cache folder, `.../snapshots/{commit}`."""
    folder = Path(str(pipeline.config.get("_name_or_path", "")))
    return folder.name if folder.parent.name == "snapshots" else None


@contextlib.contextmanager
def _loading(settings: EditorSettings) -> Iterator[None]:
    """Turn what diffusers raises into one sentence, and keep its progress bars off the terminal."""
    from diffusers.utils import logging as diffusers_logging

    from blip2idc.model.checkpoint import ModelSource, loading

    name = str(settings.model or settings.spec.model)
    diffusers_logging.disable_progress_bar()
    with loading(ModelSource(name, name, settings.pinned)):
        yield


@contextlib.contextmanager
def _without_advice() -> Iterator[None]:
    """Leave out transformers' advice to install torchvision, which is not needed here; everything else is shown."""

    def wanted(record: logging.LogRecord) -> bool:
        return "requires torchvision" not in record.getMessage()

    logger = logging.getLogger("transformers.utils.import_utils")
    logger.addFilter(wanted)
    try:
        yield
    finally:
        logger.removeFilter(wanted)
