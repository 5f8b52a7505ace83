"""Edit instructions: for each source image, what to change and how the change is described.

In: source images with what is known of them. Out: for each a list of `Instruction`s, and what was refused and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class SourceImage:
    """An image to be edited.

    Attributes:
        path: Its file.
        name: What a person calls it: its path relative to the folder or data set it comes from.
        digest: SHA-256 of the file's bytes, as hex.
        captions: What the image shows, where that is known.
        instructions: Edit instructions that came with it, as the captions of Emu Edit are; empty where none did.
    """

    path: Path
    name: str
    digest: str
    captions: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Instruction:
    """One edit to make.

    Attributes:
        text: What the editor is told: one imperative sentence.
        caption: What is said of the pair: the difference caption.
        before_caption: What the image shows before the edit; None where it is not known.
        after_caption: What it shows after it; None where it is not known.
        origin: `file`, `records`, `language-model` or `templates`.
    """

    text: str
    caption: str
    before_caption: str | None = None
    after_caption: str | None = None
    origin: str = "file"


@dataclass(frozen=True)
class Refusal:
    """An instruction that was not taken.

    Attributes:
        text: What it was, shortened.
        reason: A short code, such as `refusal`, `too-long`, `duplicate`.
    """

    text: str
    reason: str


@dataclass(frozen=True)
class Instructed:
    """What came of asking for the instructions of one source image.

    Attributes:
        instructions: Those that are good, at most as many as asked for.
        refused: Those that are not.
        fault: Why there are none, where the source of instructions failed; None where it did not.
    """

    instructions: tuple[Instruction, ...] = ()
    refused: tuple[Refusal, ...] = ()
    fault: str | None = None


class InstructionSource(Protocol):
    """Makes instructions for source images."""

    def describe(self) -> dict[str, Any]:
        """What decides its instructions, in plain JSON values."""
        ...

    def instruct(self, sources: Sequence[SourceImage], per_image: int, seed: int) -> list[Instructed]:
        """At most `per_image` instructions for each source, in order; depends on each source alone, not on its neighbours."""
        ...
