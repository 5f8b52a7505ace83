"""CLIP, by which the filters compare images and captions.

In: images and texts. Out: vectors of unit length in one space. `ClipSettings` is small and picklable and names
everything that decides the numbers; `load` makes the `ClipEmbedder`, on the machine and in the process that shall run
it. Only safetensors are read and no code of a repository is run.

Paper: Radford et al., ICML 2021, arXiv 2103.00020.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blip2idc.config import Range, check_ranges
from blip2idc.errors import ConfigError, ModelError
from blip2idc.runtime import DTYPES, choose_device, choose_dtype
from blip2idc.synthesis.editors.editor import reading

MODEL = "openai/clip-vit-large-patch14"
REVISION = "32bd64288804d66eefd0ccbe215aa642df71cc41"


@dataclass(frozen=True)
class ClipSettings:
    """Names a CLIP without loading it.

    Attributes:
        model: Hub id or folder of a `CLIPModel`; the default is the one whose thresholds arXiv 2211.09800 gives.
        revision: Commit on the hub; None for the pinned one of the default model, and for others the newest.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        dtype: `auto`, `float32`, `bfloat16`, `float16`.
        batch_size: Images, or texts, that go through it together.
    """

    model: str = MODEL
    revision: str | None = None
    device: str = "auto"
    dtype: str = "auto"
    batch_size: Annotated[int, Range(1, 65_536)] = 32

    def __post_init__(self) -> None:
        if not self.model:
            raise ConfigError("clip.model is empty; expected a hub id or a folder")
        if self.dtype not in ("auto", *DTYPES):
            raise ConfigError(f"clip.dtype is {self.dtype!r}; expected auto, {', '.join(DTYPES)}")
        check_ranges(self, "clip.")

    @property
    def pinned(self) -> str | None:
        """The commit that is loaded; None for a folder, and for a hub id that nobody pinned."""
        return self.revision or (REVISION if self.model == MODEL else None)

    def describe(self) -> dict[str, Any]:
        """What decides the numbers; device and batch size change them by rounding only."""
        return {"model": self.model, "revision": self.pinned, "dtype": self.dtype}

    def load(self) -> ClipEmbedder:
        """The embedder.

        Raises:
            ModelError: There is no such model, or it is no complete CLIP.
            ConfigError: The device is not there.
        """
        return ClipEmbedder(self)


class ClipEmbedder:
    """A loaded CLIP, an `Embedder`.

    Args:
        settings: Which one.

    Attributes:
        device: Where it runs, and why.
        dtype: Type of its weights, and why.
    """

    def __init__(self, settings: ClipSettings) -> None:
        import torch

        self._settings = settings
        self.device = choose_device(settings.device)
        self.dtype = choose_dtype(settings.dtype, self.device.value)
        with reading("clip.model", settings.model, settings.pinned):
            self._model, missing = _read_model(settings, getattr(torch, self.dtype.value))
            self._tokenizer, self._processor = _read_processors(settings)
        if missing:
            raise ModelError(
                f"clip.model '{settings.model}': {len(missing)} weights are missing from its files (first: "
                f"{sorted(missing)[0]}), so it would run with random numbers in their place; give a complete CLIPModel"
            )
        self._model.to(self.device.value).eval()

    def describe(self) -> dict[str, Any]:
        """What decides its numbers, in plain JSON values."""
        return self._settings.describe()

    def images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Vectors of images.

        Returns:
            `[N, D]` float32 of unit length.
        """
        import torch

        def vectors(batch: Sequence[Image.Image]) -> Any:
            pixels = self._processor([image.convert("RGB") for image in batch], return_tensors="pt")
            values = pixels["pixel_values"].to(self.device.value, getattr(torch, self.dtype.value))
            return self._model.get_image_features(pixel_values=values, return_dict=True)

        return self._in_batches(images, vectors)

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts, which are cut at CLIP's 77 tokens.

        Returns:
            `[N, D]` float32 of unit length.
        """
        longest = int(self._model.config.text_config.max_position_embeddings)

        def vectors(batch: Sequence[str]) -> Any:
            tokens = self._tokenizer(
                list(batch), padding=True, truncation=True, max_length=longest, return_tensors="pt"
            ).to(self.device.value)
            return self._model.get_text_features(
                input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"], return_dict=True
            )

        return self._in_batches(texts, vectors)

    def _in_batches(self, items: Sequence[Any], vectors: Any) -> NDArray[np.float32]:
        import torch

        size = self._settings.batch_size
        found = [np.zeros((0, int(self._model.config.projection_dim)), dtype=np.float32)]
        with torch.inference_mode():
            for start in range(0, len(items), size):
                output = vectors(items[start : start + size])
                # transformers 5 gives an object whose pooled output is projected, older ones the tensor
                pooled = (output if isinstance(output, torch.Tensor) else output.pooler_output).float()
                found.append(torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy())
        return np.concatenate(found)


def _read_model(settings: ClipSettings, dtype: Any) -> tuple[Any, Sequence[str]]:
    """The network, and the names of weights that its files lack."""
    import transformers

    kind: Any = transformers.CLIPModel
    model, report = kind.from_pretrained(
        settings.model,
        revision=settings.pinned,
        dtype=dtype,
        use_safetensors=True,
        output_loading_info=True,
    )
    return model, list(report["missing_keys"])


def _read_processors(settings: ClipSettings) -> tuple[Any, Any]:
    """Tokenizer, and image processor on Pillow: the same pixels whether torchvision is installed or not."""
    import transformers

    tokenizer: Any = transformers.CLIPTokenizer
    processor: Any = getattr(transformers, "CLIPImageProcessorPil", None) or transformers.CLIPImageProcessor
    return (
        tokenizer.from_pretrained(settings.model, revision=settings.pinned),
        processor.from_pretrained(settings.model, revision=settings.pinned),
    )
