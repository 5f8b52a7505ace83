"""Which editors there are, and how their pipelines in diffusers are called; nothing is imported for that.

In: nothing. Out: `EDITORS`, by the names that `EditorSettings.name` takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
        gives_back: Whether it takes an empty instruction, see `EditRequest`: its VAE is a plain `AutoencoderKL`.
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
    gives_back: bool = False
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
    gives_back=True,
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
    "edits": EditorSpec(gives_back=True),
}
