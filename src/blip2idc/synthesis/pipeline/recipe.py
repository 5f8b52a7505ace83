"""What a synthesis run is told: the settings of `blip2idc synthesize instruct-pix2pix`, by `--config` and `--set`.

In: a YAML file and overrides (see `blip2idc.config.load_config`). Out: a checked `SynthesisConfig`. Its parts that
decide what is generated are kept with the data set; the thresholds of the filters are not among them, so that they can
be set anew.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from blip2idc.config import Range, Seed, check_ranges
from blip2idc.errors import ConfigError
from blip2idc.images.decoding.limits import MAX_PIXELS
from blip2idc.synthesis.editors.editor import EditorSettings
from blip2idc.synthesis.filters.clip import ClipSettings
from blip2idc.synthesis.filters.filters import Thresholds
from blip2idc.synthesis.language_models.language_model import LanguageModelSettings

Guidance = Annotated[float, Range(0, 1000)]


@dataclass(frozen=True)
class InstructionSettings:
    """Where instructions come from.

    Attributes:
        source: `templates` needs nothing; `records` takes the captions of the data set; `file` reads `file`;
            `language-model` asks `language_model`.
        per_image: Instructions an image, at most.
        file: TXT, JSONL, JSON or CSV of instructions.
        language_model: Which one to ask.
    """

    source: Literal["templates", "records", "file", "language-model"] = "templates"
    per_image: Annotated[int, Range(1, 10_000)] = 4
    file: Path | None = None
    language_model: LanguageModelSettings | None = None

    def __post_init__(self) -> None:
        check_ranges(self, "instructions.")


@dataclass(frozen=True)
class CandidateGrid:
    """The candidates of an instruction: every combination of guidance, each `repeats` times with another seed.

    Attributes:
        guidance: How strictly to follow the instruction; 7.5 is the default of InstructPix2Pix (arXiv 2211.09800).
        image_guidance: How strictly to keep the image; its authors advise 1.0 to 2.5 and draw it at random to get
            candidates of different strength.
        repeats: Candidates a combination.
    """

    guidance: tuple[Guidance, ...] = (7.5,)
    image_guidance: tuple[Guidance, ...] = (1.2, 1.5, 1.8)
    repeats: Annotated[int, Range(1, 10_000)] = 1

    def __post_init__(self) -> None:
        check_ranges(self, "candidates.")
        if not self.guidance or not self.image_guidance:
            raise ConfigError("candidates: guidance and image_guidance need at least one value each")

    def combinations(self, image_guided: bool) -> list[tuple[float, float | None]]:
        """(guidance, image guidance) of each candidate, in order; editors without image guidance have None for it."""
        images: tuple[float | None, ...] = self.image_guidance if image_guided else (None,)
        return [pair for pair in itertools.product(self.guidance, images) for _ in range(self.repeats)]


@dataclass(frozen=True)
class SynthesisConfig:
    """Settings of a synthesis run.

    Attributes:
        editor: What edits.
        instructions: What to edit.
        candidates: How many times, and how strictly.
        clip: What measures similarity; null for none, which leaves the filters the pixels alone.
        filters: What is accepted; may be changed afterwards with `--refilter`.
        batch_size: Images that go through the editor together.
        attempts: How often an edit that failed is tried.
        no_change_share: Share of the edits that change nothing: the image as the editor's own encoder and decoder leave
            it, with a caption that says so; at most one an image. Pairs that all show a change teach a model to see the
            editor's traces.
        count: Edits to try at most, spread over the images; null for all images with all their instructions.
        seed: Of the noise and of what is drawn.
        max_pixels: Larger images are left out.
    """

    editor: EditorSettings = field(default_factory=EditorSettings)
    instructions: InstructionSettings = field(default_factory=InstructionSettings)
    candidates: CandidateGrid = field(default_factory=CandidateGrid)
    clip: ClipSettings | None = field(default_factory=ClipSettings)
    filters: Thresholds = field(default_factory=Thresholds)
    batch_size: Annotated[int, Range(1, 4096)] = 4
    attempts: Annotated[int, Range(1, 1000)] = 3
    no_change_share: Annotated[float, Range(0, 1, below=True)] = 0.0
    count: Annotated[int, Range(1, 10**12)] | None = None
    seed: Seed = 0
    max_pixels: Annotated[int, Range(1, 2**40)] = MAX_PIXELS

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.no_change_share and not self.editor.spec.gives_back:
            raise ConfigError(
                f"no_change_share is {self.no_change_share} and the editor {self.editor.name!r} cannot give an image "
                "back unchanged; expected 0, or the editor instruct-pix2pix"
            )
